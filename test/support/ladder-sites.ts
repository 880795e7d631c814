// Sites that differ in rungs, people and channels, and random acts on them: what the property of the
// ladder and the messages is tried with. Knows nothing of the engine.

import fc from 'fast-check';
import type { Level, Plan, Site } from '../../src/core/types.ts';
import {
  active,
  calendar,
  contact,
  hours,
  makeSite,
  output,
  person,
  plan,
  rule,
  rung,
  telling,
} from './site.ts';

const steps: Plan['steps'] = [
  { id: 'tell', text: 'Tell customers', role: 'shift', within: 40_000, required: false },
  { id: 'check', text: 'Check', role: 'manager', within: 30_000, after: 'tell', required: false },
  { id: 'sound', text: 'Sound the alarm', required: false, automatic: 'on' },
];

const fire = plan('fire', {
  level: 'general',
  steps,
  notify: [
    rung('shift'),
    rung('control', { after: 60_000, unless: 'acknowledged' }),
    rung(['manager', 'nobody'], { after: 120_000, unless: 'acknowledged', hours: 'outside' }),
    rung('manager', { after: { workday: 90_000, holiday: 30_000, night: 45_000 }, unless: { step: 'tell' } }),
    rung('boss', { level: 'urgent' }),
    rung('boss', { after: 180_000, unless: 'returned' }),
    rung('boss', { after: 400_000, unless: 'acknowledged' }),
  ],
  rises: [
    { level: 'major', after: 70_000, unless: 'acknowledged' },
    { level: 'urgent', after: 150_000, unless: 'returned' },
  ],
});
const theft = plan('theft', {
  level: 'urgent',
  silent: true,
  notify: [
    rung('nobody'),
    rung('control', { hours: 'outside' }),
    rung('shift', { after: 300_000, unless: 'acknowledged' }),
    rung('manager', { after: 30_000 }),
  ],
});
const power = plan('power', {
  closing: 'itself',
  category: 'supervisory',
  notify: [
    rung(['shift', 'manager']),
    rung('control', { after: 20_000, unless: 'returned', hours: 'working' }),
    rung('boss', { after: 90_000, unless: 'acknowledged' }),
  ],
});

const ann = person('ann', { roles: ['shift'] });
const bob = person('bob', { roles: ['control'], channels: ['sms'] });
const cai = person('cai', {
  roles: ['manager'],
  channels: ['app', 'mail', 'sms'],
  duty: [hours('09:00', '18:00')],
  deputy: 'dan',
});
const dan = person('dan', { roles: ['boss'], channels: ['mail'] });

const whole = makeSite({
  points: [contact('io.a'), contact('io.b'), contact('io.c')],
  plans: [fire, theft, power],
  rules: [
    rule('a', active('io.a'), { outputs: { siren: true } }),
    rule('b', active('io.b'), { level: 'major' }),
    rule('c', active('io.c'), { plan: 'power', forMs: 2000 }),
  ],
  outputs: [
    output('siren'),
    output('lamp', { tells: { category: 'alarm', level: 'general', until: 'closed' } }),
  ],
  zones: [{ id: 'hall', name: 'Hall' }],
  calendar: calendar({ holidays: ['2026-11-23'] }),
  telling: telling([ann, bob, cai, dan], { mqtt: true }),
});

/** The first is in force at the beginning; ids of points, plans and rules are the same in all. */
export const sites: readonly Site[] = [
  whole,
  {
    ...whole,
    plans: [
      {
        ...fire,
        notify: [
          rung('control', { after: 60_000, unless: 'acknowledged' }),
          rung('shift', { after: 10_000, unless: 'acknowledged' }),
          rung('boss', { after: 200_000, unless: 'returned' }),
        ],
        rises: [{ level: 'urgent', after: 100_000 }],
        steps: steps.slice(1),
      },
      { ...theft, notify: [rung('boss'), ...theft.notify!] },
      { ...power, notify: power.notify!.slice(1) },
    ],
    telling: telling([{ ...ann, channels: ['mail'] }, bob], { mqtt: false }),
  },
  { ...whole, telling: telling([cai, { ...dan, channels: ['app', 'mail'] }], { mqtt: true }) },
  {
    ...whole,
    plans: [fire, { ...theft, notify: [] }, power],
    telling: { mqtt: true, channels: [], people: [] },
  },
  {
    ...whole,
    telling: { mqtt: true, channels: [], people: [ann, bob, cai].map((one) => ({ ...one, channels: [] })) },
  },
];

export type Act =
  | { readonly act: 'raise'; readonly plan: string; readonly hall: boolean }
  | { readonly act: 'read'; readonly point: string; readonly value: boolean }
  | { readonly act: 'readBack'; readonly value: boolean }
  | { readonly act: 'verb'; readonly verb: 'ack' | 'unshelve' | 'reset' | 'close'; readonly which: number }
  /** acknowledged, reset and closed */
  | { readonly act: 'finish'; readonly which: number }
  | { readonly act: 'silence' }
  | { readonly act: 'shelve'; readonly which: number; readonly seconds: number }
  | { readonly act: 'level'; readonly which: number; readonly level: Level }
  | { readonly act: 'step'; readonly which: number; readonly step: string }
  | { readonly act: 'drill'; readonly plan: string; readonly outputs: boolean; readonly channels: boolean }
  | { readonly act: 'endDrill' }
  | { readonly act: 'reload'; readonly site: number }
  | { readonly act: 'restart'; readonly downMs: number }
  | {
      readonly act: 'deliver';
      readonly which: number;
      readonly outcome: 'delivered' | 'failed' | 'refused';
    }
  | { readonly act: 'clock'; readonly wallMs: number };

export interface Timed {
  readonly gapMs: number;
  readonly what: Act;
}

const which = fc.nat(30);
const plans = fc.constantFrom('fire', 'theft', 'power');
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('raise' as const), plan: plans, hall: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      act: fc.constant('read' as const),
      point: fc.constantFrom('io.a', 'io.b', 'io.c'),
      value: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('readBack' as const), value: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      act: fc.constant('verb' as const),
      verb: fc.constantFrom(
        'ack' as const,
        'ack' as const,
        'unshelve' as const,
        'reset' as const,
        'close' as const,
      ),
      which,
    }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constant('finish' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ act: 'silence' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('shelve' as const),
      which,
      seconds: fc.constantFrom(5, 60, 600),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('level' as const),
      which,
      level: fc.constantFrom<Level>('general', 'major', 'urgent'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('step' as const),
      which,
      step: fc.constantFrom('tell', 'check'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('drill' as const),
      plan: plans,
      outputs: fc.boolean(),
      channels: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ act: 'endDrill' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('reload' as const), site: fc.nat(sites.length - 1) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('restart' as const),
      downMs: fc.constantFrom(0, 1000, 70_000, 3_600_000),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      act: fc.constant('deliver' as const),
      which,
      outcome: fc.constantFrom(
        'delivered' as const,
        'delivered' as const,
        'failed' as const,
        'refused' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('clock' as const),
      // a day off at night, a workday, years ahead, a lost battery, as it was
      wallMs: fc.constantFrom(
        1_795_390_000_000,
        1_795_490_000_000,
        1_900_000_000_000,
        5000,
        1_795_309_200_000,
      ),
    }),
  },
);

export const timelines: fc.Arbitrary<readonly Timed[]> = fc.array(
  fc.record({
    gapMs: fc.constantFrom(0, 0, 400, 1000, 1000, 2000, 5000, 16_000, 61_000, 130_000, 1_000_000),
    what: act,
  }),
  { minLength: 4, maxLength: 40 },
);
