// Signed commands from end to end: the built daemon, a real broker, and whoever can reach it. Nobody without the right
// silences anything, an honest repeat does nothing twice, and a flood of junk keeps no signed command out.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker, Witness } from '../support/broker.ts';
import { installed, publish } from '../support/broker.ts';
import { base, type Daemon, event, newPlace, type Place, shown, siteOf } from '../support/daemon.ts';
import { type Fields, type Holder, holder, signedBy } from './people.ts';

const guard = holder('guard', 'acknowledge', { name: '保安' });
const chief = holder('chief', 'operate', { name: '值班长' });
const stranger = holder('stranger', 'configure');

describe.skipIf(!installed('mosquitto', 'mosquitto_sub'))(
  'a gateway of signed commands',
  { timeout: 90_000 },
  () => {
    let place: Place;
    let broker: Broker;
    let seen: Witness;
    let daemon: Daemon;

    const writeKeys = (...holders: Holder[]): void =>
      writeFileSync(
        path.join(place.folder, 'keys.yaml'),
        holders
          .map(
            ({ key: { id, name, role, publicKey } }) =>
              `${id}: ${JSON.stringify({ name, role, publicKey })}\n`,
          )
          .join(''),
        { mode: 0o644 },
      );
    const session = (): string => shown(seen, 'status')?.session;
    const sign = (who: Holder, fields: Fields): string => {
      const { origin: _origin, ...command } = signedBy(who, fields, {
        nowMs: Date.now(),
        session: session(),
      });
      return JSON.stringify(command);
    };
    const replies = (id: string) => seen.json(`${base}/reply`).filter((reply) => reply.id === id);
    /** Publishes and waits for one more reply. */
    const send = async (payload: string) => {
      const { id } = JSON.parse(payload);
      const before = replies(id).length;
      await publish(broker.port, `${base}/command`, payload);
      await seen.until(`a reply to ${id}`, () => replies(id).length > before);
      return replies(id).at(-1);
    };
    // without the record of who was told, which grows by itself
    const incidents = async () =>
      (await place.json('incidents')).map(({ told: _told, ...rest }: { told?: unknown }) => rest);

    beforeEach(async () => {
      place = newPlace();
      broker = await place.broker();
      writeKeys(guard, chief);
      place.write(siteOf(broker, { commands: { accept: 'signed' }, zones: { hall: { name: 'Hall' } } }));
      seen = await place.witness(broker.port);
      daemon = await place.start();
      await seen.until('online', () => shown(seen, 'status')?.state === 'online');
    });
    afterEach(() => place.leave());

    test('who has no key, no right or somebody else’s name changes nothing; who has, does, and is recorded', async () => {
      const opened = await send(sign(guard, { id: 'r1', verb: 'raise', plan: 'fire', zone: 'hall' }));
      expect(opened).toMatchObject({ ok: true, code: 'ok' });
      const { incident } = opened;
      const before = await incidents();

      const unsigned = { id: 'x1', verb: 'silence', by: 'chief', incident };
      expect(await send(JSON.stringify(unsigned))).toMatchObject({ code: 'notAllowed', reason: 'unsigned' });
      expect(await send(sign(stranger, { id: 'x2', verb: 'silence', incident }))).toMatchObject({
        code: 'notAllowed',
        reason: 'unknownKey',
      });
      const forged = { ...stranger, key: chief.key };
      expect(await send(sign(forged, { id: 'x3', verb: 'silence', incident }))).toMatchObject({
        reason: 'badSignature',
      });
      expect(await send(sign(guard, { id: 'x4', verb: 'silence', incident }))).toMatchObject({
        code: 'notAllowed',
        reason: 'rightMissing',
      });
      expect(await send(sign(guard, { id: 'x5', by: 'chief', verb: 'ack', incident }))).toMatchObject({
        reason: 'otherName',
      });
      expect(await incidents()).toEqual(before);

      // no refusal has burnt an id
      expect(await send(sign(chief, { id: 'x1', verb: 'silence', incident }))).toMatchObject({ ok: true });
      expect(await send(sign(guard, { id: 'x4', by: '保安', verb: 'ack', incident }))).toMatchObject({
        ok: true,
      });
      const acknowledged = await event(seen, 'acknowledged', ({ type }) => type === 'incident.acknowledged');
      expect(acknowledged).toMatchObject({ by: '保安' });
      expect(JSON.stringify(acknowledged)).not.toContain('signature');
      await daemon.stop();
      const { default: Database } = await import('better-sqlite3');
      const database = new Database(path.join(place.data, 'keepwatch.db'), { readonly: true });
      const facts = database.prepare('SELECT body FROM journal').pluck().all().map(String);
      database.close();
      expect(facts.some((fact) => fact.includes('"x4"') && fact.includes('"key":"guard"'))).toBe(true);
      expect(facts.some((fact) => fact.includes('"signature"') || fact.includes('"nonce"'))).toBe(false);
    });

    test('the same bytes again are answered again and do nothing, also after kill -9', async () => {
      const { incident } = await send(sign(guard, { id: 'r1', verb: 'raise', plan: 'fire', zone: 'hall' }));
      const note = sign(guard, { id: 'n1', verb: 'note', incident, text: 'somebody is on the way' });
      const first = await send(note);
      expect(first).toMatchObject({ ok: true });
      expect(await send(note)).toEqual(first);
      await daemon.kill();
      await seen.until('the will', () => shown(seen, 'status')?.state === 'offline');
      daemon = await place.start();
      await seen.until('online', () => shown(seen, 'status')?.state === 'online');
      expect(await send(note)).toEqual(first);
      // a command that was caught and held back is of no use to the next run
      const held = sign(guard, { id: 'n2', verb: 'note', incident, text: 'held back' });
      await daemon.kill();
      await seen.until('the will', () => shown(seen, 'status')?.state === 'offline');
      daemon = await place.start();
      await seen.until('online', () => shown(seen, 'status')?.state === 'online');
      expect(await send(held)).toMatchObject({ ok: false, reason: 'otherSession' });
      const notes = seen.json(`${base}/event`).filter(({ type }) => type === 'incident.note');
      expect(new Set(notes.map(({ seq }) => seq)).size).toBe(1);
    });

    test('a key that is taken out is refused after a reload, without a restart', async () => {
      expect(await send(sign(chief, { id: 'r1', verb: 'raise', plan: 'fire' }))).toMatchObject({ ok: true });
      writeKeys(guard);
      daemon.signal('SIGHUP');
      await daemon.said('reloaded', ({ code }) => code === 'RELOADED');
      expect(await send(sign(chief, { id: 's1', verb: 'silence' }))).toMatchObject({ reason: 'unknownKey' });
      expect(await send(sign(guard, { id: 'k1', verb: 'note', incident: 'i1', text: 'x' }))).toMatchObject({
        ok: true,
      });
    });

    test('a flood of junk keeps no signed command out, and fills no log', async () => {
      const { incident } = await send(sign(guard, { id: 'r1', verb: 'raise', plan: 'fire', zone: 'hall' }));
      const flooder = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
      place.later(flooder, () => flooder.end(true));
      const forger = { ...stranger, key: chief.key };
      const forgeries = Array.from({ length: 50 }, (_, count) =>
        sign(forger, { id: `f${count}`, verb: 'silence' }),
      );
      const junk = (count: number): string | Buffer =>
        [
          Buffer.from([0xff, count & 0xff, 0x00]),
          `{"id":"j${count}","verb":"silence","by":"chief"}`,
          `{"id":"j${count}","verb":"silence","by":"chief","key":"nobody","signature":"x"}`,
          forgeries[count % forgeries.length]!,
          `{"id":"j${count}","verb":`,
        ][count % 5]!;
      // on a machine that is too slow for it the broker's backlog must have an end
      const mostJunk = 25_000;
      let sent = 0;
      let flooding = true;
      const beganMs = performance.now();
      const flood = (): void => {
        const dueMs = performance.now() - beganMs;
        // five in a millisecond, as far as this process can
        for (let burst = 0; sent < Math.min(dueMs * 5, mostJunk) && burst < 500; burst += 1, sent += 1)
          flooder.publish(`${base}/command`, junk(sent), { qos: 0 });
        if (flooding) setTimeout(flood, 2);
      };
      flood();
      place.later(flooder, () => {
        flooding = false;
      });
      await seen.until('the flood is there', () => sent > 5000);
      const fromMs = performance.now();
      const ack = sign(guard, { id: 'a1', verb: 'ack', incident });
      // as any client does that has no answer: the same again
      const again = setInterval(() => void publish(broker.port, `${base}/command`, ack).catch(() => {}), 500);
      place.later(again, () => clearInterval(again));
      await publish(broker.port, `${base}/command`, ack);
      await seen.until('the signed one is answered', () => replies('a1').some(({ ok }) => ok), 60_000);
      const tookMs = performance.now() - fromMs;
      const perSecond = (1000 * sent) / (performance.now() - beganMs);
      clearInterval(again);
      flooding = false;
      console.info(`${perSecond.toFixed(0)} a second beside it, answered after ${tookMs.toFixed(0)} ms`);
      expect(shown(seen, `incident/${incident}`)).toMatchObject({ acknowledged: true });
      expect(replies('a1').every(({ ok }) => ok)).toBe(true);
      // one line for each kind of complaint, not one for each of thousands
      expect(daemon.log.filter(({ level }) => level === 'warn').length).toBeLessThan(20);
      // and the junk was not echoed: a bounded number of refusals each second
      const refused = seen.json(`${base}/reply`).filter(({ ok }) => !ok).length;
      expect(refused).toBeLessThan(sent / 10);
    });
  },
);
