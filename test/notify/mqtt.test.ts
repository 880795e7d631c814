// The courier against a real mosquitto that behaves: what is published where, in which order, how fast, and
// what a restart leaves behind.

import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Broker,
  installed,
  pause,
  publish,
  retainedAt,
  startMosquitto,
  startProxy,
  until,
  witness,
} from '../support/broker.ts';
import { fastClock, type House, memoryStore, sampleIncident, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';

describe.skipIf(!installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'mosquitto_rr'))(
  'courier over MQTT 5',
  { timeout: 20_000 },
  () => {
    let broker: Broker;
    let cleanups: (() => Promise<unknown>)[];
    const house = (options: Omit<Parameters<typeof startHouse>[0], 'url'> & { url?: string } = {}): House => {
      const started = startHouse({ url: `mqtt://127.0.0.1:${broker.port}`, ...options });
      cleanups.push(() => started.courier.stop());
      return started;
    };
    const watch = async (topic?: string) => {
      const watching = await witness(broker.port, topic);
      cleanups.push(watching.close);
      return watching;
    };
    const connected = (one: House): Promise<void> => until('connected', () => one.courier.state().connected);

    beforeEach(async () => {
      cleanups = [];
      // a witness that is slow on a busy machine must not look like a lost event
      broker = await startMosquitto(['max_queued_messages 0']);
    });
    afterEach(async () => {
      for (const cleanup of cleanups.reverse()) await cleanup();
      await broker.stop();
    });

    test('status first, then events in order, then levels', async () => {
      const store = memoryStore();
      const seen = await watch();
      const one = house({
        store,
        points: [
          ['gas1.ppm', 12],
          ['gas1.alarm', null],
        ],
        incidents: [sampleIncident('i-1')],
      });
      // committed before the connection stands: they wait in the outbox
      one.commit(150);
      await until('delivered', () => store.outboxSize() === 0);
      await seen.until('levels', (all) => all.filter(({ topic }) => topic.includes('/point/')).length === 2);
      const topics = seen.seen.map(({ topic }) => topic);
      expect(topics[0]).toBe(`${base}/status`);
      expect(topics.lastIndexOf(`${base}/event`)).toBeLessThan(topics.indexOf(`${base}/incident/i-1`));
      expect(topics.indexOf(`${base}/incident/i-1`)).toBeLessThan(topics.indexOf(`${base}/point/gas1/ppm`));
      expect(seen.json(`${base}/event`)).toEqual(store.journal);
      expect(seen.json(`${base}/status`)[0]).toEqual({
        state: 'online',
        session: 'session-1',
        version: '1.2.3',
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        epoch: 'abcdefgh',
        lastSeq: expect.any(Number),
        open: { alarm: 1, supervisory: 0, trouble: 0 },
        drill: false,
      });
      expect(seen.json(`${base}/point/gas1/ppm`)[0]).toEqual({
        value: 12,
        quality: 'good',
        unit: 'ppm',
        at: expect.any(String),
      });
      expect(seen.json(`${base}/point/gas1/alarm`)[0]).toMatchObject({ value: null, quality: 'stale' });
      expect(one.courier.state()).toMatchObject({ connected: true, protocol: 5, waiting: 0 });
      expect(one.healths.at(-1)?.ok).toBe(true);
      const retained = await retainedAt(broker.port);
      expect([...retained.keys()].sort()).toEqual([
        `${base}/incident/i-1`,
        `${base}/point/gas1/alarm`,
        `${base}/point/gas1/ppm`,
        `${base}/status`,
      ]);
    });

    test('an event handed over while connected reaches a subscriber within milliseconds', async () => {
      const seen = await watch(`${base}/event`);
      const one = house();
      await connected(one);
      await pause(200);
      const latencies: number[] = [];
      for (let round = 1; round <= 20; round++) {
        const startMs = performance.now();
        one.commit();
        while (seen.seen.length < round) await pause(0);
        latencies.push(performance.now() - startMs);
      }
      latencies.sort((a, b) => a - b);
      // a delayed acknowledgement of TCP would cost 40 ms
      expect(latencies[10]).toBeLessThan(30);
    });

    test('a broker killed and restarted gets what it had not acknowledged, in order, with the same ids', async () => {
      const store = memoryStore();
      const one = house({ store, clock: fastClock(4), points: [['gas1.ppm', 1]] });
      await connected(one);
      const before = await watch(`${base}/event`);
      one.commit(300);
      await before.until('some', (all) => all.length > 20);
      await broker.kill();
      one.commit(200);
      await until('loss seen', () => !one.courier.state().connected);
      expect(one.courier.state().because).toContain('127.0.0.1');
      expect(one.healths.at(-1)).toMatchObject({ ok: false });
      one.commit(100);
      await broker.start();
      const after = await watch();
      await until('delivered', () => store.outboxSize() === 0);
      await after.until('last event', (all) => all.some(({ payload }) => payload.includes('"seq":600,')));
      const first = before.json(`${base}/event`);
      const second = after.json(`${base}/event`);
      for (const events of [first, second]) {
        const seqs = events.map(({ seq }) => seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      }
      for (const event of [...first, ...second]) expect(event.id).toBe(`event-${event.seq}`);
      // levels are back although the broker had forgotten them
      await after.until('points', (all) => all.some(({ topic }) => topic === `${base}/point/gas1/ppm`));
    }, 30_000);

    test('the will speaks for a line that is cut, and the status returns', async () => {
      const proxy = await startProxy(broker.port);
      cleanups.push(proxy.close);
      const seen = await watch(`${base}/status`);
      const one = house({ url: `mqtt://127.0.0.1:${proxy.port}` });
      await seen.until('online', (all) => all.length >= 1);
      proxy.cut();
      await seen.until('online again', () => {
        const states = seen.json(`${base}/status`).map(({ state }) => state);
        return states.includes('offline') && states.at(-1) === 'online';
      });
      const offline = seen.json(`${base}/status`).find(({ state }) => state === 'offline');
      expect(Object.keys(offline).sort()).toEqual(
        ['state', 'session', 'version', 'epoch', 'at', 'lastSeq', 'open', 'drill'].sort(),
      );
      await connected(one);
    });

    test('a late will does not leave the gateway shown as offline', async () => {
      const one = house();
      await connected(one);
      await pause(100);
      await publish(
        broker.port,
        `${base}/status`,
        JSON.stringify({ state: 'offline', session: 'session-1' }),
        ['-r'],
      );
      await pause(300);
      const retained = await retainedAt(broker.port, `${base}/status`);
      expect(JSON.parse(retained.get(`${base}/status`) ?? '')).toMatchObject({ state: 'online' });
      expect(one.logged.some(({ message }) => message.includes('publishing online again'))).toBe(true);
      // a second gateway of this name is corrected too, but not without end
      const seen = await watch(`${base}/status`);
      const other = house({ session: 'session-2', config: { clientId: 'other' } });
      await connected(other);
      await pause(1000);
      expect(seen.seen.length).toBeLessThan(10);
    });

    test('heartbeat', async () => {
      const seen = await watch(`${base}/status`);
      house({ config: { heartbeatMs: 200 } });
      await seen.until('beats', (all) => all.length >= 4, 3000);
    });

    test('a clean stop delivers what waits and leaves offline', async () => {
      const store = memoryStore();
      const seen = await watch();
      const one = house({ store });
      await connected(one);
      one.commit(50);
      await one.courier.stop();
      expect(store.outboxSize()).toBe(0);
      const states = () => seen.json(`${base}/status`).map(({ state }) => state);
      await seen.until('offline', () => states().at(-1) === 'offline');
      await pause(200);
      expect(states()).toEqual(['online', 'offline']);
      expect(seen.json(`${base}/status`).at(-1).lastSeq).toBe(50);
    });

    test('an incident that was told and forgotten with a disk is emptied; what others told is not', async () => {
      const lie = (id: string) =>
        publish(broker.port, `${base}/incident/${id}`, JSON.stringify(sampleIncident(id)), ['-r']);
      await lie('i7_abcd');
      await lie('i8_abcd');
      await lie('i8_zzzz');
      const one = house({ incidents: [sampleIncident('i8_abcd')] });
      await connected(one);
      const kept = async () =>
        [...(await retainedAt(broker.port)).keys()].filter((topic) => topic.includes('/incident/')).sort();
      await expect
        .poll(kept, { timeout: 10_000 })
        .toEqual([`${base}/incident/i8_abcd`, `${base}/incident/i8_zzzz`]);
    });

    test('incidents stand while open and are emptied when closed; ghosts are emptied after a restart', async () => {
      const store = memoryStore();
      const first = house({
        store,
        points: [
          ['gas1.ppm', 1],
          ['gas2.ppm', 1],
        ],
        incidents: [sampleIncident('i-1'), sampleIncident('i-2')],
      });
      await connected(first);
      await until('noted', () => store.topics.has(`${base}/point/gas2/ppm`));
      first.incidents.delete('i-1');
      first.courier.changed([], ['i-1']);
      await until('forgotten', () => !store.topics.has(`${base}/incident/i-1`));
      expect((await retainedAt(broker.port)).has(`${base}/incident/i-1`)).toBe(false);
      await first.courier.stop();
      // while the daemon was down, i-2 was closed and gas2 left the configuration
      const second = house({ store, session: 'session-2', points: [['gas1.ppm', 2]] });
      await connected(second);
      await until('ghosts gone', () => store.topics.size === 2);
      const retained = await retainedAt(broker.port);
      expect([...retained.keys()].sort()).toEqual([`${base}/point/gas1/ppm`, `${base}/status`]);
    });

    test('points are coalesced while the broker is stalled', async () => {
      const proxy = await startProxy(broker.port);
      cleanups.push(proxy.close);
      const ids = Array.from({ length: 1000 }, (_, index) => `meter.p${index}`);
      const one = house({ url: `mqtt://127.0.0.1:${proxy.port}`, points: ids.map((id) => [id, 0]) });
      const seen = await watch(`${base}/point/#`);
      await seen.until('all', (all) => all.length >= 1000);
      await pause(100);
      const count = seen.seen.length;
      proxy.stall(true);
      for (let round = 1; round <= 50; round++) for (const id of ids) one.set(id, round);
      proxy.stall(false);
      await seen.until('the latest of each', (all) => {
        const latest = new Map(all.map(({ topic, payload }) => [topic, payload]));
        return [...latest.values()].every((payload) => JSON.parse(payload).value === 50);
      });
      // one in flight for a few, and the latest of each
      expect(seen.seen.length - count).toBeLessThan(1300);
    });

    test('an alarm overtakes thousands of points', async () => {
      const ids = Array.from({ length: 3000 }, (_, index) => `meter.p${index}`);
      const seen = await watch();
      const one = house({ points: ids.map((id) => [id, 0]) });
      await seen.until('points begin', (all) => all.length > 50);
      one.commit();
      await seen.until('the event', (all) => all.some(({ topic }) => topic === `${base}/event`));
      const before = seen.seen.findIndex(({ topic }) => topic === `${base}/event`);
      expect(before).toBeLessThan(2500);
    });

    test('commands are answered on the reply topic, and on the response topic of MQTT 5', async () => {
      const seen = await watch(`${base}/reply`);
      const one = house();
      await connected(one);
      await pause(100);
      await publish(
        broker.port,
        `${base}/command`,
        JSON.stringify({ id: 'c1', verb: 'ack', by: 'ann', incident: 'i-1', origin: 'cli' }),
      );
      await seen.until('reply', (all) => all.length === 1);
      expect(seen.json(`${base}/reply`)[0]).toEqual({ id: 'c1', ok: true, code: 'ok', message: 'done' });
      expect(one.commands).toEqual([{ id: 'c1', verb: 'ack', by: 'ann', incident: 'i-1', origin: 'mqtt' }]);
      const answer = await promisify(execFile)(
        'mosquitto_rr',
        ['-h', '127.0.0.1', '-p', String(broker.port), '-V', 'mqttv5', '-q', '1', '-W', '5']
          .concat([
            '-t',
            `${base}/command`,
            '-e',
            'centre/answers/7',
            '-D',
            'publish',
            'correlation-data',
            'x7',
          ])
          .concat([
            '-F',
            '%D %p',
            '-m',
            JSON.stringify({ id: 'c2', verb: 'note', by: 'ann', text: 'hello' }),
          ]),
      );
      expect(answer.stdout).toBe('x7 {"id":"c2","ok":true,"code":"ok","message":"done"}\n');
      await seen.until('reply topic too', (all) => all.length === 2);
    });

    test('receipts', async () => {
      const one = house();
      await connected(one);
      await pause(100);
      for (const payload of ['{"seq":12}', '{"seq":-1}', '{"seq":"7"}', 'null', '{"seq":1.5}', '{"seq":0}']) {
        await publish(broker.port, `${base}/receipt`, payload);
      }
      await until('receipts', () => one.receipts.length === 2);
      expect(one.receipts).toEqual([12, 0]);
    });

    test('a retained command is ignored', async () => {
      await publish(broker.port, `${base}/command`, JSON.stringify({ id: 'old', verb: 'silence', by: 'x' }), [
        '-r',
      ]);
      const one = house();
      await connected(one);
      await until('logged', () =>
        one.logged.some(({ message }) => message.includes('retained message is ignored')),
      );
      expect(one.commands).toEqual([]);
    });

    test('a reply outlives a lost connection', async () => {
      const proxy = await startProxy(broker.port);
      cleanups.push(proxy.close);
      const seen = await watch(`${base}/reply`);
      const one = house({ url: `mqtt://127.0.0.1:${proxy.port}` });
      await connected(one);
      await pause(100);
      let finish: () => void = () => undefined;
      one.answer = ({ id }) =>
        new Promise((resolve) => {
          finish = () => resolve({ id, ok: true, code: 'ok', message: 'late' });
        });
      await publish(broker.port, `${base}/command`, JSON.stringify({ id: 'c1', verb: 'ack', by: 'ann' }));
      await until('command', () => one.commands.length === 1);
      proxy.cut();
      await until('loss', () => !one.courier.state().connected);
      finish();
      await seen.until('reply', (all) => all.length === 1);
      expect(seen.json(`${base}/reply`)[0]).toMatchObject({ id: 'c1', message: 'late' });
    });

    test('replay sends again, marked, after the live ones, and says what is no longer kept', async () => {
      const store = memoryStore();
      const seen = await watch();
      const one = house({ store });
      await connected(one);
      one.commit(200);
      await until('delivered', () => store.outboxSize() === 0);
      store.forgetBefore = 31;
      const ask = (id: string, fields: object): Promise<void> =>
        publish(
          broker.port,
          `${base}/command`,
          JSON.stringify({ id, verb: 'replay', by: 'centre', ...fields }),
        );
      const reply = async (id: string) => {
        await seen.until(id, () => seen.json(`${base}/reply`).some((one) => one.id === id));
        return seen.json(`${base}/reply`).find((one) => one.id === id);
      };
      await ask('r1', { from: 11 });
      expect(await reply('r1')).toMatchObject({
        ok: true,
        code: 'ok',
        sent: 170,
        message: expect.stringContaining('before 31'),
      });
      const again = seen.json(`${base}/event`).filter(({ replayed }) => replayed);
      expect(again.map(({ seq }) => seq)).toEqual(Array.from({ length: 170 }, (_, index) => index + 31));
      expect(again[0]).toEqual({ ...store.journal[30], replayed: true });
      await ask('r2', { from: 100, to: 102 });
      expect(await reply('r2')).toMatchObject({ ok: true, sent: 3 });
      await ask('r3', { from: 500 });
      expect(await reply('r3')).toMatchObject({ ok: true, sent: 0 });
      for (const [id, fields] of Object.entries({
        b1: { from: 0 },
        b2: { from: 5, to: 4 },
        b3: { from: '1' },
        b4: {},
      })) {
        await ask(id, fields);
        expect(await reply(id)).toMatchObject({ ok: false, code: 'badRequest' });
      }
      const total = seen.json(`${base}/event`).length;
      await ask('r2', { from: 100, to: 102 });
      await seen.until(
        'same answer',
        () => seen.json(`${base}/reply`).filter(({ id }) => id === 'r2').length === 2,
      );
      expect(seen.json(`${base}/event`).length).toBe(total);
      expect(one.commands).toEqual([]);
    });

    test('a replay goes on over a lost connection', async () => {
      const store = memoryStore();
      const proxy = await startProxy(broker.port);
      cleanups.push(proxy.close);
      const seen = await watch();
      const one = house({ store, url: `mqtt://127.0.0.1:${proxy.port}` });
      await connected(one);
      one.commit(2000);
      await until('delivered', () => store.outboxSize() === 0);
      const replayed = (): number[] =>
        seen
          .json(`${base}/event`)
          .filter((event) => event.replayed)
          .map(({ seq }) => seq);
      const command = JSON.stringify({ id: 'r1', verb: 'replay', by: 'centre', from: 1 });
      await publish(broker.port, `${base}/command`, command);
      await until('begun', () => replayed().length > 50);
      proxy.cut();
      await seen.until('answer', () => seen.json(`${base}/reply`).length === 1);
      expect(seen.json(`${base}/reply`)[0]).toMatchObject({ id: 'r1', ok: true, sent: 2000 });
      expect(new Set(replayed()).size).toBe(2000);
    });

    test('too many commands are refused, not queued', async () => {
      const seen = await watch(`${base}/reply`);
      const one = house();
      await connected(one);
      await pause(100);
      const lines = Array.from({ length: 60 }, (_, index) =>
        JSON.stringify({ id: `c${index}`, verb: 'ack', by: 'x' }),
      );
      execFileSync(
        'mosquitto_pub',
        ['-h', '127.0.0.1', '-p', String(broker.port), '-q', '1', '-t', `${base}/command`, '-l'],
        { input: lines.join('\n') },
      );
      await seen.until('answers', (all) => all.length === 60);
      const refused = seen.json(`${base}/reply`).filter(({ code }) => code === 'tooMany');
      expect(refused.length).toBeGreaterThan(20);
      expect(one.commands.length).toBe(60 - refused.length);
    });
  },
);
