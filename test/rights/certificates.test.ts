// Client certificates with the configuration and the access list that are shipped: each gateway reaches its own branch
// alone, and whoever may not come in is told why. Certificates are made by OpenSSL, the broker is mosquitto, the gateway
// the built daemon.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, certificateMaker, installed, startMosquitto, until } from '../support/broker.ts';
import { base, type Daemon, eventually, newPlace, type Place, siteOf } from '../support/daemon.ts';

const shipped = (name: string): string =>
  readFileSync(new URL(`../../config/mosquitto/${name}`, import.meta.url), 'utf8');

describe.skipIf(!installed('mosquitto', 'openssl'))('client certificates', { timeout: 60_000 }, () => {
  let folder: string;
  let broker: Broker;
  let place: Place;
  let made: ReturnType<typeof certificateMaker>;
  const at = (name: string): string => path.join(folder, name);
  const client = (file: string, subject: string, by = 'ca', days = 2): void =>
    made.certificate(file, subject, by, 'extendedKeyUsage=clientAuth', days);

  /** The list of what is revoked, as docs/security.md has it made. */
  const revoke = (...files: string[]): void => {
    writeFileSync(at('index.txt'), '');
    writeFileSync(
      at('ca.cnf'),
      `[ca]\ndefault_ca=ours\n[ours]\ndatabase=${at('index.txt')}\ndefault_md=sha256\ndefault_crl_days=30\n`,
    );
    const ca = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
    for (const file of files) made.openssl('ca', ...ca, '-revoke', `${file}.pem`);
    made.openssl('ca', ...ca, '-gencrl', '-out', 'revoked.pem');
  };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-certificates-'));
    made = certificateMaker(folder);
    chmodSync(folder, 0o755);
    made.authority('ca');
    made.authority('foreign');
    made.certificate('server', 'server', 'ca', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
    client('ours', 'store_0042');
    client('neighbour', 'store_0099');
    client('centre', 'centre');
    client('viewer', 'viewer');
    client('expired', 'store_0042', 'ca', -1);
    client('stolen', 'store_0042');
    client('unknown', 'store_0042', 'foreign');
    revoke('stolen');
    writeFileSync(at('keepwatch.acl'), shipped('acl'));
    // the shipped file, but for where things are
    const lines = shipped('mosquitto-certificates.conf')
      .replaceAll(/\/etc\/mosquitto\/(certs\/)?/g, `${folder}/`)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('listener '));
    expect(lines.length).toBeGreaterThan(10);
    broker = await startMosquitto([...lines, 'log_type all']);
  });
  afterEach(() => place?.leave());
  afterAll(async () => {
    await broker?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const gateway = async (file: string): Promise<Daemon> => {
    place = newPlace();
    const mqtt = { ca: at('ca.pem'), cert: at(`${file}.pem`), key: at(`${file}.key`) };
    place.write(siteOf(`mqtts://127.0.0.1:${broker.port}`, { mqtt, commands: { accept: 'signed' } }));
    return place.start();
  };
  const listen = async (file: string, topic: string) => {
    const seen: { topic: string; payload: string }[] = [];
    const listener: MqttClient = await connectAsync(`mqtts://127.0.0.1:${broker.port}`, {
      ca: readFileSync(at('ca.pem')),
      cert: readFileSync(at(`${file}.pem`)),
      key: readFileSync(at(`${file}.key`)),
      protocolVersion: 5,
      reconnectPeriod: 0,
    });
    place.later(listener, () => listener.end(true));
    listener.on('message', (on, payload) => seen.push({ topic: on, payload: payload.toString() }));
    await listener.subscribeAsync(topic, { qos: 1 });
    return { seen, listener };
  };
  const because = (): Promise<string> =>
    eventually(
      'the status says why',
      async () => String((await place.json('status')).mqtt.because ?? ''),
      (words) => words !== '',
    );

  test('a gateway speaks on its own branch, and the centre hears and commands it', async () => {
    await gateway('ours');
    const centre = await listen('centre', `${base}/#`);
    await until('online', () =>
      centre.seen.some(({ topic, payload }) => topic === `${base}/status` && payload.includes('"online"')),
    );
    await place.cli('raise', 'fire');
    await until('its events', () => centre.seen.some(({ topic }) => topic === `${base}/event`));
    await eventually(
      'nothing waits',
      async () => (await place.json('status')).mqtt.waiting,
      (waiting) => waiting === 0,
    );
    await centre.listener.publishAsync(`${base}/command`, '{"id":"c1","verb":"silence","by":"centre"}', {
      qos: 1,
    });
    await until('an answer', () =>
      centre.seen.some(({ topic, payload }) => topic === `${base}/reply` && payload.includes('notAllowed')),
    );
  });

  test('with the certificate of another gateway nothing reaches our branch, and it says why', async () => {
    place = newPlace();
    const centre = await listen('centre', `${base}/#`);
    const kept = centre.seen.length;
    const before = place;
    await gateway('neighbour');
    place.later(before, () => before.leave());
    await eventually(
      'refused',
      async () => JSON.stringify(await place.json('incidents', '--all')) + broker.output(),
      (told) => /Denied PUBLISH from .*store_0042/.test(told) || told.includes('does not authorise'),
    );
    const status = await place.json('status');
    expect(status.mqtt.waiting).toBeGreaterThanOrEqual(0);
    // what lay retained from before may have come; nothing new has
    expect(centre.seen.slice(kept).filter(({ topic }) => topic === `${base}/event`)).toEqual([]);
  });

  test('a gateway reads nobody else and may not command itself; a viewer writes nothing', async () => {
    place = newPlace();
    // mosquitto takes any subscription and sifts what it hands out
    const own = await listen('ours', 'keepwatch/v1/#');
    const watching = await listen('centre', 'keepwatch/v1/#');
    const neighbour = await listen('neighbour', 'keepwatch/v1/store_0099/receipt');
    const theirs = 'keepwatch/v1/store_0099/status';
    await neighbour.listener.publishAsync(theirs, '{"state":"online"}', { qos: 1 });
    await watching.listener.publishAsync(`${base}/receipt`, '{"seq":1}', { qos: 1 });
    await until('the centre has it', () => watching.seen.some(({ topic }) => topic === theirs));
    await until('we have what came after it', () =>
      own.seen.some(({ topic }) => topic === `${base}/receipt`),
    );
    expect(own.seen.filter(({ topic }) => !topic.startsWith(`${base}/`))).toEqual([]);
    const denied = (client: MqttClient, topic: string) =>
      client.publishAsync(topic, 'x', { qos: 1 }).then(
        () => 'taken',
        (fault: { code?: number }) => fault.code,
      );
    expect(await denied(own.listener, `${base}/command`)).toBe(135);
    expect(await denied(own.listener, `${base}/receipt`)).toBe(135);
    expect(await denied(own.listener, 'keepwatch/v1/store_0099/event')).toBe(135);
    const viewer = await listen('viewer', `${base}/status`);
    for (const topic of ['command', 'receipt', 'status', 'event', 'incident/i1'])
      expect(await denied(viewer.listener, `${base}/${topic}`)).toBe(135);
  });

  test.each([
    ['expired', /our client certificate has expired/],
    ['stolen', /our client certificate is revoked/],
    ['unknown', /does not know the authority of our client certificate|does not take our client certificate/],
  ])('a certificate that is %s is refused, in words that say so', async (file, words) => {
    await gateway(file);
    expect(await because()).toMatch(words);
    expect((await place.json('status')).mqtt.connected).toBe(false);
  });
});
