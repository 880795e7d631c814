// The live stream over real HTTP: what it greets with, that who comes back misses nothing and hears nothing twice, that
// one who does not read is dropped, and that fifty may listen.

import net from 'node:net';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Told } from '../../src/console/api.ts';
import { streams } from '../../src/console/limits.ts';
import { callDaemon } from '../../src/control/client.ts';
import { eventually } from '../support/daemon.ts';
import { type Client, type Ear, openStage, type Stage, siteWith, users } from './stage.ts';

let stage: Stage;
afterEach(async () => {
  await stage?.stop();
});

const open = async (): Promise<Client> => {
  stage = await openStage(siteWith({ withoutLogin: 'configure' }));
  return stage.client();
};

type Of<T extends Told['type']> = Extract<Told, { type: T }> & { id?: string };
const told = <T extends Told['type']>(ear: Ear, type: T): Of<T>[] =>
  ear.told.filter((one): one is Of<T> => one.type === type);
const seqs = (ear: Ear): number[] => told(ear, 'event').map(({ event }) => event.seq);
const raise = async (client: Client, plan = 'fire', by = '王伟'): Promise<string> => {
  const { json } = await client.command({ verb: 'raise', plan, by });
  expect(json.ok).toBe(true);
  return json.incident;
};
const note = (client: Client, incident: string, text: string) =>
  client.command({ verb: 'note', incident, text, by: '王伟' });

test('greets with everything that the wall shows, then beats', async () => {
  const client = await open();
  const incident = await raise(client);
  const ear = await client.listen();
  await eventually(
    'a beat',
    () => told(ear, 'beat').length,
    (beats) => beats >= 2,
  );
  const [hello] = told(ear, 'hello');
  expect(ear.told[0]!.type).toBe('hello');
  expect(hello!.incidents.map(({ id }) => id)).toEqual([incident]);
  expect(hello!.status.open.alarm).toBe(1);
  expect(hello!.site).toBe(1);
  const [one, two] = told(ear, 'beat');
  expect(Date.parse(two!.at) - Date.parse(one!.at)).toBeGreaterThan(900);
  expect(Date.parse(two!.at) - Date.parse(one!.at)).toBeLessThan(1500);
  ear.close();
});

test('events with their number as the id, and the incident as it stands, within a moment', async () => {
  const client = await open();
  const ear = await client.listen();
  await eventually(
    'the greeting',
    () => ear.told.length,
    (count) => count > 0,
  );
  const beganMs = performance.now();
  const incident = await raise(client);
  await eventually(
    'the incident',
    () => told(ear, 'incident'),
    (found) => found.some((one) => one.incident.id === incident),
  );
  expect(performance.now() - beganMs).toBeLessThan(300);
  const [opened] = told(ear, 'event').filter(({ event }) => event.type === 'incident.opened');
  expect(opened!.id).toBe(`${opened!.event.epoch}-${opened!.event.seq}`);
  await client.command({ verb: 'ack', incident, by: '王伟' });
  await client.command({
    verb: 'close',
    incident,
    by: '王伟',
    verdict: 'test',
    cause: 'x',
    remedy: 'y',
    losses: 'z',
  });
  await eventually(
    'that it closed',
    () => told(ear, 'incident').at(-1)?.incident.state,
    (state) => state === 'closed',
  );
  // what people see of the status follows at once, not at the next look
  await eventually(
    'a status with nothing open',
    () => told(ear, 'status').at(-1)?.status.open.alarm,
    (open) => open === 0,
    2500,
  );
  ear.close();
});

test('an open incident comes with who is told next, and when, in the list as in the stream', async () => {
  const client = await open();
  const ear = await client.listen();
  const incident = await raise(client, 'personal-attack');
  const next = await eventually(
    'the next telling',
    () => told(ear, 'incident').findLast((one) => one.incident.id === incident)?.incident.nextTelling,
    (found) => found !== undefined,
  );
  expect(Date.parse(next!.at)).toBeGreaterThan(Date.now());
  expect(next!.roles.length).toBeGreaterThan(0);
  const { incidents } = (await client.get('/incidents')).json;
  expect(incidents.find(({ id }: { id: string }) => id === incident).nextTelling.roles).toEqual(next!.roles);
  ear.close();
});

test('who comes back hears what was missed, in order, each once, also while more comes', async () => {
  const client = await open();
  const incident = await raise(client);
  const first = await client.listen();
  await eventually(
    'the greeting',
    () => first.told.length,
    (count) => count > 0,
  );
  for (let count = 0; count < 5; count += 1) await note(client, incident, `n${count}`);
  await eventually(
    'five',
    () => seqs(first).length,
    (count) => count === 5,
  );
  const last = told(first, 'event').at(-1)!;
  first.close();
  await first.ended;
  // more than a page of the journal, over the local socket, which knows no limit on commands
  for (let at = 0; at < 480; at += 40)
    await Promise.all(
      Array.from({ length: 40 }, (_, each) =>
        callDaemon(path.join(stage.folder, 'data'), 'command', {
          command: { id: `m${at + each}`, verb: 'note', incident, text: `m${at + each}`, by: 'x' },
        }),
      ),
    );
  const writing = (async () => {
    for (let count = 0; count < 40; count += 1) await note(client, incident, `w${count}`);
  })();
  const back = await client.listen(last.id);
  await writing;
  const final = (await client.get('/status')).json.lastSeq as number;
  await eventually(
    'the last one',
    () => seqs(back).at(-1),
    (seq) => seq === final,
  );
  const heard = seqs(back);
  expect(heard).toEqual(
    Array.from({ length: final - last.event.seq }, (_, each) => last.event.seq + 1 + each),
  );
  expect(heard.length).toBeGreaterThan(480);
  back.close();
});

test('a bare number does too; one of another epoch, or nonsense, begins anew', async () => {
  const client = await open();
  const incident = await raise(client);
  await note(client, incident, 'a');
  const { json: status } = await client.get('/status');
  for (const [id, count] of [
    ['0', status.lastSeq],
    [String(status.lastSeq - 1), 1],
    [`${status.epoch}-${status.lastSeq - 1}`, 1],
    [`other123-1`, 0],
    ['-5', 0],
    ['1e3', 0],
    ['x'.repeat(300), 0],
    [String(status.lastSeq + 100), 0],
  ] as const) {
    const ear = await client.listen(id);
    await eventually(
      `all of ${id}`,
      () => seqs(ear).length,
      (found) => found === count,
    );
    await eventually(
      'a beat',
      () => told(ear, 'beat').length,
      (beats) => beats > 0,
    );
    expect([id, seqs(ear).length]).toEqual([id, count]);
    ear.close();
  }
});

test('a restart of the daemon ends it; the page comes back and misses nothing', async () => {
  const client = await open();
  const incident = await raise(client);
  const ear = await client.listen();
  await note(client, incident, 'before');
  await eventually(
    'the note',
    () => seqs(ear).length,
    (count) => count >= 1,
  );
  const last = told(ear, 'event').at(-1)!;
  await stage.app.stop();
  await ear.ended;
  await stage.app.start();
  const back = await stage.client().listen(last.id);
  await eventually(
    'what happened at the stop and the start',
    () => told(back, 'event').map(({ event }) => event.type),
    (types) => types.includes('gateway.stopped') && types.includes('gateway.started'),
  );
  expect(seqs(back)[0]).toBe(last.event.seq + 1);
  back.close();
});

test('one that does not read is dropped, and the others hear on', { timeout: 60_000 }, async () => {
  const client = await open();
  const socket = net.connect(stage.port(), '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write('GET /api/v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  socket.pause();
  const ear = await client.listen();
  const incident = await raise(client);
  const dropped = () => stage.log.filter(({ code }) => code === 'SLOW_READER').length;
  // over the local socket, which knows no limit on commands: more than the system's own buffers hold
  const text = 'x'.repeat(1900);
  let sent = 0;
  for (; sent < 12_000 && dropped() === 0; sent += 40)
    await Promise.all(
      Array.from({ length: 40 }, (_, each) =>
        callDaemon(path.join(stage.folder, 'data'), 'command', {
          command: { id: `f${sent + each}`, verb: 'note', incident, text, by: 'flood' },
        }),
      ),
    );
  expect(dropped()).toBe(1);
  expect(ear.over()).toBe(false);
  const last = await note(client, incident, 'the last one');
  expect(last.status).toBe(200);
  await eventually(
    'the last one, heard by the other',
    () => told(ear, 'event').at(-1)?.event.note,
    (said) => said === 'the last one',
  );
  socket.destroy();
  ear.close();
});

test('fifty listen at once, and each hears the same', async () => {
  const client = await open();
  const ears = await Promise.all(Array.from({ length: 50 }, () => client.listen()));
  const incident = await raise(client);
  await eventually(
    'all fifty',
    () => ears.filter((ear) => told(ear, 'incident').some((one) => one.incident.id === incident)).length,
    (count) => count === 50,
  );
  for (const ear of ears) expect(seqs(ear)).toEqual(seqs(ears[0]!));
  for (const ear of ears) ear.close();
});

test('there is an end to how many', async () => {
  const client = await open();
  const ears = await Promise.all(Array.from({ length: 120 }, () => client.listen()));
  expect(ears.every(({ status }) => status === 200)).toBe(true);
  expect((await client.listen()).status).toBe(503);
  ears[0]!.close();
  await eventually(
    'room again',
    async () => {
      const ear = await client.listen();
      ear.close();
      return ear.status;
    },
    (status) => status === 200,
  );
  for (const ear of ears) ear.close();
});

test('somebody who is logged in always finds room, and takes it from whoever has most', async () => {
  stage = await openStage(siteWith({ withoutLogin: 'view' }), { users });
  const nobody = stage.client();
  const ears = await Promise.all(Array.from({ length: streams.most }, () => nobody.listen()));
  const [wu, li] = [stage.client(), stage.client()];
  await wu.logIn('wu');
  await li.logIn('li');
  const own = await wu.listen();
  expect(own.status).toBe(200);
  const gone = (): number => ears.filter((ear) => ear.over()).length;
  await eventually('one gives way', gone, (count) => count === 1);
  expect((await nobody.listen()).status).toBe(503);
  // one login does not have more than its own part, and its newest page is the one that is looked at
  const more = await Promise.all(Array.from({ length: streams.mostOfOneLogin }, () => wu.listen()));
  await own.ended;
  expect(more.every((ear) => ear.status === 200 && !ear.over())).toBe(true);
  const other = await li.listen();
  expect(other.status).toBe(200);
  await eventually('those without a login gave way', gone, (count) => count === streams.mostOfOneLogin + 1);
  for (const ear of [...ears, ...more, other]) ear.close();
});

test('a reload greets anew, with a site that was counted up', async () => {
  const client = await open();
  const ear = await client.listen();
  stage.write(siteWith({ withoutLogin: 'configure' }, { zones: { hall: { name: 'Hall' } } }));
  expect((await stage.app.reload()).ok).toBe(true);
  await eventually(
    'a second greeting',
    () => told(ear, 'hello').map(({ site }) => site),
    (sites) => sites.join() === '1,2',
  );
  expect((await client.get('/site')).json.zones).toEqual([{ id: 'hall', name: 'Hall' }]);
  ear.close();
});
