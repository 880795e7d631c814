// What the daemon can know: which values came over the lines whole, since when they are the same, and what is certain
// of a rule's condition by that. Where two views are possible it says nothing. Works from the wire and the site alone,
// never from what the daemon made of it.

import type { Site } from '../../src/core/types.ts';
import type { Exchange } from './lines.ts';
import { meaningOf, type Sensor, type Truth } from './premises.ts';

/** What a condition certainly is; undefined where the wire leaves it open. */
export type Kleene = boolean | undefined;

interface Heard {
  value: Truth | null;
  sinceMs: number;
  lastMs: number;
}

/** What lives longer than what is certain: a question that was lost does not end a wait. */
interface Stood {
  value: Truth | null;
  sinceMs: number;
  nullMs: number;
}

export interface Conditions {
  readonly when: (of: (point: string) => Truth | undefined) => Kleene;
  readonly until?: (of: (point: string) => Truth | undefined) => Kleene;
  readonly suppress?: (of: (point: string) => Truth | undefined) => Kleene;
  readonly points: readonly string[];
}

export interface Standing {
  when: Kleene;
  whenSinceMs: number;
  until: Kleene;
  untilSinceMs: number;
}

export interface Hearing {
  /** A new run of the daemon has heard nothing. */
  forget(): void;
  took(exchange: Exchange): void;
  lineLost(path: string): void;
  /** what a point certainly is to the daemon */
  certain(point: string): Truth | undefined;
  /** since when no other value of a point came; undefined where none did in this run, or since its line was lost */
  stoodSinceMs(point: string): number | undefined;
  /** when a point was last answered without a value */
  lastNullMs(point: string): number;
  /** since when a device or line gave no good answer, though it was asked; undefined: it does */
  deafSinceMs(device: string): number | undefined;
  /** since when each answer of a device came whole */
  clearSinceMs(device: string): number | undefined;
  /** when it last failed */
  lastFailureMs(device: string): number;
  standing(rule: string): Standing | undefined;
  conditions: ReadonlyMap<string, Conditions>;
  /** Another site is in force. */
  use(site: Site): void;
  /** Judges all rules anew, or those of a device. */
  look(device?: string): void;
}

/** processing, ticks and the like: what should be so is so by then */
export const slackMs = 2000;

export function createHearing(now: () => number, sensors: readonly Sensor[]): Hearing {
  const heard = new Map<string, Heard>();
  const stood = new Map<string, Stood>();
  const deaf = new Map<string, number>();
  const clear = new Map<string, number>();
  const failed = new Map<string, number>();
  const standings = new Map<string, Standing>();
  let conditions = new Map<string, Conditions>();
  let site: Site | undefined;
  const byPoint = new Map<string, { debounceMs: number; staleAfterMs: number }>();
  const at = new Map<string, Sensor[]>();
  for (const sensor of sensors) {
    const key = `${sensor.line} ${sensor.unit}`;
    at.set(key, [...(at.get(key) ?? []), sensor]);
  }

  const certain = (point: string): Truth | undefined => {
    const of = heard.get(point);
    const limits = byPoint.get(point);
    if (of === undefined || of.value === null || limits === undefined) return undefined;
    if (now() - of.sinceMs < limits.debounceMs + slackMs) return undefined;
    if (limits.staleAfterMs > 0 && now() - of.lastMs > limits.staleAfterMs - slackMs) return undefined;
    return of.value;
  };

  const set = (rule: string, when: Kleene, until: Kleene): void => {
    const before = standings.get(rule);
    if (before === undefined) {
      standings.set(rule, { when, whenSinceMs: now(), until, untilSinceMs: now() });
      return;
    }
    if (before.when !== when) {
      before.when = when;
      before.whenSinceMs = now();
    }
    if (before.until !== until) {
      before.until = until;
      before.untilSinceMs = now();
    }
  };

  const judge = (rule: string, { when, until, suppress }: Conditions): void => {
    const suppressed = suppress?.(certain);
    const holds = when(certain);
    const opens =
      suppress === undefined || suppressed === false ? holds : holds === false ? false : undefined;
    const ends = until === undefined ? (holds === undefined ? undefined : !holds) : until(certain);
    set(rule, opens, ends);
  };

  const hearing: Hearing = {
    get conditions() {
      return conditions;
    },
    forget() {
      heard.clear();
      stood.clear();
      deaf.clear();
      clear.clear();
      standings.clear();
    },
    took({ line, unit, code, start, cells, outcome }) {
      const here = at.get(`${line} ${unit}`) ?? [];
      const device = here[0]?.device;
      if (device === undefined) return;
      if (outcome === 'lost') {
        if (!deaf.has(device)) deaf.set(device, now());
        clear.delete(device);
        failed.set(device, now());
        // it may soon count as down, with all of its points unknown
        for (const { id } of here) heard.delete(id);
      } else {
        deaf.delete(device);
        if (!clear.has(device)) clear.set(device, now());
        for (const sensor of here) {
          if ((code === 2) !== (sensor.table === 'discrete') || (code !== 2 && code !== 4)) continue;
          const value = outcome === 'refused' ? null : meaningOf(sensor, start, cells);
          if (value === undefined) continue;
          hear(sensor.id, value);
        }
      }
      hearing.look(device);
    },
    lineLost(path) {
      for (const sensor of sensors) {
        if (sensor.line !== path) continue;
        heard.delete(sensor.id);
        stood.delete(sensor.id);
        // whether it answers is asked anew once the line is back
        deaf.delete(sensor.device);
        clear.delete(sensor.device);
        failed.set(sensor.device, now());
      }
      hearing.look();
    },
    certain,
    stoodSinceMs: (point) => stood.get(point)?.sinceMs,
    lastNullMs: (point) => stood.get(point)?.nullMs ?? Number.NEGATIVE_INFINITY,
    deafSinceMs: (device) => deaf.get(device),
    clearSinceMs: (device) => clear.get(device),
    lastFailureMs: (device) => failed.get(device) ?? Number.NEGATIVE_INFINITY,
    standing: (rule) => standings.get(rule),
    use(next) {
      site = next;
      byPoint.clear();
      standings.clear();
      for (const { id, debounceMs = 0, staleAfterMs = 0 } of site.points) {
        byPoint.set(id, { debounceMs, staleAfterMs });
        // a point that is another one now is heard anew
        heard.delete(id);
      }
      conditions = conditionsOf(site);
    },
    look(device) {
      for (const [rule, each] of conditions) {
        if (device === undefined || each.points.some((point) => point.startsWith(`${device}.`)))
          judge(rule, each);
      }
    },
  };

  function hear(point: string, value: Truth | null): void {
    const known = stood.get(point);
    const nullMs = value === null ? now() : (known?.nullMs ?? Number.NEGATIVE_INFINITY);
    stood.set(point, { value, sinceMs: known?.value === value ? known.sinceMs : now(), nullMs });
    const before = heard.get(point);
    const staleAfterMs = byPoint.get(point)?.staleAfterMs ?? 0;
    const wasStale =
      before !== undefined && staleAfterMs > 0 && now() - before.lastMs > staleAfterMs - slackMs;
    if (before === undefined || before.value !== value || wasStale)
      heard.set(point, { value, sinceMs: now(), lastMs: now() });
    else before.lastMs = now();
  }
  return hearing;
}

const not = (one: Kleene): Kleene => (one === undefined ? undefined : !one);
const or = (...all: Kleene[]): Kleene =>
  all.some((one) => one === true) ? true : all.every((one) => one === false) ? false : undefined;
const and = (...all: Kleene[]): Kleene => not(or(...all.map(not)));
type Of = (point: string) => Truth | undefined;
const on = (of: Of, point: string): Kleene => of(point) as boolean | undefined;
/** both sides of a limit with a little between, where rounding might decide */
const above = (of: Of, point: string, limit: number): Kleene => {
  const value = of(point) as number | undefined;
  return value === undefined || Math.abs(value - limit) < 0.05 ? undefined : value > limit;
};

/** The rules of the site file once more, by hand; those that kinds bring, from what they are. */
const written: Readonly<Record<string, Conditions>> = {
  fire_confirmed: {
    points: ['inputs.smoke', 'heat.temperature'],
    when: (of) => and(on(of, 'inputs.smoke'), above(of, 'heat.temperature', 57)),
  },
  panel_fire: { points: ['panel.fire'], when: (of) => on(of, 'panel.fire') },
  hall_vote: {
    points: ['hall_smoke.one', 'hall_smoke.two', 'hall_smoke.three'],
    when(of) {
      const all = ['one', 'two', 'three'].map((id) => on(of, `hall_smoke.${id}`));
      const count = (what: Kleene): number => all.filter((one) => one === what).length;
      return count(true) >= 2 ? true : count(false) >= 2 ? false : undefined;
    },
  },
  gas_leak: {
    points: ['gas.alarm', 'gas.ppm'],
    when: (of) => or(on(of, 'gas.alarm'), above(of, 'gas.ppm', 2500)),
    until: (of) => and(not(on(of, 'gas.alarm')), not(above(of, 'gas.ppm', 1500))),
  },
  freezer_warm: {
    points: ['freezer.temperature', 'freezer.defrost'],
    when: (of) => above(of, 'freezer.temperature', -10),
    suppress: (of) => on(of, 'freezer.defrost'),
  },
  door_open: { points: ['freezer.door'], when: (of) => on(of, 'freezer.door') },
};

function conditionsOf(site: Site): Map<string, Conditions> {
  const found = new Map<string, Conditions>();
  const points = new Map(site.points.map((point) => [point.id, point]));
  for (const { id } of site.rules) {
    const byHand = written[id];
    if (byHand) {
      found.set(id, byHand);
      continue;
    }
    const name = id.replace(/^default_/, '');
    const point = [...points.values()].find((each) => each.id.replace('.', '_') === name);
    if (point === undefined) throw new Error(`the simulation does not know what the rule ${id} means`);
    const { alarmAbove, clearBelow, alarmBelow, clearAbove } = point;
    found.set(id, {
      points: [point.id],
      when(of) {
        const value = of(point.id);
        if (typeof value !== 'number') return value;
        if (alarmAbove !== undefined && value > alarmAbove) return true;
        if (alarmBelow !== undefined && value < alarmBelow) return true;
        // between the two limits it stays what it was, which the wire does not tell
        if (alarmAbove !== undefined && value >= (clearBelow ?? alarmAbove)) return undefined;
        if (alarmBelow !== undefined && value <= (clearAbove ?? alarmBelow)) return undefined;
        return false;
      },
    });
  }
  return found;
}
