// The nut driver: its keys, a upsd of the test's own that is late or wrong, and a real upsd of Network UPS Tools with
// its dummy-ups, whose driver is stopped, killed and started again.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { nut } from '../../drivers/nut/driver.ts';
import type { Connection, Host, PointAddress, Settings } from '../../src/driver.ts';
import { haveNut, startNut } from '../support/nut.ts';
import { readPoints } from '../support/serial-bus.ts';
import { fakeLink, open as openLink } from '../support/ups.ts';

const bus = { host: '127.0.0.1' };

function point(read: string, more: Settings = {}, ups = 'shop'): PointAddress {
  return { id: `ups.${read}`, device: 'ups', ...nut.point(bus, { ups }, { read, ...more }) };
}

const failures: Error[] = [];
function open(link: Host['link'], settings: Settings = bus): Promise<Connection> {
  failures.length = 0;
  const quiet = (): void => {};
  return nut.open(settings, {
    ...(link ? { link } : {}),
    points: [],
    outputs: [],
    emit: quiet,
    fail: (fault) => void failures.push(fault),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
}

const fault = (run: () => unknown): { key: string; message: string; hint: string } => {
  try {
    run();
  } catch (error) {
    return error as { key: string; message: string; hint: string };
  }
  throw new Error('nothing was refused');
};

describe('the keys', () => {
  it('name a server, a UPS and a variable', () => {
    expect(nut.link(bus)).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 3493 });
    expect(nut.link({ ...bus, port: 4000 })).toMatchObject({ port: 4000 });
    expect(fault(() => nut.link({ ...bus, password: 'x' })).key).toBe('password');
    expect(point('ups.status:OB').type).toBe('bool');
    expect(point('input.voltage').type).toBe('number');
    expect(point('ups.model', { as: 'text' }).type).toBe('string');
    expect(fault(() => nut.point(bus, {}, { read: 'input.voltage' })).key).toBe('ups');
    expect(fault(() => nut.point(bus, { ups: 'a b' }, { read: 'input.voltage' })).key).toBe('ups');
    expect(fault(() => point('voltage')).key).toBe('read');
    // an alarm that would never sound
    expect(fault(() => point('ups.status:OBB')).hint).toContain('OB');
    expect(fault(() => point('input.voltage:OB')).key).toBe('read');
    expect(fault(() => point('ups.status:OB', { as: 'text' })).key).toBe('as');
    expect(nut.claims({ bus, device: { ups: 'shop' } })).toEqual(['ups shop']);
    expect(fault(() => nut.output(bus, {})).message).toContain('no outputs');
  });
});

describe('a upsd of the test', () => {
  const points = [point('ups.status:OB'), point('input.voltage')];
  const two =
    'BEGIN LIST VAR shop\nVAR shop ups.status "OB"\nVAR shop input.voltage "0.0"\nEND LIST VAR shop\n';
  const written = (link: ReturnType<typeof fakeLink>): string => Buffer.concat(link.written).toString();

  it('is asked once for many points, by name for one variable', async () => {
    const link = fakeLink();
    const connection = await open(link);
    const both = readPoints(connection, points);
    link.arrive(Buffer.from(two));
    expect(await both).toEqual([true, 0]);
    const one = readPoints(connection, [point('ups.status:OB'), point('ups.status:LB')]);
    link.arrive(Buffer.from('VAR shop ups.status "OB LB"\n'));
    expect(await one).toEqual([true, true]);
    const none = readPoints(connection, [point('battery.charge')]);
    link.arrive(Buffer.from('ERR VAR-NOT-SUPPORTED\n'));
    expect(await none).toEqual([null]);
    expect(written(link)).toBe('LIST VAR shop\nGET VAR shop ups.status\nGET VAR shop battery.charge\n');
  });

  it('that refuses never gives a value', async () => {
    const link = fakeLink();
    const connection = await open(link);
    for (const word of ['DATA-STALE', 'UNKNOWN-UPS', 'DRIVER-NOT-CONNECTED', 'ACCESS-DENIED', 'WHATEVER']) {
      const answer = readPoints(connection, points);
      link.arrive(Buffer.from(`ERR ${word}\n`));
      await expect(answer).rejects.toMatchObject({
        name: 'DeviceFault',
        kind: 'exception',
        message: expect.stringContaining(word),
      });
    }
    for (const [text, kind] of [
      ['VAR\n', 'garbled'],
      ['OK\n', 'garbled'],
      [two.replaceAll('shop', 'other'), 'foreign'],
    ] as const) {
      const answer = readPoints(connection, points);
      link.arrive(Buffer.from(text));
      await expect(answer).rejects.toMatchObject({ kind });
    }
  });

  it('that is late is not taken for the answer to the next question', async () => {
    const link = fakeLink();
    const connection = await open(link);
    const given = new AbortController();
    const late = readPoints(connection, points, given.signal);
    given.abort();
    await expect(late).rejects.toMatchObject({ kind: 'timeout' });
    const next = readPoints(connection, points);
    link.arrive(Buffer.from(two + two.replace('"OB"', '"OL"')));
    expect(await next).toEqual([false, 0]);
    link.arrive(Buffer.from('OK\n')); // to nothing: out of step for good
    expect(failures).toHaveLength(1);
    const closing = readPoints(connection, points);
    await connection.close();
    await expect(closing).rejects.toMatchObject({ kind: 'link' });
  });

  it('is signed in to first, where the site says so', async () => {
    const link = fakeLink();
    const opening = open(link, { ...bus, username: 'watch', password: 'a "b"' });
    link.arrive(Buffer.from('OK\n'));
    await new Promise((resolve) => setImmediate(resolve));
    link.arrive(Buffer.from('OK\n'));
    await opening;
    expect(written(link)).toBe('USERNAME "watch"\nPASSWORD "a \\"b\\""\n');
    const refused = open(link, { ...bus, username: 'watch' });
    link.arrive(Buffer.from('ERR INVALID-USERNAME\n'));
    await expect(refused).rejects.toThrow('upsd refuses the username: INVALID-USERNAME');
  });
});

describe.skipIf(!haveNut())('a real upsd with dummy-ups', () => {
  const clean: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const each of clean.splice(0).reverse()) await each();
  });

  it('gives status, numbers and texts, and nothing of a driver that has stopped', async () => {
    const server = await startNut(
      { shop: { driver: 'dummy-ups', port: '$FOLDER/shop.dev', pollinterval: '1' } },
      {
        'shop.dev':
          'ups.status: OL CHRG\ninput.voltage: 229.5\nups.mfr: "Acme \\"One\\""\nbattery.charge: 97\n',
      },
    );
    clean.push(() => server.stop());
    const settings = { ...bus, port: server.port, username: 'watch', password: 'secret' };
    const link = await openLink(nut.link(settings)!);
    clean.push(() => link.close());
    const connection = await open(link, settings);
    const points = [
      point('ups.status:OB'),
      point('input.voltage'),
      point('battery.charge'),
      point('ups.mfr', { as: 'text' }),
      point('battery.voltage'),
    ];
    const outcome = async (): Promise<string> => {
      try {
        return String(await readPoints(connection, points, AbortSignal.timeout(5000)));
      } catch (error) {
        return /\((.*)\)/.exec((error as Error).message)?.[1] ?? String(error);
      }
    };
    /** reads until the outcome is as wanted; everything on the way must match `before` */
    const until = async (want: string, before: RegExp): Promise<void> => {
      const endMs = Date.now() + 15_000;
      for (;;) {
        const now = await outcome();
        if (now === want) return;
        expect(now).toMatch(before);
        if (Date.now() > endMs) throw new Error(`never ${want}, now ${now}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    // while variables come in one by one some are new, some old, and some not there yet
    const values = /^(true|false|),[\d.]*,\d*,[^,]*,[\d.]*$/;
    const online = 'false,229.5,97,Acme "One",';
    const onBattery = 'true,0,80,Acme "One",12.1';
    await until(online, values);
    const unknown = readPoints(connection, [point('input.voltage', {}, 'garage')]);
    await expect(unknown).rejects.toMatchObject({ message: expect.stringContaining('UNKNOWN-UPS') });
    writeFileSync(
      join(server.folder, 'shop.dev'),
      'ups.status: OB DISCHRG\ninput.voltage: 0\nbattery.charge: 80\nbattery.voltage: 12.1\n',
    );
    await until(onBattery, values);
    server.driver('shop').kill('SIGSTOP');
    await until('DATA-STALE', /^true,0,80,/);
    server.driver('shop').kill('SIGCONT');
    await until(onBattery, /^DATA-STALE$/);
    server.driver('shop').kill('SIGKILL');
    await until('DRIVER-NOT-CONNECTED', /^true,0,80,|^DATA-STALE$|^,*$/);
    server.startDriver('shop');
    // a new driver has a maker of its own
    await until(onBattery.replace('Acme "One"', 'Dummy Manufacturer'), new RegExp(`^D|${values.source}`));
  }, 60_000);
});
