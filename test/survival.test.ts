// An engine that throws in the middle of a step, on a real store: plans of the site throw when they are looked at. The
// loop must go on with a whole state, what is not at fault must be done, what is must be seen, and nothing may spin.

import { beforeEach, describe, expect, test } from 'vitest';
import { becauseIn } from '../src/core/because-words.ts';
import { compile, type Model } from '../src/core/model.ts';
import type { Event, Plan, Site } from '../src/core/types.ts';
import { createLoop } from '../src/loop.ts';
import { rebuildState, recall } from '../src/recall.ts';
import { siteHash } from '../src/store/site.ts';
import { StoreFault } from '../src/store/types.ts';
import { temporaryFolder } from './store/support.ts';
import { virtualClock } from './support/clock.ts';
import { active, contact, makeSite, measure, output, plan, rule, zone } from './support/site.ts';

const names = ['north', 'south', 'east', 'west'] as const;
const module64 = Array.from({ length: 64 }, (_, at) => `module${at}`);
const site: Site = makeSite({
  zones: [...names.map((name) => zone(name)), zone('module')],
  devices: [{ id: 'inputs', bus: 'lan' }],
  buses: [{ id: 'lan' }],
  points: [
    ...names.map((name) => contact(`inputs.${name}`, { zone: name })),
    ...module64.map((name) => contact(`inputs.${name}`)),
    contact('inputs.bounce', { debounceMs: 500 }),
    contact('inputs.slow', { debounceMs: 500, staleAfterMs: 5000 }),
    measure('inputs.level'),
  ],
  outputs: [output('siren')],
  plans: [plan('fire'), plan('bad'), plan('gateway-trouble', { category: 'trouble', closing: 'itself' })],
  rules: [
    ...names.map((name) =>
      rule(`fire_${name}`, active(`inputs.${name}`), {
        zone: name,
        plan: name === 'south' ? 'bad' : 'fire',
        forMs: name === 'west' ? 3000 : 0,
        outputs: { siren: true },
      }),
    ),
    rule('late', active('inputs.north'), { plan: 'bad', forMs: 3000 }),
    ...module64.map((name) => rule(name, active(`inputs.${name}`), { plan: 'bad', zone: 'module' })),
    rule('bounce', active('inputs.bounce'), { plan: 'bad' }),
    rule('slow', active('inputs.slow'), { plan: 'fire' }),
  ],
});

let folder: string;
/** where the plan `bad` throws: before its incident is there, or when all of it is and its events are written */
let poisoned: 'keeps' | 'notify' | undefined;
let failing = false;
let throws = 0;
let rebuilding = false;
beforeEach(() => {
  folder = temporaryFolder();
  poisoned = undefined;
  failing = false;
  throws = 0;
});

function poison(model: Model): Model {
  const bad = model.plans.get('bad') as Plan;
  for (const key of ['keeps', 'notify'] as const)
    Object.defineProperty(bad, key, {
      configurable: true,
      get() {
        // a fact that went well once goes well again
        if (poisoned !== key || rebuilding) return undefined;
        throws += 1;
        throw new Error('a plan that throws');
      },
    });
  return model;
}

function begin() {
  const clock = virtualClock();
  const said: { code?: string; input?: string; leftOut?: string }[] = [];
  const note = (fields: object): void => void said.push(fields);
  const log = { debug() {}, info() {}, warn: note, error: note };
  const model = poison(compile(site));
  const recalled = recall({ folder }, site, model, {
    clock,
    log,
    warn() {},
    diskFault(operation) {
      if (failing && operation === 'commit') throw new StoreFault('io', 'the disk fails', 'replace it');
    },
  });
  const { store, state, baseMs } = recalled;
  const published: Event[] = [];
  const points = new Set<string>();
  const driven: boolean[] = [];
  const ended: Error[] = [];
  let rebuilds = 0;
  let lost: 'all' | 'facts' | undefined;
  const loop = createLoop({
    clock,
    store,
    model: recalled.inForce,
    state,
    baseMs,
    log,
    rebuild(unstored, inForce) {
      rebuilds += 1;
      if (lost === 'facts') return rebuildState(store, unstored, inForce, log);
      if (lost) throw new Error('nothing can be read');
      rebuilding = true;
      try {
        return rebuildState(store, unstored, inForce, log);
      } finally {
        rebuilding = false;
      }
    },
    end: (error) => void ended.push(error),
    outlets: {
      drive: (desired) => void driven.push(desired.get('siren') === true),
      publish(events, changed) {
        published.push(...events);
        for (const id of changed) points.add(id);
      },
      tell() {},
    },
  });
  loop.push({ type: 'started', because: 'a start', run: 'aaaa' });
  if (recalled.fresh) loop.reload(recalled.inForce, siteHash(site));
  const read = (...values: [string, boolean | number][]): void =>
    loop.push({ type: 'reading', values: values.map(([name, value]) => [`inputs.${name}`, value]) });
  const open = () =>
    Object.values(loop.state.durable.incidents).map(({ plan: of, zone: where }) =>
      `${of} ${where ?? ''}`.trim(),
    );
  return {
    clock,
    store,
    loop,
    read,
    open,
    said,
    published,
    points,
    driven,
    ended,
    rebuilds: () => rebuilds,
    lose: (what: 'all' | 'facts') => {
      lost = what;
    },
    failures: () => said.filter(({ code }) => code === 'STEP_FAILED'),
  };
}

/** What a restart makes of the disk is what the loop had in memory. */
function expectSameAfterRestart(of: ReturnType<typeof begin>): void {
  of.loop.stop('stopped');
  of.store.close();
  const { durable } = of.loop.state;
  poisoned = undefined;
  const again = recall({ folder }, site, poison(compile(site)), {
    clock: virtualClock(),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    warn() {},
  });
  expect(again.lost).toEqual([]);
  expect(JSON.parse(JSON.stringify(again.state.durable))).toEqual(JSON.parse(JSON.stringify(durable)));
  const seqs = again.store.events({ from: 1, limit: 1000 }).map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.map((_, at) => at + 1));
  for (const stored of again.store.incidents({ open: true, limit: 100 }))
    expect(stored).toEqual(JSON.parse(JSON.stringify(durable.incidents[stored.id])));
  again.store.close();
}

const command = (id: string, fields: object = {}) => ({
  id,
  verb: 'raise',
  by: 'li',
  origin: 'mqtt' as const,
  plan: 'bad',
  ...fields,
});

describe.each(['keeps', 'notify'] as const)('a reading at which the engine throws (%s)', (where) => {
  test('is left out, the rest of it counts, and a trouble is open', async () => {
    const house = begin();
    const { loop, read, clock, open } = house;
    read(['north', false], ['south', false], ['east', false], ['level', 3]);
    await clock.advance(10);
    poisoned = where;
    read(['north', false], ['south', true], ['east', true], ['level', 4]);
    await clock.advance(10);
    expect(open().sort()).toEqual(['fire east', 'gateway-trouble']);
    expect(house.driven.at(-1)).toBe(true);
    const { live } = loop.state;
    const at = (name: string) => loop.model.index.get(`inputs.${name}`)!;
    expect([live.values[at('level')], live.qualities[at('south')]]).toEqual([4, 'stale']);
    expect(house.points).toContain('inputs.south');
    expect(house.failures()).toMatchObject([{ input: 'reading', leftOut: 'reading inputs.south' }]);
    const [trouble] = house.published.filter(({ incident }) => incident?.cause.rule === 'health_engine');
    expect(trouble?.because).toBe('the engine failed at an input and left it out: reading inputs.south');
    expect(becauseIn(trouble!.because, 'zh')).toBe(
      '网关内部故障，一条输入未处理，已跳过：reading inputs.south',
    );
    expectSameAfterRestart(house);
  });

  test('is taken when it comes again and the engine does not throw any more', async () => {
    const house = begin();
    const { read, clock, open } = house;
    poisoned = where;
    read(['south', true]);
    await clock.advance(10);
    poisoned = undefined;
    // kept away for a second
    read(['south', true]);
    expect(open()).toEqual(['gateway-trouble']);
    await clock.advance(1000);
    read(['south', true]);
    await clock.advance(10);
    expect(open()).toEqual(['gateway-trouble', 'bad south']);
    await clock.advance(700_000);
    expect(open()).toEqual(['bad south']);
    expectSameAfterRestart(house);
  });

  test('leaves nothing half done of what the same turn had done before', async () => {
    const house = begin();
    const { read, open, clock } = house;
    read(['east', true]);
    await clock.advance(10);
    poisoned = where;
    read(['north', true]);
    read(['south', true]);
    read(['east', false]);
    read(['south', true]);
    expect(open()).toEqual(['fire east', 'fire north', 'gateway-trouble']);
    await clock.advance(10);
    const ids = house.published.flatMap(({ incident }) => (incident ? [incident.id] : []));
    expect(new Set(ids).size).toBe(3);
    expectSameAfterRestart(house);
  });

  test('changes nothing of an incident that the same turn had opened before', async () => {
    const house = begin();
    const { loop, clock, store } = house;
    await clock.advance(10);
    const driven = house.driven.length;
    const raised = loop.command(command('c1', { zone: 'east' }));
    poisoned = where;
    const { incident } = await loop.command(command('c2', { zone: 'west', note: 'never there' }));
    expect(incident).toBeUndefined();
    const { incident: id } = await raised;
    if (where === 'notify') {
      // one turn: opened, and half raised to another level
      poisoned = undefined;
      const opened = loop.command(command('c3', { zone: 'south' }));
      const found = Object.keys(loop.state.durable.incidents).at(-1)!;
      poisoned = where;
      const half = loop.command({ ...command('c4'), verb: 'level', incident: found, level: 'urgent' });
      expect([(await opened).incident, (await half).code]).toEqual([found, 'internal']);
      expect(store.incident(found)).toMatchObject({ level: 'major' });
      expect(loop.state.durable.incidents[found]).toMatchObject({ level: 'major' });
    }
    expect(house.driven.length).toBeGreaterThan(driven);
    expect(store.incident(String(id))).toMatchObject({ level: 'major' });
    expectSameAfterRestart(house);
  });

  test('and again and again is tried ever more rarely', async () => {
    const house = begin();
    const { read, clock } = house;
    poisoned = where;
    for (let count = 0; count < 6000; count += 1) {
      read(['south', true], ['level', count]);
      await clock.advance(100);
    }
    expect(house.rebuilds()).toBeGreaterThan(4);
    expect(house.rebuilds()).toBeLessThan(20);
    expect(house.ended).toEqual([]);
    expect(house.loop.state.live.values.at(-1)).toBe(5999);
    expectSameAfterRestart(house);
  });
});

describe('a tick at which the engine throws for no deadline’s sake', () => {
  test.each([false, true])(
    'leaves the value in doubt unknown, and it counts when it comes again (a deadline with it: %s)',
    async (withDeadline) => {
      const house = begin();
      const { read, open, clock, loop } = house;
      const index = loop.model.index.get('inputs.bounce')!;
      read(['bounce', false]);
      await clock.advance(600);
      if (withDeadline) read(['west', true]);
      await clock.advance(2500);
      read(['bounce', true]);
      poisoned = 'keeps';
      await clock.advance(510);
      expect(open()).toEqual(withDeadline ? ['gateway-trouble', 'fire west'].sort() : ['gateway-trouble']);
      expect([loop.state.live.values[index], loop.state.live.qualities[index]]).toEqual([null, 'stale']);
      expect(house.failures()).not.toEqual([]);
      poisoned = undefined;
      read(['bounce', true]);
      await clock.advance(1010);
      expect(open()).toContain('bad');
      expectSameAfterRestart(house);
    },
  );
});

describe('a debounce at whose end the engine throws', () => {
  test('takes no other with it that ends in the same moment and is not told again', async () => {
    const house = begin();
    const { read, open, clock } = house;
    poisoned = 'keeps';
    read(['bounce', true], ['slow', true]);
    await clock.advance(600);
    expect(open().sort()).toEqual(['fire', 'gateway-trouble']);
    expectSameAfterRestart(house);
  });

  test('and again and again ends no process', async () => {
    const house = begin();
    const { read, clock } = house;
    poisoned = 'keeps';
    for (let count = 0; count < 240; count += 1) {
      read(['bounce', count % 4 < 2]);
      await clock.advance(500);
    }
    expect(house.ended).toEqual([]);
    expect(throws).toBeGreaterThan(4);
    expectSameAfterRestart(house);
  });
});

// a panel prints an alarm once
describe.each(['south', 'bounce'])('what a device told once and the engine threw at (%s)', (name) => {
  const plan = name === 'south' ? 'bad south' : 'bad';

  test('is tried again by itself', async () => {
    const house = begin();
    const { read, open, clock } = house;
    poisoned = 'keeps';
    read([name, true]);
    await clock.advance(600);
    expect(open()).toEqual(['gateway-trouble']);
    poisoned = undefined;
    await clock.advance(1000);
    expect(open()).toContain(plan);
    expectSameAfterRestart(house);
  });

  test('counts as it was told last', async () => {
    const house = begin();
    const { read, open, clock, loop } = house;
    poisoned = 'keeps';
    read([name, true]);
    await clock.advance(600);
    poisoned = undefined;
    read([name, false]);
    await clock.advance(1000);
    expect(open()).toEqual(['gateway-trouble']);
    const index = loop.model.index.get(`inputs.${name}`)!;
    expect([loop.state.live.values[index], loop.state.live.qualities[index]]).toEqual([false, 'good']);
    expectSameAfterRestart(house);
  });

  test('is tried ever more rarely', async () => {
    const house = begin();
    const { read, open, clock } = house;
    poisoned = 'notify';
    read([name, true], ['east', true]);
    await clock.advance(3_600_000);
    expect(house.ended).toEqual([]);
    expect(house.failures()).toHaveLength(7);
    expect(open()).toContain('fire east');
    expectSameAfterRestart(house);
  });
});

describe('a value that waits out its debounce', () => {
  test('goes on waiting, and what goes stale does so in its time', async () => {
    const house = begin();
    const { read, open, clock, loop } = house;
    read(['slow', true]);
    await clock.advance(200);
    poisoned = 'keeps';
    read(['south', true]);
    await clock.advance(310);
    expect(open()).toContain('fire');
    await clock.advance(4400);
    const index = loop.model.index.get('inputs.slow')!;
    expect(loop.state.live.qualities[index]).toBe('good');
    await clock.advance(200);
    expect(loop.state.live.qualities[index]).toBe('stale');
    expectSameAfterRestart(house);
  });
});

describe('a deadline at which the engine throws', () => {
  test.each(['keeps', 'notify'] as const)(
    'is put off, those that are due with it fire, and it does not spin (%s)',
    async (where) => {
      const house = begin();
      const { read, open, clock } = house;
      poisoned = where;
      // `late` and `fire_west` come due together
      read(['north', true], ['west', true]);
      await clock.advance(2999);
      expect(throws).toBe(0);
      await clock.advance(2);
      expect(open().sort()).toEqual(['fire north', 'fire west', 'gateway-trouble']);
      await clock.advance(600_000);
      expect(throws).toBeLessThan(30);
      expect(house.ended).toEqual([]);
      expect(house.failures().at(-1)).toMatchObject({ input: 'tick', leftOut: 'tick for:late' });
      poisoned = undefined;
      await clock.advance(3_600_000);
      expect(open().sort()).toContain('bad');
      expectSameAfterRestart(house);
    },
  );
});

describe('a deadline that was put off while the disk fails', () => {
  test('stays put off when the state is made again', async () => {
    const house = begin();
    const { read, clock, loop } = house;
    read(['north', true]);
    await clock.advance(10);
    failing = true;
    read(['level', 1]);
    read(['east', true]);
    poisoned = 'keeps';
    await clock.advance(2995);
    const due = () => loop.state.durable.timers['for:late']!;
    const putOff = due();
    expect(putOff).toBeGreaterThan(loop.stamp().steadyMs);
    void loop.command(command('c1', { zone: 'west' }));
    expect(due()).toBe(putOff);
    expect(house.rebuilds()).toBe(3);
    poisoned = undefined;
    failing = false;
    await clock.advance(5000);
    expectSameAfterRestart(house);
  });
});

describe('a command at which the engine throws', () => {
  test('is refused with a code of its own, stored, and answered the same when it comes again', async () => {
    const house = begin();
    const { loop, open, clock, store } = house;
    await clock.advance(10);
    poisoned = 'notify';
    const first = await loop.command(command('c1'));
    expect(first).toMatchObject({ id: 'c1', ok: false, code: 'internal' });
    expect(open()).toEqual(['gateway-trouble']);
    expect(store.reply('c1')).toEqual(first);
    poisoned = undefined;
    expect(await loop.command(command('c1'))).toEqual(first);
    // the same wish under another id: not yet; another wish: yes
    expect(await loop.command(command('c2'))).toMatchObject({ ok: false, code: 'internal' });
    expect(await loop.command(command('c3', { zone: 'east' }))).toMatchObject({ ok: true });
    expectSameAfterRestart(house);
  });

  test('is refused while the disk fails too, and what was not stored is not lost', async () => {
    const house = begin();
    const { loop, read, open, clock } = house;
    await clock.advance(10);
    failing = true;
    read(['north', true]);
    await clock.advance(10);
    poisoned = 'notify';
    expect(await loop.command(command('c1'))).toMatchObject({ code: 'internal', stored: false });
    expect(open().sort()).toEqual(['fire north', 'gateway-trouble', 'gateway-trouble']);
    // a retry that fails puts the facts into one piece, which is what there is then
    poisoned = undefined;
    await clock.advance(2100);
    read(['east', true]);
    poisoned = 'notify';
    expect(await loop.command(command('c2', { zone: 'west' }))).toMatchObject({ code: 'internal' });
    expect(open()).toEqual(expect.arrayContaining(['fire north', 'fire east']));
    poisoned = undefined;
    failing = false;
    await clock.advance(5000);
    expect(loop.storage().ok).toBe(true);
    expectSameAfterRestart(house);
  });
});

describe('a reload at which the engine throws', () => {
  test('is refused, and the site of before goes on', async () => {
    const house = begin();
    const { loop, read, open, clock } = house;
    read(['north', true]);
    await clock.advance(10);
    const before = loop.model;
    const next = compile({ ...site, rules: site.rules.slice(1) });
    Object.defineProperty(next, 'interlocks', {
      get() {
        throw new Error('a site that throws');
      },
    });
    expect(() => loop.reload(next, 'next')).toThrow('a site that throws');
    expect(loop.model).toBe(before);
    read(['east', true]);
    await clock.advance(10);
    expect(open().sort()).toEqual(['fire east', 'fire north']);
    expectSameAfterRestart(house);
  });
});

describe('a whole module at whose every contact the engine throws', () => {
  test('ends no process: each is left out, and the others count', async () => {
    const house = begin();
    const { read, open, clock } = house;
    poisoned = 'notify';
    read(...module64.map((name): [string, boolean] => [name, true]), ['north', true]);
    await clock.advance(2900);
    expect(house.ended).toEqual([]);
    expect(open().sort()).toEqual(['fire north', 'gateway-trouble']);
    expect(new Set(house.failures().map(({ leftOut }) => leftOut)).size).toBe(64);
    poisoned = undefined;
    await clock.advance(30_000);
    expect(open()).toContain('bad module');
    expectSameAfterRestart(house);
  });
});

describe('what can not be survived', () => {
  test('a state that can not be made again ends the process, and nothing half changed is stored', async () => {
    const house = begin();
    const { read, clock, store } = house;
    await clock.advance(10);
    const before = store.remembered();
    house.lose('all');
    poisoned = 'notify';
    read(['south', true]);
    read(['east', true]);
    await clock.advance(60_000);
    expect(house.ended.map(({ message }) => message)).toEqual(['nothing can be read']);
    expect(house.said).toContainEqual(expect.objectContaining({ code: 'ENGINE_FAILED' }));
    house.loop.stop('stopped');
    expect(store.remembered()).toEqual(before);
    store.close();
  });

  test('nor can a state whose own facts throw: a start knows how to tell what is gone', async () => {
    const house = begin();
    const { read, clock, store } = house;
    await clock.advance(10);
    read(['south', true]);
    await clock.advance(10);
    house.lose('facts');
    poisoned = 'notify';
    void house.loop.command(command('c1', { zone: 'east' }));
    expect(house.ended.map(({ message }) => message)).toEqual([
      "1 of the facts that were taken before can't be taken again",
    ]);
    store.close();
  });

  test('an engine that throws at everything ends the process', async () => {
    const house = begin();
    const { loop, clock } = house;
    await clock.advance(10);
    poisoned = 'notify';
    for (let count = 0; count < 100 && house.ended.length === 0; count += 1) {
      void loop.command(command(`c${count}`, { note: `${count}` }));
      await clock.advance(100);
    }
    expect(house.ended).toHaveLength(1);
    expect(house.rebuilds()).toBe(30);
    house.store.close();
  });
});
