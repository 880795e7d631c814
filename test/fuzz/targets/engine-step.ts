// The engine with any well-typed inputs in any order: it never throws, every command is answered, events are numbered
// without a gap, and the facts that it gives, packed and read again, replay to the same state.

import { createState, replay, step, wakeAt } from '../../../src/core/engine.ts';
import { compile } from '../../../src/core/model.ts';
import type { Durable } from '../../../src/core/state.ts';
import type { Command, Fact, Input, Raw, Site } from '../../../src/core/types.ts';
import { packFact, unpackFact } from '../../../src/store/journal.ts';
import { remembered } from '../../support/scenario.ts';
import {
  calendar,
  contact,
  hours,
  makeSite,
  measure,
  output,
  person,
  plan,
  rule,
  rung,
  telling,
} from '../../support/site.ts';
import { type Random, randomOf, seedOf } from '../random.ts';
import { must, mustEqual, outline, type Target } from '../target.ts';

const steps = [
  { id: 'call', text: 'Call', role: 'guard', required: true, within: 60_000, call: '119' },
  {
    id: 'vent',
    text: 'Vent',
    required: false,
    automatic: 'on',
    after: 'call',
    within: { workday: 5000, night: 9000 },
  },
] as const;

const site: Site = makeSite({
  points: [
    contact('panel.smoke', { zone: 'hall', kind: 'smoke', debounceMs: 100 }),
    contact('panel.heat', { zone: 'hall', invert: true }),
    measure('meter.v', {
      scale: 0.1,
      min: -10,
      max: 500,
      alarmBelow: 20,
      clearAbove: 30,
      staleAfterMs: 5000,
    }),
    contact('ups.state', { type: 'string' }),
    contact('wires.zone1', {
      loop: { normal: [4, 8], alarm: [12, 16], short: [20, 22], hysteresis: 0.5 },
      exerciseWithinMs: 86_400_000,
    }),
  ],
  rules: [
    rule(
      'smoke',
      { active: 'panel.smoke' },
      { zone: 'hall', outputs: { siren: true, vent: true }, latch: true },
    ),
    rule('two', 'atLeast(2, [panel.smoke, panel.heat, wires.zone1])', {
      forMs: 500,
      holdMs: 1000,
      level: 'urgent',
      zone: 'hall',
    }),
    rule(
      'low',
      { active: 'meter.v' },
      { plan: 'power', suppress: { cel: 'ups.state == "TEST"' }, outputs: { vent: false } },
    ),
  ],
  plans: [
    plan('fire', {
      steps,
      notify: [
        rung('guard', { after: 0 }),
        rung(['manager', 'nobody'], { after: 30_000, unless: 'acknowledged' }),
        rung('guard', { after: 60_000, hours: 'outside', level: 'urgent' }),
      ],
      rises: [{ level: 'urgent', after: 90_000, unless: 'acknowledged' }],
      keeps: [{ id: 'video', text: 'Video', forMs: 86_400_000 }],
      closingRequires: ['cause', 'remedy'],
      drillEveryMs: 86_400_000,
    }),
    plan('power', { closing: 'itself', category: 'supervisory', silent: true }),
  ],
  outputs: [
    output('siren', {
      silenceable: true,
      maxOnMs: 180_000,
      tells: { category: 'alarm', level: 'major', until: 'acknowledged' },
    }),
    output('vent', { normal: 'keep', device: 'board' }),
    output('bell', { chirp: true }),
  ],
  interlocks: [{ id: 'i1', output: 'vent', never: true, while: { cel: 'meter.v > 300.0' } }],
  calendar: calendar({ holidays: ['2026-11-23'] }),
  telling: telling(
    [
      person('guard', { deputy: 'manager', duty: [hours('08:00', '20:00', 'workday')] }),
      person('manager', { language: 'zh' }),
    ],
    { mqtt: true },
  ),
  numbers: { fire: '119' },
  duties: {
    remindBeforeMs: 86_400_000,
    articles: [
      { id: 'ext', name: 'Extinguisher', checkEveryMs: 86_400_000, expires: '2026-11-24', role: 'guard' },
    ],
    drillBefore: [{ date: '2026-11-25', name: 'Day', withinMs: 86_400_000 }],
    contactsEveryMs: 86_400_000,
    contactsCheckedOn: '2026-11-01',
  },
});
/** the same premises after somebody has changed the file */
const other: Site = makeSite({
  ...site,
  points: site.points.slice(0, 3),
  rules: site.rules.slice(0, 1),
  interlocks: [],
  outputs: site.outputs.slice(0, 2),
});
const models = [compile(site), compile(other)] as const;

const verbs = [
  'raise',
  'ack',
  'silence',
  'reset',
  'close',
  'step',
  'note',
  'level',
  'shelve',
  'unshelve',
  'evidence',
  'disable',
  'enable',
  'output',
  'drill',
  'walktest',
  'readiness',
  'contacts',
  'toString',
  '',
];
const fields = [
  'incident',
  'plan',
  'zone',
  'point',
  'device',
  'step',
  'note',
  'level',
  'verdict',
  'cause',
  'remedy',
  'losses',
  'output',
  'value',
  'for',
  'until',
  'reason',
  'evidence',
  'place',
  'finder',
  'name',
  'phone',
  'article',
  'action',
  'outputs',
  'channels',
  'all',
  'undone',
  'amount',
  'expires',
  'end',
  'id',
  'target',
  'what',
  'of',
];
const words = [
  'i1',
  'i2',
  'i1_abcd1234',
  'fire',
  'power',
  'gateway-trouble',
  'walk-test',
  'hall',
  'panel',
  'panel.smoke',
  'meter.v',
  'siren',
  'vent',
  'call',
  'video',
  'ext',
  'line1',
  'real',
  'false',
  'urgent',
  'on',
  'off',
  'auto',
  'start',
  'stop',
  'end',
  '10m',
  '1ms',
  '366d',
  '9999999999d',
  '',
  ' ',
  'x'.repeat(2001),
  '__proto__',
  'constructor',
  '火',
  '2026-11-30',
  'guard',
];
const numbers = [
  0,
  1,
  -1,
  0.5,
  -0,
  8,
  14,
  21,
  250,
  1e15,
  1e308,
  -1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 31,
  65535,
];
const checks = ['storage', 'broker', 'clock', 'channel_sms', 'config', 'x'];

function anything(random: Random, depth = 2): unknown {
  switch (random.below(depth === 0 ? 5 : 7)) {
    case 0:
      return null;
    case 1:
      return random.once(2);
    case 2:
      return random.pick(numbers.filter(Number.isFinite));
    case 5:
      return Array.from({ length: random.below(4) }, () => anything(random, depth - 1));
    case 6:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.pick(fields), anything(random, depth - 1)]),
      );
    default:
      return random.pick(words);
  }
}

function rawOf(random: Random): Raw {
  return random.pick<() => Raw>([
    () => null,
    () => random.once(2),
    () => random.pick(numbers),
    () => random.pick(words),
    () => String(random.pick(numbers)),
  ])();
}

const someOf = <T>(random: Random, make: () => T): T[] => Array.from({ length: random.below(5) }, make);

/** One input; the byte chooses its kind, chance the rest. */
function inputOf(
  kind: number,
  random: Random,
  at: Input['at'],
  incidents: readonly string[],
  messages: readonly string[],
): Input {
  const known = <T extends string>(...of: T[]): string =>
    random.once(6) ? random.pick(words) : random.pick(of);
  switch (kind % 12) {
    case 0:
    case 1:
    case 2:
      return {
        type: 'reading',
        at,
        values: someOf(random, () => [known(...site.points.map(({ id }) => id)), rawOf(random)] as const),
      };
    case 3: {
      const of = random.pick(['bus', 'device'] as const);
      return {
        type: 'link',
        at,
        of,
        id: of === 'bus' ? known('line1', 'header') : known('panel', 'meter', 'ups', 'board'),
        up: random.once(2),
        because: 'x',
      };
    }
    case 4:
      return {
        type: 'output',
        at,
        output: known('siren', 'vent', 'bell'),
        actual: random.pick([true, false, null]),
        ...(random.once(3) && { fault: 'no answer' }),
      };
    case 5:
      return { type: 'health', at, check: random.pick(checks), ok: random.once(2), because: 'y' };
    case 6:
      return {
        type: 'delivery',
        at,
        message: random.once(6) || messages.length === 0 ? random.pick(words) : random.pick(messages),
        outcome: random.pick(['delivered', 'failed', 'refused'] as const),
        ...(random.once(2) && { because: 'z' }),
      };
    case 7:
      return { type: 'tick', at };
    case 8:
      return random.once(4) ? { type: 'started', at, because: 'start' } : { type: 'tick', at };
    default: {
      const more = Object.fromEntries(someOf(random, () => [random.pick(fields), anything(random)] as const));
      const incident = incidents.length > 0 && !random.once(4) ? { incident: random.pick(incidents) } : {};
      const command = {
        ...more,
        ...incident,
        id: `c${at.steadyMs}`,
        verb: random.pick(verbs),
        by: random.pick(['wang', 'li']),
        origin: random.pick(['mqtt', 'cli', 'sms'] as const),
      };
      return { type: 'command', at, command: command as Command };
    }
  }
}

export const engineStep: Target = {
  name: 'engine-step',
  what: 'well-typed inputs of any kind in any order: no error, a reply to each command, events without a gap, facts that replay',
  seeds: [
    Uint8Array.from({ length: 24 }, (_, at) => at),
    Uint8Array.of(8, 0, 0, 1, 9, 9, 9, 7, 7, 7),
    Uint8Array.of(8, 0, 3, 7, 3, 7, 4, 5, 6, 6, 6, 9, 10, 11),
    Uint8Array.from({ length: 60 }, (_, at) => (at * 7) % 12),
  ],
  largestBytes: 60,
  slowestMs: 1000,
  executions: 50_000,
  run(bytes) {
    const random = randomOf(seedOf(bytes));
    let model: (typeof models)[number] = models[0];
    const state = createState(model, 'abcd1234');
    const snapshot = JSON.stringify(state.durable);
    const facts: Fact[] = [];
    const seen: unknown[] = [];
    let [steadyMs, wallMs, lastSeq] = [0, Date.UTC(2026, 10, 22), 0];
    for (const byte of bytes) {
      const passedMs = random.pick([0, 1, 100, 600, 5000, 31_000, 3_600_000, 40 * 86_400_000]);
      steadyMs += passedMs;
      wallMs += random.once(20) ? random.pick([-86_400_000, 86_400_000, -wallMs]) : passedMs;
      const at = { steadyMs, wallMs, clock: random.pick(['synced', 'unsynced'] as const) };
      const incidents = Object.keys(state.durable.incidents);
      const messages = Object.keys(state.durable.messages ?? {});
      let input = inputOf(byte, random, at, incidents, messages);
      if (byte >= 250) {
        const next = model === models[0] ? models[1] : models[0];
        model = next;
        input = { type: 'reloaded', at, site: model === models[0] ? 'one' : 'two' };
      }
      const effects = step(state, input, model);
      for (const { seq, because } of effects.events) {
        must(seq === lastSeq + 1, () => `event ${seq} after ${lastSeq}`);
        must(because !== undefined, 'an event without a reason');
        lastSeq = seq;
      }
      if (input.type === 'command') {
        const { reply } = effects;
        must(reply !== undefined && reply.id === input.command.id, 'a command without its reply');
        must(
          reply.code !== '' && typeof reply.message === 'string' && reply.message !== '',
          'a reply without words',
        );
        must(
          !reply.ok || effects.fact !== undefined || !(effects.events.length > 0),
          'events without a fact',
        );
        seen.push([input.command.verb, reply.code]);
      } else seen.push(input.type);
      must(effects.events.length === 0 || effects.fact !== undefined, 'events without a fact');
      if (effects.fact) facts.push(effects.fact);
      const dueMs = wakeAt(state);
      must(dueMs === undefined || !Number.isNaN(dueMs), () => `wakes at ${dueMs}`);
    }
    // as the journal has them
    const again = createState(models[0], 'abcd1234', JSON.parse(snapshot) as Durable);
    let current: (typeof models)[number] = models[0];
    for (const fact of facts.map((each) => unpackFact(packFact(each)))) {
      if (fact.input.type === 'reloaded') current = fact.input.site === 'one' ? models[0] : models[1];
      replay(again, fact, current);
    }
    mustEqual(remembered(again.durable), remembered(state.durable), 'replayed');
    return outline([
      facts.length,
      Object.values(state.durable.incidents).map(({ plan: of, state: is }) => [of, is]),
      seen,
    ]);
  },
};
