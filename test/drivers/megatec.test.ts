// Megatec Q1 against the lines that NUT's testing table and the Best Power manual print, chopped, noisy, late
// and wrong. No expectation comes from an encoder of ours.

import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { serial } from '../../drivers/serial/driver.ts';
import { createStatusReader, parseStatus, statusRequest } from '../../drivers/serial/megatec/codec.ts';
import type { Connection, Host, PointAddress, Raw, ReadRequest } from '../../src/driver.ts';
import { fakeLink, noPty, openPort, openSocket, type PtyUps, startPtyUps } from '../support/ups.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

// NUT's testing table, and a line logged from a unit in the field
const standbyLine = '(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r';
const onlineLine = '(215.0 195.0 230.0 014 49.0 22.7 30.0 00000000\r';
const fieldLine = '(209.7 209.7 219.7 020 50.0 41.8 23.3 00000001\r';
// Voltronic QGS, which some units answer: another layout, and dashes
const voltronicLine = '(234.9 50.0 229.8 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001\r';

const body = (line: string): string => line.slice(0, -1);

describe('a status line', () => {
  it('of a standby UPS', () => {
    expect(standbyLine).toHaveLength(47);
    expect(parseStatus(body(standbyLine))).toEqual({
      inputVoltage: 226,
      faultVoltage: 195,
      outputVoltage: 226,
      load: 14,
      frequency: 49,
      batteryVoltage: 27.5,
      perCell: false,
      temperature: 30,
      utilityFail: false,
      batteryLow: false,
      bypass: false,
      upsFailed: false,
      standby: true,
      testInProgress: false,
      shutdownActive: false,
      beeperOn: false,
    });
  });

  it('of on-line UPSs, whose SS.S is the whole battery and whose S.SS is one cell', () => {
    expect(parseStatus(body(onlineLine))).toMatchObject({
      batteryVoltage: 22.7,
      perCell: false,
      standby: false,
    });
    expect(parseStatus(body(fieldLine))).toMatchObject({
      batteryVoltage: 41.8,
      perCell: false,
      beeperOn: true,
    });
    expect(parseStatus('(215.0 195.0 230.0 014 49.0 2.27 30.0 00000000')).toMatchObject({
      batteryVoltage: 2.27,
      perCell: true,
    });
    // b3 says standby: actual volts, whatever the digits
    expect(parseStatus('(215.0 195.0 230.0 014 49.0 6.85 30.0 00001000')).toMatchObject({ perCell: false });
  });

  it('with every bit in its place', () => {
    const names = [
      'utilityFail',
      'batteryLow',
      'bypass',
      'upsFailed',
      'standby',
      'testInProgress',
      'shutdownActive',
      'beeperOn',
    ];
    for (const [index, name] of names.entries()) {
      const bits = [...'00000000'].map((bit, at) => (at === index ? '1' : bit)).join('');
      const status = parseStatus(`(226.0 195.0 226.0 014 49.0 27.5 30.0 ${bits}`)!;
      expect(names.filter((each) => status[each as keyof typeof status] === true)).toEqual([name]);
    }
  });

  it('with dashes has no value there', () => {
    expect(parseStatus('(226.0 ---.- 226.0 --- 49.0 --.- --.- 1000100-')).toMatchObject({
      inputVoltage: 226,
      faultVoltage: null,
      load: null,
      batteryVoltage: null,
      temperature: null,
      utilityFail: true,
      beeperOn: null,
    });
  });

  it('is nothing else, above all not a line that lost a byte', () => {
    expect(parseStatus(body(voltronicLine))).toBeUndefined();
    expect(parseStatus('#230.0 000 024.0 50.0')).toBeUndefined();
    for (let at = 0; at < 46; at++) {
      expect(parseStatus(standbyLine.slice(0, at) + standbyLine.slice(at + 1, 46))).toBeUndefined();
    }
    expect(parseStatus('(2.2.6 195.0 226.0 014 49.0 27.5 30.0 00001000')).toBeUndefined();
  });

  it('is found however it is chopped, after any noise', () => {
    // a line of noise without a bracket, with or without an end
    const noise = fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => bytes.map((byte) => (byte === 0x28 ? 0x29 : byte)));
    fc.assert(
      fc.property(
        noise,
        fc.constantFrom('', 'Q1\r', '((', '(226.0 19'),
        fc.integer({ min: 1, max: 60 }),
        (before, echo, size) => {
          const stream = Buffer.concat([before, latin1(echo), latin1(standbyLine)]);
          const reader = createStatusReader();
          let heard: ReturnType<typeof reader.push>;
          for (let at = 0; at < stream.length && !heard; at += size)
            heard = reader.push(stream.subarray(at, at + size));
          expect(heard).toEqual({ status: parseStatus(body(standbyLine)) });
        },
      ),
    );
  });

  it('never throws, and never grows', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { maxLength: 20 }), (pieces) => {
        const reader = createStatusReader();
        for (const piece of pieces) reader.push(piece);
      }),
    );
  });
});

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

  it.skipIf(noPty)(`on a serial line${noPty ? ` (skipped: ${noPty})` : ''}`, async () => {
    const ups: PtyUps = await startPtyUps((command) => (command === 'Q1' ? latin1(standbyLine) : undefined));
    cleanUps.push(() => ups.close());
    const link = await openPort(ups.path);
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
    const link = await openSocket(server.port);
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
