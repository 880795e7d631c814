// The way out through the whole daemon: a broker that is not there yet, dies, wants certificates or refuses; what
// strangers send on the command topic; and the broker inside.

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Broker,
  freePort,
  installed,
  makeCertificates,
  publish,
  startMosquitto,
  until,
  type Witness,
} from '../support/broker.ts';
import {
  base,
  command,
  type Daemon,
  event,
  events,
  eventually,
  firsts,
  newPlace,
  type Place,
  premises,
  seqsInOrder,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { alarmSite, startRelay } from './site.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub', 'mosquitto_passwd');

let place: Place;
let slave: Slave;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
});
afterEach(() => place?.leave());

const sounds = (value: 0 | 1) =>
  eventually(
    `the siren is ${value}`,
    () => slave.get('coil', 0),
    (coil) => coil === value,
  );
const openedPlans = (seen: Witness): string[] =>
  firsts(seen)
    .filter(({ type }) => type === 'incident.opened')
    .map(({ incident }) => incident.plan);
/** Everything up to now has come, in order, from the first event on. */
async function complete(seen: Witness): Promise<number> {
  const { lastSeq } = await place.json('status');
  await seen.until(`event ${lastSeq}`, () => events(seen).some(({ seq }) => seq === lastSeq), 15_000);
  expect(seqsInOrder(events(seen))).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
  return lastSeq;
}

describe.skipIf(!able)('a broker', () => {
  test('that comes up later gets all that happened, in order', async () => {
    const port = await freePort();
    place.write(siteOf({ port }, alarmSite(slave.port)));
    const daemon = await place.start();
    await slave.set('discrete', 0, 1);
    await sounds(1);
    await slave.set('discrete', 0, 0);
    await sounds(0);
    for (let count = 0; count < 5; count += 1)
      expect((await place.cli('raise', 'riot', '--zone', 'plant', '--json')).code).toBe(0);
    const { mqtt } = await place.json('status');
    expect(mqtt).toMatchObject({ connected: false, because: expect.stringMatching(/./) });
    expect(mqtt.waiting).toBeGreaterThanOrEqual(8);
    expect((await place.json('incidents')).length).toBe(6);

    // The witness must be there first: the real broker stands behind a relay that opens afterwards.
    const broker = await place.broker();
    const seen = await place.witness(broker.port);
    const relay = await startRelay(broker.port, port);
    place.later(relay, () => relay.close());
    await complete(seen);
    expect(openedPlans(seen)).toEqual(['fire', 'riot', 'riot', 'riot', 'riot', 'riot']);
    await until('nothing waits', () => shown(seen, 'status')?.state === 'online');
    await eventually(
      'nothing waits',
      async () => (await place.json('status')).mqtt,
      (now) => now.connected && now.waiting === 0,
    );
    expect(shown(seen, 'point/inputs/smoke')).toMatchObject({ value: false, quality: 'good' });
    expect(daemon.stderr()).toBe('');
  });

  test('killed -9 in the middle of alarms loses none of them', { timeout: 60_000 }, async () => {
    const broker = await place.broker();
    place.write(siteOf(broker, alarmSite(slave.port)));
    await place.start();
    const seens: Witness[] = [await place.witness(broker.port)];
    await seens[0]!.until('it is online', () => shown(seens[0]!, 'status')?.state === 'online');
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 4; count += 1)
        await publish(
          broker.port,
          `${base}/command`,
          JSON.stringify({
            id: `r${round}-${count}`,
            verb: 'raise',
            plan: 'riot',
            by: 'li',
            note: `${round}`,
          }),
        );
      await slave.set('discrete', 0, round % 2 === 0 ? 1 : 0);
      await broker.kill();
      await sounds(round % 2 === 0 ? 1 : 0);
      await broker.start();
      seens.push(await place.witness(broker.port));
      // What went out while no witness had subscribed yet is what replay is for.
      await eventually(
        'connected again',
        async () => (await place.json('status')).mqtt,
        (mqtt) => mqtt.connected && mqtt.waiting === 0,
      );
    }
    const last = seens.at(-1)!;
    const { lastSeq } = await place.json('status');
    expect(await command(last, broker.port, { verb: 'replay', from: 1 })).toMatchObject({
      ok: true,
      sent: lastSeq,
    });
    const replayed = events(last).filter((one) => one.replayed);
    expect(replayed.map(({ seq }) => seq)).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
    const ids = new Map(replayed.map(({ seq, id }) => [seq, id]));
    for (const seen of seens) for (const one of events(seen)) expect(ids.get(one.seq)).toBe(one.id);
    // fire stood from round 0 to 1 and came back into the same incident in round 2
    expect(
      replayed.filter(({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire'),
    ).toHaveLength(1);
    expect(
      replayed.filter(({ type, incident }) => type === 'incident.signal' && incident.plan === 'fire'),
    ).toHaveLength(1);
  });

  const haveOpenssl = haveTools(['openssl', 'version']);
  test.skipIf(!haveOpenssl)('with TLS, client certificates and an ACL', async () => {
    const certificates = makeCertificates(place.folder);
    writeFileSync(
      path.join(place.folder, 'acl'),
      `user gateway\ntopic readwrite keepwatch/v1/${premises}/#\n`,
      { mode: 0o600 },
    );
    const broker = await place.broker([
      'allow_anonymous false',
      `cafile ${certificates.ca}`,
      `certfile ${certificates.serverCert}`,
      `keyfile ${certificates.serverKey}`,
      'require_certificate true',
      'use_identity_as_username true',
      `acl_file ${path.join(place.folder, 'acl')}`,
    ]);
    const tls = [
      '--cafile',
      certificates.ca,
      '--cert',
      certificates.clientCert,
      '--key',
      certificates.clientKey,
    ];
    const seen = await place.witness(broker.port, `${base}/#`, tls);
    const parts = alarmSite(slave.port, {
      mqtt: {
        url: `mqtts://127.0.0.1:${broker.port}`,
        ca: certificates.ca,
        cert: certificates.clientCert,
        key: certificates.clientKey,
      },
    });
    place.write(siteOf(broker, parts));
    const first = await place.start();
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    expect(await command(seen, broker.port, { verb: 'silence' }, tls)).toMatchObject({ ok: true });
    expect(await first.stop()).toBe(0);

    // A stranger's certificate: no connection, and the reason; the premises are guarded all the same.
    place.write(
      siteOf(broker, {
        ...parts,
        mqtt: { ...parts.mqtt, cert: certificates.strangerCert, key: certificates.strangerKey },
      }),
    );
    const before = events(seen).length;
    await place.start();
    await slave.set('discrete', 0, 0);
    await slave.set('discrete', 1, 1);
    await eventually(
      'the flood is there',
      () => place.json('incidents'),
      (open) => open.some(({ plan }: { plan: string }) => plan === 'water-leak'),
    );
    const { mqtt } = await place.json('status');
    expect(mqtt).toMatchObject({ connected: false, because: expect.stringMatching(/./) });
    expect(events(seen).length).toBe(before);
  });

  test('that refuses the password: said plainly, not shown, tried again, and it still guards', async () => {
    const broker = await place.broker((folder) => {
      const file = path.join(folder, 'passwords');
      writeFileSync(file, '');
      return ['allow_anonymous false', `password_file ${file}`];
    });
    const password = 'correct-horse-battery';
    place.write(siteOf(broker, alarmSite(slave.port, { mqtt: { username: 'gw42', password } })));
    const daemon = await place.start();
    await slave.set('discrete', 0, 1);
    await sounds(1);
    const { mqtt } = await eventually(
      'refused',
      () => place.json('status'),
      (status) => status.mqtt.because !== undefined,
    );
    expect(mqtt).toMatchObject({
      connected: false,
      because: expect.stringMatching(/password|authori[sz]e|user name/i),
    });
    expect(daemon.stdout()).not.toContain(password);
    expect(JSON.stringify(await place.json('status'))).not.toContain(password);
    expect((await place.json('incidents')).map(({ plan }: { plan: string }) => plan)).toContain('fire');
  });

  test('that denies the topic of points: events and commands go on', async () => {
    const broker = await place.broker((folder) => {
      const file = path.join(folder, 'acl');
      const mine = ['status', 'event', 'reply', 'incident/#'].map(
        (topic) => `topic readwrite ${base}/${topic}`,
      );
      writeFileSync(
        file,
        [
          'topic read #',
          ...mine,
          `topic readwrite ${base}/command`,
          `topic readwrite ${base}/receipt`,
          '',
        ].join('\n'),
        { mode: 0o600 },
      );
      return [`acl_file ${file}`];
    });
    const seen = await place.witness(broker.port);
    place.write(siteOf(broker, alarmSite(slave.port)));
    await place.start();
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    expect(await command(seen, broker.port, { verb: 'raise', plan: 'riot' })).toMatchObject({ ok: true });
    await complete(seen);
    expect(seen.seen.filter(({ topic }) => topic.startsWith(`${base}/point/`))).toEqual([]);
  });
});

describe.skipIf(!able)('strangers on the command topic', () => {
  let broker: Broker;
  let seen: Witness;
  let daemon: Daemon;

  beforeEach(async () => {
    broker = await place.broker(['max_packet_size 20000000']);
    seen = await place.witness(broker.port, `${base}/#`);
    place.write(siteOf(broker, alarmSite(slave.port)));
    daemon = await place.start();
    await seen.until('it is online', () => shown(seen, 'status')?.state === 'online');
  });

  const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
  const answered: readonly (readonly [string, string])[] = [
    ['huge', JSON.stringify({ id: 'huge', verb: 'note', by: 'x', text: 'y'.repeat(30_000) })],
    ['nested', `{"id":"nested","verb":"raise","by":"x","plan":"fire","more":${nested(5000)}}`],
    ['wrong-by', JSON.stringify({ id: 'wrong-by', verb: 'raise', by: 7, plan: 'fire' })],
    ['no-verb', JSON.stringify({ id: 'no-verb', by: 'x' })],
    ['wrong-verb', JSON.stringify({ id: 'wrong-verb', verb: ['raise'], by: 'x' })],
    ['proto-verb', JSON.stringify({ id: 'proto-verb', verb: 'constructor', by: 'x' })],
    ['proto', '{"id":"proto","verb":"raise","by":"x","plan":"fire","__proto__":{"ok":true}}'],
    ['plan-number', JSON.stringify({ id: 'plan-number', verb: 'raise', by: 'x', plan: 5 })],
    ['plan-object', JSON.stringify({ id: 'plan-object', verb: 'raise', by: 'x', plan: { toString: 1 } })],
    ['proto-plan', JSON.stringify({ id: 'proto-plan', verb: 'raise', by: 'x', plan: '__proto__' })],
    [
      'proto-incident',
      JSON.stringify({ id: 'proto-incident', verb: 'ack', by: 'x', incident: 'constructor' }),
    ],
    [
      'proto-output',
      JSON.stringify({
        id: 'proto-output',
        verb: 'output',
        by: 'x',
        output: '__proto__',
        value: true,
        for: '1s',
      }),
    ],
    [
      'proto-point',
      JSON.stringify({ id: 'proto-point', verb: 'disable', by: 'x', point: 'toString', reason: 'z' }),
    ],
    [
      'for-number',
      JSON.stringify({ id: 'for-number', verb: 'output', by: 'x', output: 'siren', value: true, for: 1e308 }),
    ],
    [
      'for-endless',
      JSON.stringify({
        id: 'for-endless',
        verb: 'output',
        by: 'x',
        output: 'siren',
        value: true,
        for: '999999999d',
      }),
    ],
    [
      'long-note',
      JSON.stringify({ id: 'long-note', verb: 'raise', by: 'x', plan: 'fire', note: 'n'.repeat(10_000) }),
    ],
    ['from-negative', JSON.stringify({ id: 'from-negative', verb: 'replay', by: 'x', from: -5 })],
    ['from-float', JSON.stringify({ id: 'from-float', verb: 'replay', by: 'x', from: 1.5 })],
    ['broken', '{"id":"broken","verb":"raise","by":"x","plan":'],
  ];
  const dropped: readonly (string | Buffer)[] = [
    ' ',
    'null',
    '[]',
    '"text"',
    '12',
    '{}',
    '{"id":5,"verb":"raise","by":"x","plan":"fire"}',
    `{"id":"${'i'.repeat(200)}","verb":"raise","by":"x","plan":"fire"}`,
    nested(20_000),
    '['.repeat(100_000),
    Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80]),
    Buffer.alloc(5_000_000, 0x41),
    JSON.stringify({ id: 'huger', verb: 'raise', plan: 'fire', by: 'x', note: 'y'.repeat(1_000_000) }),
    Buffer.concat([
      Buffer.from('{"verb":"raise","by":"x","plan":"fire","z":"'),
      Buffer.from([0xff, 0xc0]),
      Buffer.from('"}'),
    ]),
  ];

  test('are answered or dropped, change nothing, and the daemon still raises an alarm', {
    timeout: 60_000,
  }, async () => {
    const replies = () => seen.json(`${base}/reply`);
    for (const [id, payload] of answered) {
      await publish(broker.port, `${base}/command`, payload);
      await seen.until(`an answer to ${id}`, () => replies().some((reply) => reply.id === id));
      expect(replies().filter((reply) => reply.id === id)).toEqual([
        {
          id,
          ok: false,
          code: expect.stringMatching(/^(badRequest|notFound|unknownVerb)$/),
          message: expect.stringMatching(/./),
        },
      ]);
    }
    for (const payload of dropped) await publish(broker.port, `${base}/command`, payload);
    for (const payload of [
      ' ',
      'null',
      '{"seq":"x"}',
      '{"seq":-1}',
      '{"seq":1e400}',
      Buffer.alloc(100_000, 0xff),
    ])
      await publish(broker.port, `${base}/receipt`, payload);
    expect(await command(seen, broker.port, { verb: 'ack', incident: 'none' })).toMatchObject({
      code: 'notFound',
    });
    expect(replies()).toHaveLength(answered.length + 1);
    expect(openedPlans(seen)).toEqual([]);
    expect(await slave.get('coil', 0)).toBe(0);
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    await sounds(1);
    expect(await command(seen, broker.port, { verb: 'silence' })).toMatchObject({ ok: true });
    expect(daemon.running()).toBe(true);
    expect(daemon.log.filter(({ level }) => level === 'fatal')).toEqual([]);
  });

  test('a flood of commands does not hold up an alarm', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) =>
      JSON.stringify({ id: `flood-${index}`, verb: 'raise', plan: 'nonsense', by: 'x' }),
    );
    const flood = spawn(
      'mosquitto_pub',
      ['-h', '127.0.0.1', '-p', String(broker.port), '-t', `${base}/command`, '-q', '1', '-l'],
      { stdio: ['pipe', 'ignore', 'ignore'] },
    );
    place.later(flood, () => flood.kill('SIGKILL'));
    flood.stdin.on('error', () => {}).end(`${lines.join('\n')}\n`);
    await seen.until('it is refused', () =>
      seen.json(`${base}/reply`).some(({ code }) => code === 'tooMany'),
    );
    const beganMs = performance.now();
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    await sounds(1);
    expect(performance.now() - beganMs).toBeLessThan(3000);
  });

  test('a retained command is no command', async () => {
    await publish(
      broker.port,
      `${base}/command`,
      JSON.stringify({ id: 'old', verb: 'raise', plan: 'fire', by: 'x' }),
      ['-r'],
    );
    await seen.until('while it runs it is one', () =>
      seen.json(`${base}/reply`).some(({ id }) => id === 'old'),
    );
    const before = openedPlans(seen).length;
    await daemon.kill();
    await publish(
      broker.port,
      `${base}/command`,
      JSON.stringify({ id: 'stale', verb: 'raise', plan: 'fire', by: 'x' }),
      ['-r'],
    );
    await seen.until('offline', () => shown(seen, 'status').state === 'offline');
    await place.start();
    await seen.until('online', () => shown(seen, 'status').state === 'online');
    expect(await command(seen, broker.port, { verb: 'ack', incident: 'none' })).toMatchObject({
      code: 'notFound',
    });
    expect(openedPlans(seen)).toHaveLength(before);
    expect(seen.json(`${base}/reply`).filter(({ id }) => id === 'stale')).toEqual([]);
  });
});

describe.skipIf(!able)('the embedded broker', () => {
  test('serves a witness and takes commands, only on this machine unless told, and with its password only', async () => {
    const port = await freePort();
    place.write(
      siteOf(
        'embedded',
        alarmSite(slave.port, {
          mqtt: { listen: `127.0.0.1:${port}`, username: 'watch', password: 'over-the-store' },
        }),
      ),
    );
    const daemon = await place.start();
    expect((await daemon.said('started', ({ code }) => code === 'STARTED')).broker).toEqual({
      host: '127.0.0.1',
      port,
    });
    await expect(publish(port, 'any', 'thing')).rejects.toThrow(/refused|authori/i);
    const access = ['-u', 'watch', '-P', 'over-the-store'];
    const seen = await place.witness(port, `${base}/#`, access);
    await seen.until('online', () => shown(seen, 'status')?.state === 'online');
    await slave.set('discrete', 0, 1);
    const fire = await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    expect(await command(seen, port, { verb: 'ack', incident: fire.incident.id }, access)).toMatchObject({
      ok: true,
    });
    const late = await place.witness(port, `${base}/incident/+`, access);
    await late.until('the incident is retained', ({ length }) => length > 0);
    expect(shown(late, `incident/${fire.incident.id}`)).toMatchObject({ state: 'acknowledged' });
    await daemon.kill();
    const again = await place.start();
    const after = await place.witness(port, `${base}/#`, access);
    await after.until(
      'the incident again',
      () => shown(after, `incident/${fire.incident.id}`)?.state === 'acknowledged',
    );
    expect(await again.stop()).toBe(0);
  });

  test('with its port taken by another: the daemon says why and ends with 1', async () => {
    const other = await startMosquitto();
    place.later(other, () => other.stop());
    place.write(siteOf('embedded', alarmSite(slave.port, { mqtt: { listen: `127.0.0.1:${other.port}` } })));
    const daemon = place.spawn();
    expect((await daemon.ended).code).toBe(1);
    expect(daemon.stderr()).toMatch(/^keepwatch: not started: [^\n]*\n$/);
    expect(daemon.stderr()).toContain(String(other.port));
  });
});
