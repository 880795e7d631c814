// A gateway that boots in 1970 and speaks TLS: its alarms get out before any time server answers, and not one broker is
// taken unverified for that. The clock is moved by libfaketime around the whole daemon, which OpenSSL inside Node sees
// as well.

import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openClockFloor } from '../../src/clock-floor.ts';
import {
  type Broker,
  type Certificates,
  installed,
  makeCertificates,
  startMosquitto,
  until,
} from '../support/broker.ts';
import { virtualClock } from '../support/clock.ts';
import { type Daemon, keepwatch, newPlace, type Place, siteOf } from '../support/daemon.ts';
import { fakeTime } from '../support/fake-time.ts';

const faketime = fakeTime();
const able = faketime !== undefined && installed('mosquitto', 'mosquitto_sub', 'openssl');

describe.skipIf(!able)('TLS with a clock in 1970', { timeout: 60_000 }, () => {
  let place: Place;
  let pems: Certificates;

  beforeEach(() => {
    place = newPlace();
    pems = makeCertificates(place.folder);
  });
  afterEach(() => place?.leave());

  /** A TLS door for the gateway and a plain one for the witness, on one broker. */
  async function serve(certificates: Certificates): Promise<{ broker: Broker; tlsPort: number }> {
    const broker = await startMosquitto([
      'allow_anonymous true',
      `cafile ${certificates.ca}`,
      `certfile ${certificates.serverCert}`,
      `keyfile ${certificates.serverKey}`,
    ]);
    place.later(broker, broker.stop);
    return { broker, tlsPort: broker.port };
  }

  function start(url: string, ca: string): Promise<Daemon> {
    const stamp = path.join(place.folder, 'clock');
    writeFileSync(stamp, `${-Math.floor(Date.now() / 1000) + 100}\n`);
    place.write({ ...siteOf('none', {}), mqtt: { url, ca } });
    return place.start({ env: faketime!(stamp) });
  }

  const because = async (words: RegExp): Promise<void> => {
    let said = '';
    const ask = async (): Promise<void> => {
      const { stdout } = await keepwatch(['status', '--json', '-c', place.file]);
      const { mqtt } = JSON.parse(stdout) as { mqtt: { connected: boolean; because?: string } };
      expect(mqtt.connected).toBe(false);
      said = mqtt.because ?? '';
    };
    while (!words.test(said)) await ask();
  };

  test('a broker with a good certificate is reached', async () => {
    const { tlsPort } = await serve(pems);
    const daemon = await start(`mqtts://localhost:${tlsPort}`, pems.ca);
    await until(
      'connected',
      () => daemon.log.some(({ message }) => message === 'connected to the broker'),
      20_000,
    );
    const { stdout } = await keepwatch(['status', '--json', '-c', place.file]);
    expect(JSON.parse(stdout)).toMatchObject({ mqtt: { connected: true, waiting: 0 } });
  });

  test('one of an unknown authority is not', async () => {
    const { tlsPort } = await serve(pems);
    const other = makeCertificates(mkdtempSync(path.join(place.folder, 'other-')));
    await start(`mqtts://localhost:${tlsPort}`, other.ca);
    await because(
      /not valid, whatever the time: (unable to get local issuer|self.signed)|unknown authority|not signed by/,
    );
  });

  test('one that has expired by any clock is not', async () => {
    const old = makeCertificates(mkdtempSync(path.join(place.folder, 'old-')), 'DNS:localhost', -1);
    const { tlsPort } = await serve(old);
    await start(`mqtts://localhost:${tlsPort}`, old.ca);
    await because(/not valid, whatever the time: certificate has expired/);
  });

  test('one for another host is not', async () => {
    const other = makeCertificates(mkdtempSync(path.join(place.folder, 'other-')), 'DNS:elsewhere.example');
    const { tlsPort } = await serve(other);
    await start(`mqtts://localhost:${tlsPort}`, other.ca);
    await because(/not valid, whatever the time: hostname mismatch/i);
  });
});

test('the floor is what was kept under a synchronised clock, and never before the program was made', () => {
  const notes = new Map<string, string>();
  const note = (key: string, value?: string): string | undefined => {
    if (value !== undefined) notes.set(key, value);
    return notes.get(key);
  };
  const builtMs = Date.UTC(2026, 0, 1);
  const clock = virtualClock(0);
  clock.setSynced(false);
  expect(openClockFloor({ clock, note, builtMs }).wrongUntilMs()).toBe(builtMs);

  const nowMs = Date.UTC(2026, 10, 22);
  clock.stepWall(nowMs);
  const floor = openClockFloor({ clock, note, builtMs });
  expect(floor.wrongUntilMs()).toBeUndefined();
  floor.look();
  expect(notes.size).toBe(0);
  clock.setSynced(true);
  floor.look();
  clock.stepWall(-nowMs);
  clock.setSynced(false);
  expect(openClockFloor({ clock, note, builtMs }).wrongUntilMs()).toBe(nowMs);
  expect(openClockFloor({ clock, note: () => 'rubbish', builtMs }).wrongUntilMs()).toBe(builtMs);
});
