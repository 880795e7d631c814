// Small turns for the store's tests: told apart by one number, and whole in every field.

import type { Event, Fact, Incident, Reply, Site } from '../../src/core/types.ts';
import type { Turn } from '../../src/store/types.ts';

export const emptyTurn: Turn = { facts: [], events: [], incidents: [], replies: [] };
const wallOf = (number: number): number => Date.UTC(2026, 10, 22) + number * 1000;

export function fact(number: number): Fact {
  const at = { steadyMs: number * 1000 + 0.125, wallMs: wallOf(number), clock: 'synced' } as const;
  return {
    input: { type: 'points', at },
    changes: [['inputs.smoke_atrium', number % 2 === 0, 'good']],
    live: number % 3 === 0 ? [['heat.atrium', 21.5, 'good']] : [],
  };
}

export function incident(number: number, fields: Partial<Incident> = {}): Incident {
  return {
    id: `incident-${number}`,
    plan: 'fire',
    category: 'alarm',
    level: 'urgent',
    zone: 'atrium',
    state: 'unacknowledged',
    active: true,
    acknowledged: false,
    silenced: false,
    openedAt: new Date(wallOf(number)).toISOString(),
    title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
    cause: { rule: 'atrium_confirmed', point: 'inputs.smoke_atrium', value: true },
    signals: [],
    signalCount: 0,
    steps: [],
    drill: false,
    ...fields,
  } as Incident;
}

export function event(seq: number, of?: Incident): Event {
  return {
    v: 1,
    premises: 'store_0042',
    epoch: 'abcdefgh',
    seq,
    id: `abcdefgh-${seq}`,
    type: of === undefined ? 'gateway.started' : 'incident.opened',
    at: new Date(wallOf(seq)).toISOString(),
    clock: 'synced',
    replayed: false,
    drill: false,
    because: 'inputs.smoke_atrium active',
    ...(of !== undefined && { incident: of }),
  };
}

export const reply = (id: string, message = 'done'): Reply => ({ id, ok: true, code: 'ok', message });

/** One fact, one event and one incident, all of the same number. */
export function turn(number: number, more: Partial<Turn> = {}): Turn {
  const opened = incident(number);
  return {
    facts: [fact(number)],
    events: [event(number, opened)],
    incidents: [opened],
    replies: [],
    ...more,
  };
}

export function site(premises: string): Site {
  return {
    premises,
    language: 'zh',
    zones: [{ id: 'atrium', name: { zh: '中庭', en: 'Atrium' } }],
    buses: [],
    devices: [],
    points: [],
    rules: [],
    plans: [],
    outputs: [],
  };
}
