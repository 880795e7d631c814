// A state of which a part is damaged: what can be used is used, what can't is left out and said, numbers are never
// given twice, and no fact makes the daemon end again and again.

import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { beforeEach, describe, expect, it } from 'vitest';
import { becauseIn } from '../../src/core/because-words.ts';
import { createState, step } from '../../src/core/engine.ts';
import { compile } from '../../src/core/model.ts';
import type { Event, Fact, Incident, Input, Site } from '../../src/core/types.ts';
import { type Recalled, recall } from '../../src/recall.ts';
import { putAside, storeFile } from '../../src/store/open.ts';
import { namesOf, salvage } from '../../src/store/salvage.ts';
import { StoreFault } from '../../src/store/types.ts';
import { virtualClock } from '../support/clock.ts';
import { active, contact, makeSite, plan, rule, zone } from '../support/site.ts';
import { openAt, temporaryFolder } from './support.ts';

const names = ['north', 'south', 'east'] as const;
const site: Site = makeSite({
  zones: names.map((name) => zone(name)),
  devices: [{ id: 'inputs', bus: 'lan' }],
  buses: [{ id: 'lan' }],
  points: names.map((name) => contact(`inputs.${name}`, { zone: name })),
  plans: [plan('fire'), plan('gateway-trouble', { category: 'trouble', closing: 'itself' })],
  rules: names.map((name) => rule(`fire_${name}`, active(`inputs.${name}`), { zone: name, plan: 'fire' })),
});
const model = compile(site);

let folder: string;
let said: { code?: string }[];
beforeEach(() => {
  folder = temporaryFolder();
  said = [];
});

const note = (fields: object): void => void said.push(fields);
const log = { debug() {}, info() {}, warn: note, error: note };
const recalled = (): Recalled => recall({ folder }, site, model, { clock: virtualClock(), log, warn() {} });
const codes = (): (string | undefined)[] => said.map(({ code }) => code);

interface Written {
  readonly facts: Fact[];
  readonly events: Event[];
  readonly incidents: Incident[];
  readonly epoch: string;
}

/** A journal in which the contacts close one after another; `spoil` may put facts in between. */
function write(spoil: (facts: Fact[]) => Fact[] = (facts) => facts, whileOpen = (): void => {}): Written {
  const store = openAt(folder);
  const state = createState(model, store.epoch);
  const facts: Fact[] = [];
  const events: Event[] = [];
  const incidents: Incident[] = [];
  const take = (input: Input): void => {
    const effects = step(state, input, model);
    if (effects.fact) facts.push(effects.fact);
    events.push(...effects.events);
    incidents.push(...structuredClone([...effects.incidents.values()]));
  };
  const at = (steadyMs: number) => ({ steadyMs, wallMs: 1000 + steadyMs, clock: 'synced' as const });
  store.commit({
    facts: [],
    events: [],
    incidents: [],
    replies: [],
    site,
    snapshot: JSON.stringify(state.durable),
  });
  take({ type: 'started', at: at(1), because: 'a start' });
  for (const [index, name] of names.entries())
    take({ type: 'reading', at: at(10 + index), values: [[`inputs.${name}`, true]] });
  store.commit({ facts: spoil(facts), events, incidents, replies: [] });
  store.retain(['keepwatch/v1/shop/incident/i1'], []);
  whileOpen();
  store.close();
  return { facts, events, incidents, epoch: store.epoch };
}

function alter(work: (database: Database) => void): void {
  const database = new Sqlite(storeFile(folder));
  work(database);
  database.close();
}

/** What no engine can take. */
const poison = (fact: Fact): Fact => ({
  ...fact,
  input: { type: 'command', at: fact.input.at, command: null } as never,
});
const open = ({ state }: Recalled): (string | undefined)[] =>
  Object.values(state.durable.incidents).map((incident) => incident.zone);
const close = ({ store }: Recalled): void => store.close();

describe('a whole journal', () => {
  it('is replayed to its end, with nothing to be said', () => {
    const { epoch, events } = write();
    const after = recalled();
    expect(open(after)).toEqual([...names]);
    expect(after).toMatchObject({ lost: [], fresh: false, inForce: model });
    expect(after.state.durable).toMatchObject({ epoch, seq: events.at(-1)!.seq });
    expect(codes()).toEqual([]);
    close(after);
  });
});

describe('a fact that makes the replay throw', () => {
  it('is left out; what comes after it counts, and the next start is an ordinary one', () => {
    const { epoch } = write((facts) => [facts[0]!, facts[1]!, poison(facts[1]!), facts[2]!, facts[3]!]);
    const after = recalled();
    expect(open(after)).toEqual([...names]);
    expect(after.lost).toEqual(['1 fact of the journal could not be used and was left out']);
    expect(codes()).toEqual(['REPLAY_FAILED']);
    expect(becauseIn(after.lost[0]!, 'zh')).toBe('日志中有 1 条记录无法使用，已跳过');
    expect(after.store.epoch).toBe(epoch);
    close(after);
    said = [];
    const again = recalled();
    expect(open(again)).toEqual([...names]);
    expect(again.lost).toEqual([]);
    close(again);
  });

  it('and many more of them end the replay at the first, and not the daemon', () => {
    write((facts) => [
      facts[0]!,
      facts[1]!,
      ...Array.from({ length: 300 }, () => poison(facts[1]!)),
      facts[2]!,
    ]);
    const after = recalled();
    expect(open(after)).toEqual(['north']);
    expect(after.lost[0]).toMatch(
      /^301 facts of the journal could not be used and were left out; no longer followed: i2_.{4}, i3_.{4}$/,
    );
    expect(codes().filter((code) => code === 'REPLAY_FAILED').length).toBeLessThan(20);
    close(after);
  });
});

describe('a fact that was damaged', () => {
  it.each([
    ['still parses', 3, `replace(body, 'south', 'sxuth')`, ['north'], ['i2', 'i3']],
    ['does not parse', 3, `'['`, ['north'], ['i2', 'i3']],
    ['is the last', 4, `'['`, ['north', 'south'], ['i3']],
  ])(
    'and %s: no incident comes under the number of another, and no number is given again',
    (_what, id, body, left, lost) => {
      const { incidents, events } = write();
      alter((database) => void database.exec(`UPDATE journal SET body = ${body} WHERE id = ${id}`));
      const after = recalled();
      expect(open(after)).toEqual(left);
      for (const { id: one, zone: where } of Object.values(after.state.durable.incidents))
        expect(incidents.find((incident) => incident.id === one)?.zone).toBe(where);
      const ids = lost.map((number) => `${number}_${after.store.epoch.slice(0, 4)}`);
      expect(after.lost[0]).toContain(`; no longer followed: ${ids.join(', ')}`);
      for (const one of ids)
        expect(after.store.incident(one)).toMatchObject({ state: 'closed', active: false });
      expect(after.state.durable).toMatchObject({ incidentCount: 3, seq: events.at(-1)!.seq });
      close(after);
      expect(recalledAgain().lost).toEqual([]);
    },
  );

  it('and says nothing of incidents: what comes after it counts', () => {
    write((facts) => [{ ...facts[0]!, input: { ...facts[0]!.input, type: 'tick' } as never }, ...facts]);
    alter((database) => void database.exec(`UPDATE journal SET body = '[' WHERE id = 1`));
    const after = recalled();
    expect(open(after)).toEqual([...names]);
    expect(after.lost).toEqual(['1 fact of the journal could not be used and was left out']);
    close(after);
  });
});

function recalledAgain(): Recalled {
  const again = recalled();
  again.store.close();
  return again;
}

describe('a snapshot that is none', () => {
  it.each([
    [
      'of another shape',
      (database: Database) => database.exec(`UPDATE snapshot SET body = '{}', hash = NULL`),
    ],
    ['not JSON', (database: Database) => database.exec(`UPDATE snapshot SET body = '{', hash = NULL`)],
    [
      'another than was written',
      (database: Database) => database.exec(`UPDATE snapshot SET body = replace(body, ':0', ':1')`),
    ],
    [
      'of a site in which one letter was changed',
      (database: Database) => database.exec(`UPDATE site SET body = replace(body, 'south', 'sxuth')`),
    ],
    [
      'full of nonsense',
      (database: Database) =>
        database.exec(
          `UPDATE snapshot SET hash = NULL, body = json_set(body, '$.timers', json('{"a":{}}'), '$.known', 7, '$.disabled', json('null'))`,
        ),
    ],
  ])(
    '%s: the file is set aside, a new state under a new epoch guards, and what was left at the broker is known',
    (_what, spoil) => {
      const { epoch, incidents } = write();
      alter((database) => void spoil(database));
      const after = recalled();
      expect(after.fresh).toBe(true);
      expect(after.store.epoch).not.toBe(epoch);
      expect(after.state.durable.epoch).toBe(after.store.epoch);
      expect(after.lost).toHaveLength(1);
      expect(after.lost[0]).toMatch(
        /^the stored state was damaged and set aside as keepwatch\.db\.damaged-\d{8}T\d{6}Z; a new one was begun; open then: /,
      );
      // each with what a person looks for: plan and zone by their names
      for (const { id, title } of incidents) expect(after.lost[0]).toContain(`${id} (${title.en}`);
      expect(after.store.retained()).toEqual(['keepwatch/v1/shop/incident/i1']);
      expect(becauseIn(after.lost[0]!, 'zh')).toMatch(
        /^存储的运行记录受损，已另存为 \S+，并重新开始记录；当时未关闭：i1_/,
      );
      expect(codes()).toContain('STATE_DAMAGED');
      expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
      close(after);
    },
  );
});

describe('a file that is', () => {
  it.each([
    ['empty', (): void => writeFileSync(storeFile(folder), '')],
    ['gone, and its log is there', (): void => renameSync(storeFile(folder), `${storeFile(folder)}-wal`)],
  ])('%s was a state once: it is set aside, and a new one begun under a new epoch', (_what, spoil) => {
    const { epoch } = write();
    spoil();
    const after = recalled();
    expect(after.fresh).toBe(true);
    expect(after.store.epoch).not.toBe(epoch);
    expect(after.lost).toHaveLength(1);
    expect(after.lost[0]).toMatch(/; what was open then can't all be read: there may have been alarms$/);
    expect(codes()).toContain('STATE_DAMAGED');
    expect(readdirSync(folder).filter((name) => name.includes('.damaged-'))).toHaveLength(1);
    close(after);
    expect(recalledAgain().lost).toEqual([]);
  });
});

describe('what was open in a damaged file', () => {
  const lost = (bodies: readonly string[]) => {
    const file = path.join(folder, 'old.db');
    const database = new Sqlite(file);
    database.exec('CREATE TABLE incident (body TEXT, open INTEGER)');
    database.exec('CREATE TABLE retained (topic TEXT)');
    for (const body of bodies) database.prepare('INSERT INTO incident VALUES (?, 1)').run(body);
    database.close();
    return salvage(file);
  };
  const titled = (id: string, more: object = {}): string =>
    JSON.stringify({ id, category: 'alarm', title: { zh: '火灾 · 中庭', en: 'Fire · Atrium' }, ...more });

  it('is named by plan and zone, alarms first, in both languages', () => {
    const { openIncidents, openKnown } = lost([
      titled('i1_abcd', { category: 'trouble', title: { zh: '总线中断 · a', en: 'Bus lost · a' } }),
      titled('i2_abcd'),
      JSON.stringify({ id: 'i3_abcd', plan: 'theft', zone: 'hall' }),
    ]);
    expect(openKnown).toBe(true);
    const names = namesOf(openIncidents);
    expect(names).toBe(
      'i2_abcd (Fire · Atrium / 火灾 · 中庭), i1_abcd (Bus lost · a / 总线中断 · a), i3_abcd (theft, hall)',
    );
    const because = `the stored state was damaged and set aside as x; a new one was begun; open then: ${names}`;
    expect(becauseIn(because, 'zh')).toContain(
      '当时未关闭：i2_abcd（火灾 · 中庭），i1_abcd（总线中断 · a），i3_abcd（theft，hall）',
    );
  });

  it('is believed only where it has the form of an incident', () => {
    const { openIncidents, openKnown } = lost([
      'null',
      '[]',
      '{"id":7}',
      '{',
      titled('i4_abcd', { title: { zh: 7, en: 'x' }, plan: {}, zone: 'a b' }),
      titled('i5_abcd', { title: 'a; (b)\u001b[2J\n/ c' }),
    ]);
    expect(openKnown).toBe(false);
    expect(openIncidents.map(({ id }) => id).sort()).toEqual(['i4_abcd', 'i5_abcd']);
    expect(namesOf(openIncidents)).toBe('i4_abcd, i5_abcd (a b [2J c)');
  });

  it('is named up to twenty, the others are counted', () => {
    const { openIncidents } = lost(Array.from({ length: 23 }, (_, number) => titled(`i${number}_abcd`)));
    const because = `the stored state was damaged and set aside as x; a new one was begun; open then: ${namesOf(openIncidents)}`;
    expect(because).toMatch(/i19_abcd \(Fire · Atrium \/ 火灾 · 中庭\) and 3 more$/);
    expect(becauseIn(because, 'zh')).toMatch(/i19_abcd（火灾 · 中庭），另有 3 起$/);
  });
});

describe('a log with a gap that durable changes follow', () => {
  it('gives what was before the gap, under a new epoch, and it is said', () => {
    const cut = temporaryFolder();
    const { epoch, events } = write(undefined, () => {
      const [file, kept] = [storeFile(folder), storeFile(cut)];
      copyFileSync(file, kept);
      const bytes = readFileSync(`${file}-wal`);
      // in the last transaction but one, that of the facts
      const frames = (bytes.length - 32) / 4120;
      bytes[32 + (frames - 3) * 4120 + 2000]! ^= 1;
      writeFileSync(`${kept}-wal`, bytes);
    });
    folder = cut;
    const after = recalled();
    expect(after.lost).toEqual([
      'the last changes on the disk could not be read: what came before them is kept',
    ]);
    expect(becauseIn(after.lost[0]!, 'zh')).toBe('磁盘上最后的改动无法读取，之前的内容仍保留');
    expect(after.store.epoch).not.toBe(epoch);
    expect(after.state.durable.epoch).toBe(after.store.epoch);
    expect(after.state.durable.seq).toBeLessThan(events.at(-1)!.seq);
    close(after);
    const again = recalledAgain();
    expect([again.lost, again.store.epoch]).toEqual([[], after.store.epoch]);
  });
});

describe('a copy that is begun with', () => {
  it('goes on under its new epoch, also after a kill before the next snapshot', async () => {
    const { epoch } = write();
    const before = openAt(folder);
    await before.backup(`${storeFile(folder)}.restore`);
    before.close();
    const first = recalled();
    expect(first.store.epoch).not.toBe(epoch);
    expect(first.state.durable.epoch).toBe(first.store.epoch);
    expect(first.lost).toEqual([]);
    expect(open(first)).toEqual([...names]);
    expect(existsSync(`${storeFile(folder)}.restore`)).toBe(false);
    const at = { steadyMs: 100, wallMs: 2000, clock: 'synced' as const };
    const { events, fact } = step(
      first.state,
      { type: 'health', at, check: 'disk', ok: false, because: 'full' },
      model,
    );
    expect(events[0]).toMatchObject({
      epoch: first.store.epoch,
      id: `${first.store.epoch}-${events[0]!.seq}`,
    });
    expect(events[0]!.incident!.id).toBe(`i4_${first.store.epoch.slice(0, 4)}`);
    first.store.commit({ facts: [fact!], events, incidents: [], replies: [] });
    first.store.close();
    const second = recalled();
    expect(Object.keys(second.state.durable.incidents)).toContain(events[0]!.incident!.id);
    close(second);
  });
});

describe('a restore that was cut in between', () => {
  it('goes on at the next start', async () => {
    write();
    const before = openAt(folder);
    await before.backup(`${storeFile(folder)}.restore`);
    before.close();
    // the state of before has been moved away, and the copy has not its name yet
    putAside(folder, 0, 'before-restore');
    const after = recalled();
    expect(open(after)).toEqual([...names]);
    expect(codes()).toEqual(['STATE_RESTORED']);
    close(after);
    expect(readdirSync(folder).sort()).toEqual([
      'keepwatch.db',
      'keepwatch.db.before-restore-19700101T000000Z',
    ]);
  });
});

describe('files that were set aside', () => {
  it('are kept under names of their own, the newest three', () => {
    const kept: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      openAt(folder).close();
      kept.push(putAside(folder, Date.UTC(2026, 10, 22) + Math.floor(count / 2) * 1000));
    }
    expect(new Set(kept).size).toBe(5);
    expect(kept.map((name) => existsSync(name)).filter(Boolean)).toHaveLength(3);
    expect(existsSync(kept[4]!)).toBe(true);
  });
});

describe('a file that turns out to be damaged at a commit', () => {
  it('is set aside, and the state goes on in a new one: same epoch, same numbers, nothing unsent lost', () => {
    const { epoch, events } = write();
    let failing = false;
    const lost: string[] = [];
    const begun = recall({ folder }, site, model, {
      clock: virtualClock(),
      log,
      warn() {},
      lost: (because) => void lost.push(because),
      diskFault(operation) {
        if (failing && operation === 'commit') throw new StoreFault('damaged', 'the image is malformed', '');
      },
    });
    const { store, state } = begun;
    store.delivered([1]);
    const at = { steadyMs: 100, wallMs: 2000, clock: 'synced' as const };
    const next = step(state, { type: 'health', at, check: 'disk', ok: false, because: 'full' }, model);
    const turn = {
      facts: [next.fact!],
      events: next.events,
      incidents: [...next.incidents.values()],
      replies: [],
    };
    failing = true;
    expect(() => store.commit(turn)).toThrow('malformed');
    failing = false;
    expect(lost).toEqual([]);
    store.commit({ ...turn, facts: [], snapshot: JSON.stringify(state.durable) });
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(/^the stored state was damaged and set aside as keepwatch\.db\.damaged-/);
    expect(store.epoch).toBe(epoch);
    expect(store.outbox(0, 100).map(({ seq }) => seq)).toEqual(
      [...events, ...next.events].map(({ seq }) => seq).filter((seq) => seq > 1),
    );
    store.close();
    const after = recalled();
    expect(after).toMatchObject({ lost: [], fresh: false, inForce: model });
    expect(after.store.epoch).toBe(epoch);
    expect(open(after)).toEqual([...names, undefined]);
    close(after);
  });
});
