// Incidents of the naive engine: one list of all that ever were, searched anew for every question.

import type { Level, Plan, Site } from '../../src/core/types.ts';

/** An event as it is compared: type, plan, zone and subject. */
export type Told = string;

interface NaiveSignal {
  readonly rule: string;
  readonly point: string | undefined;
  active: boolean;
  latched: boolean;
}

export class NaiveIncident {
  readonly number: number;
  readonly about: string;
  readonly plan: Plan;
  readonly zone: string | undefined;
  readonly subject: string | undefined;
  readonly signals: NaiveSignal[] = [];
  level: Level;
  acknowledged = false;
  silenced = false;
  closed = false;

  constructor(
    number: number,
    about: string,
    plan: Plan,
    zone: string | undefined,
    subject: string | undefined,
    level: Level,
  ) {
    this.number = number;
    this.about = about;
    this.plan = plan;
    this.zone = zone;
    this.subject = subject;
    this.level = level;
  }

  isActive(): boolean {
    return this.signals.some((signal) => signal.active);
  }
}

interface Raised {
  readonly about: string;
  readonly plan: Plan;
  readonly zone: string | undefined;
  readonly level: Level;
  readonly rule: string;
  readonly subject?: string | undefined;
  readonly point?: string | undefined;
}

const order: readonly Level[] = ['general', 'major', 'urgent'];

export class NaiveIncidents {
  readonly #all: NaiveIncident[] = [];
  #told: Told[] = [];

  constructor(site: Site) {
    if (!site.plans.some((plan) => plan.id === 'gateway-trouble'))
      throw new Error('the oracle wants the plan of troubles spelled out');
  }

  tell(what: Told): void {
    this.#told.push(what);
  }

  tellOf(type: string, incident: NaiveIncident): void {
    this.tell(
      [type, incident.plan.id, incident.zone, incident.subject]
        .filter((part) => part !== undefined)
        .join(' '),
    );
  }

  takeTold(): readonly Told[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  open(number: number): NaiveIncident | undefined {
    return this.#all.find((one) => one.number === number && !one.closed);
  }

  /** `i3_abcd` is number 3. */
  byId(id: string): NaiveIncident | undefined {
    return this.open(Number(/^i(\d+)_/.exec(id)?.[1]));
  }

  raise(raised: Raised): number {
    const open = this.#all.find((one) => one.about === raised.about && !one.closed);
    if (!open) {
      const made = new NaiveIncident(
        this.#all.length + 1,
        raised.about,
        raised.plan,
        raised.zone,
        raised.subject,
        raised.level,
      );
      made.signals.push({ rule: raised.rule, point: raised.point, active: true, latched: false });
      this.#all.push(made);
      this.tellOf('incident.opened', made);
      return made.number;
    }
    const known = open.signals.find((signal) => signal.rule === raised.rule && signal.point === raised.point);
    if (known?.active && !known.latched) return open.number;
    if (!open.isActive()) open.acknowledged = false;
    if (known) Object.assign(known, { active: true, latched: false });
    else open.signals.push({ rule: raised.rule, point: raised.point, active: true, latched: false });
    open.silenced = false;
    this.tellOf('incident.signal', open);
    if (order.indexOf(raised.level) > order.indexOf(open.level)) {
      open.level = raised.level;
      this.tellOf('incident.escalated', open);
    }
    return open.number;
  }

  latch(number: number, rule: string): void {
    for (const signal of this.open(number)?.signals ?? []) if (signal.rule === rule) signal.latched = true;
  }

  end(number: number, matches: (signal: NaiveSignal) => boolean): void {
    const incident = this.open(number);
    if (!incident?.isActive()) return;
    for (const signal of incident.signals)
      if (matches(signal)) Object.assign(signal, { active: false, latched: false });
    if (incident.isActive()) return;
    this.tellOf('incident.returned', incident);
    if (incident.plan.closing === 'itself') this.#close(incident);
  }

  isStanding(about: string, rule: string, point?: string): boolean {
    const open = this.#all.find((one) => one.about === about && !one.closed);
    return (
      open?.signals.some((signal) => signal.active && signal.rule === rule && signal.point === point) ?? false
    );
  }

  endTrouble(about: string, rule: string, point?: string): void {
    if (!this.isStanding(about, rule, point)) return;
    const open = this.#all.find((one) => one.about === about && !one.closed)!;
    this.end(open.number, (signal) => signal.rule === rule && signal.point === point);
  }

  acknowledge(incident: NaiveIncident): boolean {
    if (!incident.acknowledged) {
      incident.acknowledged = true;
      this.tellOf('incident.acknowledged', incident);
    }
    return true;
  }

  silence(incident: NaiveIncident): boolean {
    if (!incident.silenced) {
      incident.silenced = true;
      this.tellOf('incident.note', incident);
    }
    return true;
  }

  silenceAll(): boolean {
    for (const incident of this.#all) if (!incident.closed) this.silence(incident);
    return true;
  }

  closeByPerson(incident: NaiveIncident): boolean {
    if (!incident.acknowledged || incident.isActive()) return false;
    this.#close(incident);
    return true;
  }

  /** All open ones, as they are compared. */
  described(): string[] {
    return this.#all
      .filter((one) => !one.closed)
      .map((one) => {
        const state = !one.isActive() ? 'returned' : one.acknowledged ? 'acknowledged' : 'unacknowledged';
        const signals = one.signals.map((signal) => `${signal.rule}${signal.active ? '+' : '-'}`);
        return [
          ...[
            `i${one.number}`,
            one.plan.id,
            one.zone ?? '-',
            one.subject ?? '-',
            state,
            one.isActive(),
            one.acknowledged,
          ],
          ...[one.silenced, one.level, ...signals],
        ].join(' ');
      });
  }

  #close(incident: NaiveIncident): void {
    incident.closed = true;
    this.tellOf('incident.closed', incident);
  }
}
