// The courier over TLS with a client certificate and an access list, and every way in which the certificates
// can be wrong, each told in words.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MqttConfig } from '../../src/config/types.ts';
import {
  type Broker,
  type Certificates,
  installed,
  makeCertificates,
  startMosquitto,
  until,
} from '../support/broker.ts';
import { fastClock, type House, startHouse } from './house.ts';

const base = 'keepwatch/v1/store_0042';

describe.skipIf(!installed('mosquitto', 'openssl'))('TLS', { timeout: 20_000 }, () => {
  let folder: string;
  let pems: Certificates;
  let cleanups: (() => Promise<unknown>)[] = [];
  const text = (path: string): string => readFileSync(path, 'utf8');

  const serve = async (certificates: Certificates, lines: string[] = []): Promise<Broker> => {
    const broker = await startMosquitto([
      `cafile ${certificates.ca}`,
      `certfile ${certificates.serverCert}`,
      `keyfile ${certificates.serverKey}`,
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous false',
      ...lines,
    ]);
    cleanups.push(broker.stop);
    return broker;
  };
  const house = (url: string, config: Partial<MqttConfig>): House => {
    const started = startHouse({ url, config, clock: fastClock(10) });
    cleanups.push(() => started.courier.stop());
    return started;
  };
  const because = (one: House, words: RegExp): Promise<void> =>
    until(`${words}`, () => one.healths.some((health) => !health.ok && words.test(health.because)));
  const client = (): Partial<MqttConfig> => ({
    ca: text(pems.ca),
    cert: text(pems.clientCert),
    key: text(pems.clientKey),
  });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keepwatch-tls-'));
    pems = makeCertificates(folder);
  });
  afterEach(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
    cleanups = [];
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('a client certificate opens the door, the access list names what it may', async () => {
    const acl = join(folder, 'acl');
    writeFileSync(acl, `user gateway\ntopic readwrite ${base}/#\n`);
    const broker = await serve(pems, [`acl_file ${acl}`]);
    for (const host of ['localhost', '127.0.0.1']) {
      const one = house(`mqtts://${host}:${broker.port}`, { ...client(), clientId: `gateway-${host}` });
      one.commit(10);
      await until('delivered', () => one.store.outboxSize() === 0);
      expect(one.store.aside.size).toBe(0);
      expect(one.courier.state().protocol).toBe(5);
    }
  });

  test('an unknown authority', async () => {
    const broker = await serve(pems);
    const { ca: _ca, ...withoutCa } = client();
    const one = house(`mqtts://127.0.0.1:${broker.port}`, withoutCa);
    await because(one, /unknown authority|self-signed/);
  });

  test('another host name', async () => {
    const other = makeCertificates(mkdtempSync(join(folder, 'other-')), 'DNS:elsewhere.example');
    const broker = await serve(other);
    const one = house(`mqtts://127.0.0.1:${broker.port}`, {
      ca: text(other.ca),
      cert: text(other.clientCert),
      key: text(other.clientKey),
    });
    await because(one, /for another host name/);
  });

  test('an expired certificate', async () => {
    const old = makeCertificates(mkdtempSync(join(folder, 'old-')), 'IP:127.0.0.1', -1);
    const broker = await serve(old);
    const one = house(`mqtts://127.0.0.1:${broker.port}`, {
      ca: text(old.ca),
      cert: text(old.clientCert),
      key: text(old.clientKey),
    });
    await because(one, /has expired/);
  });

  test('no client certificate, and one of a stranger', async () => {
    const broker = await serve(pems);
    const none = house(`mqtts://127.0.0.1:${broker.port}`, { ca: text(pems.ca) });
    await because(none, /client certificate|authorise|reset|closed/);
    const stranger = house(`mqtts://127.0.0.1:${broker.port}`, {
      ca: text(pems.ca),
      cert: text(pems.strangerCert),
      key: text(pems.strangerKey),
    });
    await because(stranger, /client certificate|reset|closed/);
    expect(none.healths.concat(stranger.healths).some(({ ok }) => ok)).toBe(false);
  });

  test('a key that does not belong to the certificate', async () => {
    const broker = await serve(pems);
    const one = house(`mqtts://127.0.0.1:${broker.port}`, { ...client(), key: text(pems.strangerKey) });
    await because(one, /do not belong together/);
  });

  test('no TLS where mqtts is wanted', async () => {
    const plain = await startMosquitto();
    cleanups.push(plain.stop);
    const one = house(`mqtts://127.0.0.1:${plain.port}`, client());
    await because(one, /TLS|reset|closed/);
  });
});
