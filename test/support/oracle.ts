// The naive engine that the real one is compared with: plain lists, every rule and every point looked at anew
// at every instant, all deadlines found by looking through everything. Slow and simple on purpose; shares no
// code with the engine, only its types. Knows what the property tests generate, not what people may type.

import type { Input, Level, Output, Plan, Rule, Site, Value } from '../../src/core/types.ts';
import {
  type NaiveCondition,
  type NaiveRuleSource,
  type NaiveSite,
  pointsOf,
  truthOfTree,
} from './expression.ts';
import { NaiveIncidents, type Told } from './oracle-incidents.ts';
import { NaivePoint } from './oracle-points.ts';

interface NaiveRule {
  readonly rule: Rule;
  readonly source: NaiveRuleSource;
  phase: 'idle' | 'waiting' | 'active' | 'latched';
  /** when it last left `idle`, as a running number */
  order: number;
  sinceMs: number;
  clearingSinceMs?: number | undefined;
  /** its deadline has come and found it unknown */
  rang: boolean;
  incident: number;
}

interface NaiveOutput {
  readonly output: Output;
  desired: boolean | 'keep' | undefined;
  expired: boolean;
  maxOnDueMs?: number | undefined;
  override?: { readonly value: boolean; readonly untilMs: number } | undefined;
}

/** What is compared, after every input. */
export interface Comparable {
  readonly points: readonly (readonly [string, Value | null, string])[];
  readonly open: readonly string[];
  readonly outputs: readonly (readonly [string, boolean | 'keep'])[];
}

const weightOf: Readonly<Record<Level, number>> = { general: 0, major: 1, urgent: 2 };
const badAfterMs = 3000;
const answerWithinMs = 30_000;
const rereadWithinMs = 15_000;

export class Oracle {
  readonly #site: Site;
  readonly #points: NaivePoint[];
  readonly #rules: NaiveRule[];
  readonly #outputs: NaiveOutput[];
  readonly #incidents: NaiveIncidents;
  #downBuses = new Set<string>();
  #downDevices = new Set<string>();
  /** devices whose bus is back and that have not been heard of since, until when they are waited for */
  #awaited = new Map<string, number>();
  /** devices that are back with this input */
  #returned = new Set<string>();
  #orders = 0;
  #nowMs = 0;

  constructor({ site, conditions }: NaiveSite) {
    this.#site = site;
    this.#points = site.points.map((point) => new NaivePoint(point));
    this.#rules = site.rules.map((rule) => ({
      rule,
      source: conditions.get(rule.id)!,
      phase: 'idle',
      order: 0,
      sinceMs: 0,
      rang: false,
      incident: 0,
    }));
    this.#outputs = site.outputs.map((output) => ({ output, desired: undefined, expired: false }));
    this.#incidents = new NaiveIncidents(site);
  }

  /** Takes one input; gives back what would be told, and whether a command was granted. */
  take(input: Input): { readonly told: readonly Told[]; readonly granted: boolean } {
    this.#nowMs = Math.max(this.#nowMs, input.at.steadyMs);
    let granted = true;
    switch (input.type) {
      case 'reading':
        this.#believe(
          input.values.flatMap(
            ([id, raw]) => this.#points.find((one) => one.id === id)?.read(raw, this.#nowMs) ?? [],
          ),
        );
        break;
      case 'tick':
        this.#believe(this.#settled());
        for (
          let due = this.#nextDeadline();
          due !== undefined && due.atMs <= this.#nowMs;
          due = this.#nextDeadline()
        )
          due.ring();
        break;
      case 'link':
        this.#link(input.of, input.id, input.up);
        break;
      case 'started':
        for (const point of this.#points) point.forgetAll();
        this.#incidents.tell('gateway.started');
        break;
      case 'command':
        granted = this.#command(input.command);
        break;
    }
    this.#judgeAll();
    this.#returned.clear();
    for (const rule of this.#rules) this.#look(rule);
    this.#settleOutputs();
    return { told: this.#incidents.takeTold(), granted };
  }

  /** The next moment at which time alone changes anything. */
  deadline(): number | undefined {
    const times = this.#points.flatMap((point) => point.deadlines());
    const next = this.#nextDeadline();
    if (next) times.push(next.atMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  comparable(): Comparable {
    return {
      points: this.#points.map((point) => [point.id, point.value, point.quality] as const),
      open: this.#incidents.described(),
      outputs: this.#outputs.map((one) => [one.output.id, this.#wanted(one)] as const),
    };
  }

  // ---- points ---------------------------------------------------------------------------------------

  /** Debounces that have stood, in the order in which they began; then what has gone stale. */
  #settled(): NaivePoint[] {
    const waiting = this.#points
      .filter((point) => point.waiting)
      .sort((a, b) => a.waiting!.order - b.waiting!.order);
    const changed = waiting.filter((point) => point.settle(this.#nowMs));
    return [...changed, ...this.#points.filter((point) => point.age(this.#nowMs))];
  }

  #believe(changed: readonly NaivePoint[]): void {
    for (const point of changed) this.#judgePoint(point);
    for (const point of changed) {
      for (const rule of this.#rules) if (namedBy(rule).includes(point.id)) this.#look(rule);
    }
  }

  // ---- rules ----------------------------------------------------------------------------------------

  #truth(condition: NaiveCondition): boolean | undefined {
    if ('op' in condition)
      return truthOfTree(condition, (id) => this.#points.find((point) => point.id === id)!.value);
    return this.#points.find((point) => point.id === condition.active)!.isActive();
  }

  #look(one: NaiveRule): void {
    const { rule, source } = one;
    const on = this.#truth(source.when);
    const off = source.until === undefined ? (on === undefined ? undefined : !on) : this.#truth(source.until);
    const barred = source.until !== undefined && off === true;
    if (one.phase === 'idle' || one.phase === 'waiting') {
      if (on === true && !barred) {
        if (one.phase === 'idle') {
          Object.assign(one, { phase: 'waiting', sinceMs: this.#nowMs, rang: false });
          this.#orders += 1;
          one.order = this.#orders;
        }
        if (this.#nowMs >= one.sinceMs + rule.forMs) this.#activate(one);
      } else if (on === false || barred) one.phase = 'idle';
    } else if (one.phase === 'latched') {
      if (on === true && !barred) this.#activate(one);
    } else if (off !== true) {
      one.clearingSinceMs = undefined;
    } else {
      if (one.clearingSinceMs === undefined)
        Object.assign(one, { clearingSinceMs: this.#nowMs, rang: false });
      if (this.#nowMs >= one.clearingSinceMs! + rule.holdMs) this.#clear(one);
    }
  }

  #activate(one: NaiveRule): void {
    for (const [id, value] of Object.entries(one.rule.outputs)) {
      const output = this.#outputs.find((found) => found.output.id === id)!;
      output.expired = false;
      if (value && output.maxOnDueMs !== undefined) output.maxOnDueMs = this.#nowMs + output.output.maxOnMs!;
    }
    const plan = this.#planOf(one.rule.plan);
    one.incident = this.#incidents.raise({
      about: `${plan.id}|${one.rule.zone ?? ''}`,
      plan,
      zone: one.rule.zone,
      level: one.rule.level ?? plan.level,
      rule: one.rule.id,
    });
    Object.assign(one, { phase: 'active', clearingSinceMs: undefined });
  }

  #clear(one: NaiveRule): void {
    one.clearingSinceMs = undefined;
    if (one.rule.latch) {
      one.phase = 'latched';
      this.#incidents.latch(one.incident, one.rule.id);
    } else {
      one.phase = 'idle';
      this.#incidents.end(one.incident, (signal) => signal.rule === one.rule.id);
    }
  }

  // ---- deadlines ------------------------------------------------------------------------------------

  #nextDeadline(): { readonly atMs: number; readonly name: string; ring(): void } | undefined {
    const all: { atMs: number; name: string; ring(): void }[] = [];
    for (const rule of this.#rules) {
      const ring = (): void => {
        rule.rang = true;
        this.#look(rule);
      };
      if (rule.rang) continue;
      if (rule.phase === 'waiting')
        all.push({ atMs: rule.sinceMs + rule.rule.forMs, name: `for:${rule.rule.id}`, ring });
      if (rule.phase === 'active' && rule.clearingSinceMs !== undefined) {
        all.push({ atMs: rule.clearingSinceMs + rule.rule.holdMs, name: `hold:${rule.rule.id}`, ring });
      }
    }
    for (const point of this.#points) {
      if (point.troubleAtMs === undefined) continue;
      all.push({
        atMs: point.troubleAtMs,
        name: `bad:${point.id}`,
        ring: () => this.#raiseBad(point),
      });
    }
    for (const [id, atMs] of this.#awaited)
      all.push({ atMs, name: `answer:${id}`, ring: () => void this.#awaited.delete(id) });
    for (const one of this.#outputs) {
      const { id } = one.output;
      if (one.override)
        all.push({
          atMs: one.override.untilMs,
          name: `override:${id}`,
          ring: () => Object.assign(one, { override: undefined }),
        });
      const ring = (): void => {
        Object.assign(one, { maxOnDueMs: undefined, expired: true, override: undefined });
      };
      if (one.maxOnDueMs !== undefined) all.push({ atMs: one.maxOnDueMs, name: `maxOn:${id}`, ring });
    }
    return all.sort((a, b) => a.atMs - b.atMs || (a.name < b.name ? -1 : 1))[0];
  }

  // ---- outputs --------------------------------------------------------------------------------------

  #wanted({ output, expired, override }: NaiveOutput): boolean | 'keep' {
    if (override) return override.value;
    let best: { readonly weight: number; readonly value: boolean } | undefined;
    const demanding = this.#rules
      .filter((one) => one.phase === 'active' || one.phase === 'latched')
      .sort((a, b) => a.order - b.order);
    for (const { rule, incident: number } of demanding) {
      const value = rule.outputs[output.id];
      const incident = this.#incidents.open(number);
      if (value === undefined || !incident) continue;
      if (output.silenceable && (incident.silenced || incident.plan.silent)) continue;
      if (expired && value !== output.normal) continue;
      const weight =
        { alarm: 6, supervisory: 3, trouble: 0 }[incident.plan.category] + weightOf[incident.level];
      if (!best || weight > best.weight || (weight === best.weight && value !== output.normal))
        best = { weight, value };
    }
    return best?.value ?? output.normal;
  }

  #settleOutputs(): void {
    for (const one of this.#outputs) {
      const value = this.#wanted(one);
      if (value === one.desired) continue;
      const first = one.desired === undefined && value === one.output.normal;
      one.desired = value;
      one.maxOnDueMs =
        value === true && one.output.normal !== true && one.output.maxOnMs !== undefined
          ? this.#nowMs + one.output.maxOnMs
          : undefined;
      if (!first) this.#incidents.tell(`output.changed ${one.output.id} ${value}`);
    }
  }

  // ---- troubles -------------------------------------------------------------------------------------

  #link(of: 'bus' | 'device', id: string, up: boolean): void {
    const down = of === 'bus' ? this.#downBuses : this.#downDevices;
    const devices = this.#site.devices.filter((device) =>
      of === 'bus' ? device.bus === id : device.id === id,
    );
    if (!up) {
      this.#believe(
        this.#points.filter((point) => devices.some((device) => device.id === point.device) && point.lose()),
      );
    }
    const awaited = of === 'device' && this.#awaited.delete(id);
    if (of === 'device' && up && (awaited || down.has(id))) this.#returned.add(id);
    if (up !== down.has(id)) return;
    if (of === 'bus')
      for (const device of devices)
        if (up) this.#awaited.set(device.id, this.#nowMs + answerWithinMs);
        else this.#awaited.delete(device.id);
    if (up) down.delete(id);
    else down.add(id);
    if (of === 'bus') for (const device of devices) this.#downDevices.delete(device.id);
  }

  #judgeAll(): void {
    for (const bus of this.#site.buses) {
      const devices = this.#site.devices.filter((device) => device.bus === bus.id);
      const lost = this.#downBuses.has(bus.id);
      const silent =
        !lost && devices.length > 1 && devices.every((device) => this.#downDevices.has(device.id));
      this.#trouble(lost, 'bus_lost', `bus:${bus.id}`);
      this.#trouble(silent, 'bus_silent', `bus:${bus.id}`);
      for (const device of devices) {
        const on = this.#downDevices.has(device.id) && !lost && !silent;
        this.#trouble(on, 'device_lost', `device:${device.id}`, device.zone);
        for (const point of this.#points) if (point.device === device.id) this.#judgePoint(point);
      }
    }
  }

  #judgePoint(point: NaivePoint): void {
    const bus = this.#site.devices.find((device) => device.id === point.device)!.bus;
    const reachable = !this.#downDevices.has(point.device) && !this.#downBuses.has(bus);
    const standing = this.#incidents.isStanding(`device:${point.device}`, 'point_bad', point.id);
    const suffers =
      reachable && !this.#awaited.has(point.device) && point.quality !== 'good' && !point.isUnheard();
    if (suffers) {
      if (standing) return;
      const atMs = (ms: number): number => this.#nowMs + ms + (point.point.debounceMs ?? 0);
      point.troubleAtMs ??= atMs(badAfterMs);
      if (point.quality === 'bad') point.troubleAtMs = Math.min(point.troubleAtMs, atMs(badAfterMs));
      else if (this.#returned.has(point.device)) point.troubleAtMs = atMs(rereadWithinMs);
      return;
    }
    point.troubleAtMs = undefined;
    if (!reachable || !point.isUnheard())
      this.#incidents.endTrouble(`device:${point.device}`, 'point_bad', point.id);
  }

  #raiseBad(point: NaivePoint): void {
    point.troubleAtMs = undefined;
    const zone = point.point.zone ?? this.#site.devices.find((device) => device.id === point.device)!.zone;
    this.#trouble(true, 'point_bad', `device:${point.device}`, zone, point.id);
  }

  #trouble(on: boolean, rule: string, subject: string, zone?: string, point?: string): void {
    if (!on) this.#incidents.endTrouble(subject, rule, point);
    else
      this.#incidents.raise({
        about: subject,
        plan: this.#planOf('gateway-trouble'),
        zone,
        level: 'general',
        rule,
        subject,
        point,
      });
  }

  #planOf(id: string): Plan {
    return this.#site.plans.find((plan) => plan.id === id)!;
  }

  // ---- people ---------------------------------------------------------------------------------------

  #command(command: Readonly<Record<string, unknown>>): boolean {
    if (command.verb === 'output') {
      const one = this.#outputs.find((found) => found.output.id === command.output);
      if (!one) return false;
      const forMs = Number.parseInt(String(command.for), 10);
      one.override =
        command.value === 'auto'
          ? undefined
          : { value: command.value === true, untilMs: this.#nowMs + forMs };
      return true;
    }
    if (command.verb === 'silence' && command.incident === undefined) return this.#incidents.silenceAll();
    const incident = this.#incidents.byId(String(command.incident));
    if (!incident) return false;
    switch (command.verb) {
      case 'ack':
        return this.#incidents.acknowledge(incident);
      case 'silence':
        return this.#incidents.silence(incident);
      case 'close':
        return this.#incidents.closeByPerson(incident);
      case 'reset': {
        const mine = this.#rules.filter((one) => one.phase === 'latched' && one.incident === incident.number);
        if (mine.length === 0) return !incident.isActive();
        const sure = mine.filter((one) => this.#truth(one.source.when) !== undefined);
        if (sure.length === 0) return false;
        this.#incidents.tellOf('incident.note', incident);
        for (const one of sure.sort((a, b) => a.order - b.order)) {
          one.phase = 'idle';
          this.#incidents.end(incident.number, (signal) => signal.rule === one.rule.id);
        }
        return true;
      }
    }
    return false;
  }
}

function namedBy({ source }: NaiveRule): string[] {
  return [source.when, source.until].flatMap((condition) =>
    condition === undefined ? [] : 'op' in condition ? pointsOf(condition) : [condition.active],
  );
}
