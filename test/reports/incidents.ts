// Incidents made by hand for the tests of reports: one with every part that there is, a drill that went badly, and
// as many small ones as a month can hold.

import type { Event, EventType, Incident } from '../../src/core/types.ts';
import type { Names, Premises } from '../../src/reports/types.ts';

export const premises: Premises = {
  id: 'store_0042',
  name: { zh: '人民路店', en: 'Renmin Road' },
  timezone: 'Asia/Shanghai',
};

export const names: Names = {
  plans: { fire: { zh: '火灾', en: 'Fire' } },
  zones: { atrium: { zh: '中庭', en: 'Atrium' } },
  people: { wang_fang: { zh: '王芳', en: 'Wang Fang' }, li_qiang: { zh: '李强', en: 'Li Qiang' } },
  points: { 'inputs.smoke_atrium': { zh: '中庭烟感', en: 'Smoke detector, atrium' } },
};

export const madeAt = '2026-11-30T12:00:00.000Z';
const openedMs = Date.parse('2026-11-22T01:02:03.000Z');

/** So many seconds after the opening of the fire; it opened at 09:02:03 on site. */
export const after = (seconds: number): string => new Date(openedMs + seconds * 1000).toISOString();

/** An incident with nothing in it but what all have. */
export function bare(id: string, fields: Partial<Incident> = {}): Incident {
  return {
    id,
    plan: 'fire',
    category: 'alarm',
    level: 'urgent',
    state: 'unacknowledged',
    active: true,
    acknowledged: false,
    silenced: false,
    openedAt: after(0),
    title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' },
    cause: { rule: 'atrium', point: 'inputs.smoke_atrium', value: true },
    signals: [],
    signalCount: 1,
    steps: [],
    drill: false,
    ...fields,
  };
}

/** A real fire, closed, with every part. */
export function fire(fields: Partial<Incident> = {}): Incident {
  return bare('i3_abcd', {
    zone: 'atrium',
    state: 'closed',
    active: false,
    acknowledged: true,
    place: '中庭二层扶梯口',
    finder: { name: '赵敏', phone: '138 0000 0002' },
    activation: 1,
    activatedAt: after(0),
    signals: [
      {
        rule: 'atrium',
        point: 'inputs.smoke_atrium',
        value: true,
        because: 'inputs.smoke_atrium active',
        at: after(0),
        active: false,
        count: 2,
      },
      {
        rule: 'heat',
        point: 'heat.atrium',
        value: 61.5,
        because: 'heat.atrium = 61.5 > 57',
        at: after(40),
        active: false,
        count: 1,
      },
    ],
    signalCount: 2,
    steps: [
      {
        id: 'call_brigade',
        text: { zh: '拨打 119 报警', en: 'Call the fire brigade' },
        role: 'control_room',
        required: true,
        call: '119',
        doneBy: 'lina',
        doneAt: after(90),
        dueAt: after(120),
        note: '接警员 07',
      },
      {
        id: 'evacuate',
        text: { zh: '疏散顾客', en: 'Evacuate customers' },
        role: 'security_captain',
        required: true,
        doneBy: 'wang',
        doneAt: after(420),
        dueAt: after(300),
        overdueAt: after(300),
      },
      { id: 'count_heads', text: { zh: '清点人数', en: 'Count heads' }, role: 'shift_lead', required: false },
    ],
    told: [
      {
        number: 1,
        activation: 1,
        kind: 'rung',
        rung: 'control_room/0',
        roles: ['control_room'],
        at: after(0),
        atMs: 0,
        because: 'at once',
        afterMs: 0,
        skipped: false,
        to: ['wang_fang'],
        deliveries: [
          {
            message: 'm1',
            channel: 'wecom',
            person: 'wang_fang',
            state: 'failed',
            at: after(1),
            endedAt: after(3),
            because: 'HTTP 500',
          },
          {
            message: 'm2',
            channel: 'sms',
            person: 'wang_fang',
            state: 'delivered',
            at: after(3),
            endedAt: after(12),
          },
          { message: 'm3', channel: 'mqtt', role: 'control_room', state: 'delivered', at: after(0) },
        ],
      },
      {
        number: 2,
        activation: 1,
        kind: 'rung',
        rung: 'store_manager/300000/acknowledged',
        roles: ['store_manager'],
        at: after(60),
        atMs: 60_000,
        because: 'acknowledged by lina',
        afterMs: 300_000,
        unless: 'acknowledged',
        skipped: true,
        to: [],
        deliveries: [],
      },
      {
        number: 3,
        activation: 1,
        kind: 'overdue',
        rung: 'evacuate',
        roles: ['security_captain'],
        at: after(300),
        atMs: 300_000,
        because: 'step evacuate is not done in its time',
        skipped: false,
        to: ['li_qiang'],
        nobody: ['supply'],
        deliveries: [
          {
            message: 'm4',
            channel: 'sms',
            person: 'li_qiang',
            state: 'failed',
            at: after(301),
            endedAt: after(310),
            because: 'no network',
          },
        ],
      },
    ],
    evidence: [
      {
        id: 'video',
        text: { zh: '监控录像', en: 'Video' },
        keepMs: 30 * 86_400_000,
        keepUntil: after(33 * 86_400),
        by: 'lina',
        at: after(3000),
        note: '硬盘 3',
      },
      { id: 'logs', text: { zh: '主机记录', en: 'Panel log' }, keepMs: 86_400_000 },
    ],
    acknowledgedBy: 'lina',
    acknowledgedAt: after(60),
    returnedAt: after(1800),
    closedBy: 'zhao',
    closedAt: after(7200),
    verdict: 'real',
    closingCause: '插座过热',
    remedy: '切断电源，更换插座',
    losses: '地毯 2 平方米',
    ...fields,
  });
}

/** A drill of it that has ended: acknowledged too late, one step late, one missed, nobody for a role. */
export function drill(fields: Partial<Incident> = {}): Incident {
  const real = fire();
  return {
    ...real,
    id: 'i4_abcd',
    drill: true,
    allow: { outputs: false, channels: true },
    verdict: 'test',
    acknowledgedAt: after(400),
    steps: [
      real.steps[0]!,
      real.steps[1]!,
      { ...real.steps[2]!, required: true, dueAt: after(600), overdueAt: after(600) },
    ],
    told: [
      real.told![0]!,
      { ...real.told![1]!, skipped: false, at: after(300), because: 'not acknowledged after 5 min' },
      real.told![2]!,
    ],
    closedAt: after(1200),
    ...fields,
  };
}

export function event(seq: number, type: EventType, seconds: number, more: Partial<Event> = {}): Event {
  return {
    v: 1,
    premises: premises.id,
    epoch: 'abcd1234',
    seq,
    id: `e${seq}`,
    type,
    at: after(seconds),
    clock: 'synced',
    replayed: false,
    drill: false,
    because: '',
    ...more,
  };
}

export const fireEvents: readonly Event[] = [
  event(1, 'incident.opened', 0, { because: 'inputs.smoke_atrium active', clock: 'unsynced' }),
  event(2, 'incident.signal', 40, { because: 'heat.atrium = 61.5 > 57' }),
  event(3, 'incident.acknowledged', 60, { because: 'acknowledged', by: 'lina', note: '马上到' }),
  event(4, 'incident.step', 90, { because: 'step call_brigade done', by: 'lina', step: 'call_brigade' }),
  event(5, 'incident.returned', 1800, { because: 'all signals are at rest' }),
  event(6, 'incident.closed', 7200, { because: 'closed', by: 'zhao' }),
];

/** Texts that try to be markup, cells, lines, formulas, or to turn the reading round. */
export const hostile =
  '=HYPERLINK("http://x.example","a")|<script>\n# **b** `c` \u202etxt.exe [d](e) &amp; \u0007';

/** A month's worth of incidents: `count` of them, spread over November at the premises. */
export function* many(count: number): Generator<Incident> {
  const fromMs = Date.parse('2026-10-31T16:00:00.000Z');
  const everyMs = (30 * 86_400_000) / count;
  for (let number = 0; number < count; number += 1) {
    const at = (seconds: number): string =>
      new Date(Math.floor(fromMs + number * everyMs) + seconds * 1000).toISOString();
    const real = fire();
    yield {
      ...real,
      id: `i${number}_abcd`,
      plan: number % 3 === 0 ? 'fire' : 'gas-leak',
      category: number % 10 === 9 ? 'trouble' : 'alarm',
      openedAt: at(0),
      acknowledgedAt: at(1 + (number % 100)),
      returnedAt: at(200),
      closedAt: at(300),
      verdict: number % 4 === 0 ? 'false' : 'real',
      cause: { rule: 'r', point: `inputs.p${number % 50}`, value: true },
    };
  }
}
