// The shipped configuration of mosquitto with passwords and its access list: who publishes what is denied is told so
// where the protocol can, and keeps its connection, because behind what is denied come alarms.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Broker, installed, makeCertificates, startMosquitto, until } from '../support/broker.ts';

const shipped = (name: string): string =>
  readFileSync(new URL(`../../config/mosquitto/${name}`, import.meta.url), 'utf8');
const settingOf = (file: string, key: string): string | undefined =>
  new RegExp(`^${key} (.*)$`, 'm').exec(shipped(file))?.[1];

// mosquitto up to 2.0.21 takes a 0, which stands for no limit, as "no room": it hangs up after each refusal
test.each(['mosquitto.conf', 'mosquitto-certificates.conf'])('%s bounds what waits', (file) => {
  expect(Number(settingOf(file, 'max_queued_messages'))).toBeGreaterThanOrEqual(1000);
});

describe.skipIf(!installed('mosquitto', 'mosquitto_passwd', 'openssl'))(
  'what is denied',
  { timeout: 30_000 },
  () => {
    let folder: string;
    let broker: Broker;
    let clients: MqttClient[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-denied-'));
      const { serverCert, serverKey } = makeCertificates(folder);
      writeFileSync(path.join(folder, 'keepwatch.acl'), shipped('acl'));
      const passwords = path.join(folder, 'keepwatch.passwd');
      writeFileSync(passwords, '');
      for (const name of ['store_0042', 'centre'])
        execFileSync('mosquitto_passwd', ['-b', passwords, name, 'pass'], { stdio: 'ignore' });
      // the shipped file, but for where things are
      const lines = shipped('mosquitto.conf')
        .replaceAll('/etc/mosquitto/certs/ca.pem', path.join(folder, 'authority.pem'))
        .replaceAll('/etc/mosquitto/certs/server.pem', serverCert)
        .replaceAll('/etc/mosquitto/certs/server.key', serverKey)
        .replaceAll('/etc/mosquitto/', `${folder}/`)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('listener '));
      expect(lines.length).toBeGreaterThan(10);
      broker = await startMosquitto(lines);
    });
    afterEach(() => {
      for (const client of clients) client.end(true);
      clients = [];
    });
    afterAll(async () => {
      await broker?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    const connect = async (username: string, protocolVersion: 4 | 5): Promise<MqttClient> => {
      const client = await connectAsync(`mqtts://127.0.0.1:${broker.port}`, {
        ca: readFileSync(path.join(folder, 'authority.pem')),
        username,
        password: 'pass',
        protocolVersion,
        reconnectPeriod: 0,
      } satisfies IClientOptions);
      clients.push(client);
      return client;
    };

    test.each([
      [4, 0],
      [4, 1],
      [4, 2],
      [5, 0],
      [5, 1],
      [5, 2],
    ] as const)(
      'under protocol %i at QoS %i the connection stays, and an event goes through',
      async (version, qos) => {
        const centre = await connect('centre', 5);
        const heard: string[] = [];
        centre.on('message', (topic) => heard.push(topic));
        await centre.subscribeAsync('keepwatch/v1/#', { qos: 1 });
        const gateway = await connect('store_0042', version);
        const closed: string[] = [];
        gateway.on('close', () => closed.push('closed'));
        gateway.on('disconnect', ({ reasonCode }) => closed.push(`reason ${reasonCode}`));
        for (const topic of ['keepwatch/v1/store_0099/event', 'keepwatch/v1/store_0042/command', 'elsewhere'])
          for (const retain of [false, true])
            await gateway.publishAsync(topic, 'x', { qos, retain }).then(
              // 3.1.1 knows no refusal, and QoS 0 no answer
              () => expect(version === 4 || qos === 0).toBe(true),
              (error: { code?: number }) => expect(error.code).toBe(135),
            );
        await gateway.publishAsync('keepwatch/v1/store_0042/event', 'y', { qos: 1 });
        await until('the event', () => heard.length > 0);
        expect(heard).toEqual(['keepwatch/v1/store_0042/event']);
        expect(gateway.connected).toBe(true);
        expect(closed).toEqual([]);
      },
    );
  },
);
