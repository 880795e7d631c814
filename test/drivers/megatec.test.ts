// The Megatec conversation with a UPS that answers, is silent, late or wrong: on a link of the test's own, on
// a serial line and behind a serial device server. Its lines are documented ones, none is of our making.

import { afterEach, describe, expect, it } from 'vitest';
import { serial } from '../../drivers/serial/driver.ts';
import { statusRequest } from '../../drivers/serial/megatec/codec.ts';
import type { Connection, Host, PointAddress, Raw, ReadRequest } from '../../src/driver.ts';
import { haveSocat } from '../support/serial-line.ts';
import { fakeLink, open as openLink, type PtyUps, startPtyUps } from '../support/ups.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

// NUT's testing table
const standbyLine = '(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r';
const onlineLine = '(215.0 195.0 230.0 014 49.0 22.7 30.0 00000000\r';
// Voltronic QGS, which some units answer: another layout, and dashes
const voltronicLine = '(234.9 50.0 229.8 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001\r';

const bus = { protocol: 'megatec', path: '/dev/ttyUSB0' };
const allNames = [
  'inputVoltage',
  'faultVoltage',
  'outputVoltage',
  'load',
  'frequency',
  'batteryVoltage',
  'temperature',
  'utilityFail',
  'batteryLow',
  'bypass',
  'upsFailed',
  'standby',
  'testInProgress',
  'shutdownActive',
  'beeperOn',
];

function point(read: string, device: Record<string, unknown> = {}): PointAddress {
  return { id: `ups.${read}`, device: 'ups', ...serial.point(bus, device, { read }) };
}

function request(points: readonly PointAddress[]): ReadRequest {
  return { device: 'ups', space: 'Q1', start: 0, length: 15, points };
}

const warnings: string[] = [];

async function open(link: Host['link']): Promise<Connection> {
  warnings.length = 0;
  const quiet = (): void => {};
  return serial.open(bus, {
    ...(link ? { link } : {}),
    points: [],
    outputs: [],
    emit: quiet,
    fail: quiet,
    log: { debug: quiet, info: quiet, error: quiet, warn: (_fields, message) => void warnings.push(message) },
  });
}

describe('a UPS', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const clean of cleanUps.splice(0).reverse()) await clean();
  });

  it('answers all points with one request', async () => {
    const link = fakeLink();
    const connection = await open(link);
    const points = allNames.map((name) => point(name));
    expect(new Set(points.map((each) => each.space)).size).toBe(1);
    const answer = connection.read!(request(points), new AbortController().signal);
    expect(Buffer.concat(link.written).toString()).toBe('Q1\r');
    link.arrive(latin1(standbyLine));
    const values: Raw[] = [
      226,
      195,
      226,
      14,
      49,
      27.5,
      30,
      false,
      false,
      false,
      false,
      true,
      false,
      false,
      false,
    ];
    expect(await answer).toEqual(values);
  });

  it('per cell: needs the number of cells, and says so once', async () => {
    const link = fakeLink();
    const connection = await open(link);
    const line = latin1('(215.0 195.0 230.0 014 49.0 2.27 30.0 00000000\r');
    const points = [point('batteryVoltage'), point('batteryVoltage', { cells: 12 }), point('load')];
    for (let round = 0; round < 2; round++) {
      const answer = connection.read!(request(points), new AbortController().signal);
      link.arrive(line);
      expect(await answer).toEqual([null, 27.24, 14]);
    }
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('`cells`');
  });

  it('that is silent, talks rubbish, or answers late', async () => {
    const link = fakeLink();
    const connection = await open(link);
    const points = [point('load')];
    const silent = new AbortController();
    const first = connection.read!(request(points), silent.signal);
    silent.abort();
    await expect(first).rejects.toMatchObject({ name: 'DeviceFault', kind: 'timeout' });
    link.arrive(latin1(onlineLine)); // late, thrown away

    const noisy = new AbortController();
    const second = connection.read!(request(points), noisy.signal);
    link.arrive(latin1('\x00\xff\x12'));
    noisy.abort();
    await expect(second).rejects.toMatchObject({ kind: 'garbled' });

    for (const wrong of [voltronicLine, '(226.0 195.0 226.0 014 4\r', '(\r', '(NAK\r']) {
      const third = connection.read!(request(points), new AbortController().signal);
      link.arrive(latin1(wrong));
      await expect(third).rejects.toMatchObject({ kind: 'garbled' });
    }
    const fourth = connection.read!(request(points), new AbortController().signal);
    link.arrive(latin1(`9.0 27.5 30.0 00001000\r${standbyLine}`)); // the tail of an answer cut off before
    expect(await fourth).toEqual([14]);

    const gone = new AbortController();
    gone.abort();
    await expect(connection.read!(request(points), gone.signal)).rejects.toMatchObject({ kind: 'timeout' });
    const closing = connection.read!(request(points), new AbortController().signal);
    await connection.close();
    await expect(closing).rejects.toMatchObject({ kind: 'link' });
  });

  it.skipIf(!haveSocat())('on a serial line', async () => {
    const ups: PtyUps = await startPtyUps((command) => (command === 'Q1' ? latin1(standbyLine) : undefined));
    cleanUps.push(() => ups.close());
    const link = await openLink(serial.link({ protocol: 'megatec', path: ups.path })!);
    cleanUps.push(() => link.close());
    const connection = await open(link);
    const points = [point('inputVoltage'), point('utilityFail')];
    expect(await connection.read!(request(points), AbortSignal.timeout(5000))).toEqual([226, false]);

    ups.reply = () => latin1('(000.0 000.0 230.0 014 50.0 26.1 30.0 10001001\r');
    expect(await connection.read!(request(points), AbortSignal.timeout(5000))).toEqual([0, true]);

    ups.reply = () => undefined;
    await expect(connection.read!(request(points), AbortSignal.timeout(150))).rejects.toMatchObject({
      kind: 'timeout',
    });
    ups.say(latin1(standbyLine)); // nobody asked
    await new Promise((resolve) => setTimeout(resolve, 50));
    ups.reply = () => latin1(onlineLine);
    expect(await connection.read!(request(points), AbortSignal.timeout(5000))).toEqual([215, false]);
    expect(ups.commands).toEqual(['Q1', 'Q1', 'Q1', 'Q1']);
    expect(statusRequest).toEqual(Uint8Array.of(0x51, 0x31, 0x0d));
  });

  it('behind a serial device server: the simulated one', async () => {
    const { startUpsServer } = await import('../../drivers/simulator/ups-server.ts');
    const server = await startUpsServer({ port: 0 });
    cleanUps.push(() => server.close());
    const link = await openLink(serial.link({ protocol: 'megatec', host: '127.0.0.1', port: server.port })!);
    cleanUps.push(() => link.close());
    const connection = await open(link);
    const points = [
      point('inputVoltage'),
      point('utilityFail'),
      point('batteryLow'),
      point('batteryVoltage'),
    ];
    expect(await connection.read!(request(points), AbortSignal.timeout(5000))).toEqual([
      226,
      false,
      false,
      27.5,
    ]);
    Object.assign(server.fields, {
      onBattery: true,
      inputVoltage: 0,
      batteryVoltage: 23.4,
      batteryLow: true,
    });
    expect(await connection.read!(request(points), AbortSignal.timeout(5000))).toEqual([0, true, true, 23.4]);
    server.silent = true;
    await expect(connection.read!(request(points), AbortSignal.timeout(100))).rejects.toMatchObject({
      kind: 'timeout',
    });
  });
});
