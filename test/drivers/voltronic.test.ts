// The Voltronic protocol against the lines of NUT's testing table and of two units in the field: chopped, noisy,
// refused, late and wrong. No expectation comes from an encoder of ours.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createStatusReader,
  parseStatus,
  statusLength,
  statusRequest,
} from '../../drivers/serial/voltronic/codec.ts';
import { chop, openSerialBus, pointOf, readPoints } from '../support/serial-bus.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

// NUT, drivers/voltronic testing table
const tableLine = '(234.9 50.0 229.8 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001\r';
// a line that a public reader of such a UPS quotes
const loadedLine = '(224.9 50.0 219.8 50.0 000.9 018 362.1 361.0 027.3 ---.- 020.3 100000000001\r';
// a unit that fills with dashes throughout, its bits too
const dashedLine = '(222.0 49.1 230.1 50.0 000.7 005 371.0 ----- 053.2 ----- 038.0 ------------\r';
const megatecLine = '(226.0 195.0 226.0 014 49.0 27.5 30.0 00001000\r';
const body = (line: string): string => line.slice(0, -1);
const bus = { protocol: 'voltronic', path: '/dev/ttyUSB0' };

describe('a QGS line', () => {
  it('of the testing table, whose beeper bit is inverted against Megatec', () => {
    expect(tableLine).toHaveLength(statusLength);
    expect(parseStatus(body(tableLine))).toEqual({
      inputVoltage: 234.9,
      inputFrequency: 50,
      outputVoltage: 229.8,
      outputFrequency: 50,
      outputCurrent: 0,
      load: 0,
      batteryVoltage: 26.5,
      temperature: 18.8,
      type: 'online',
      utilityFail: false,
      batteryLow: false,
      bypass: false,
      upsFailed: false,
      testInProgress: false,
      shutdownActive: false,
      beeperOn: true,
    });
    expect(parseStatus(body(loadedLine))).toMatchObject({
      load: 18,
      outputCurrent: 0.9,
      batteryVoltage: 27.3,
    });
  });

  it('with dashes has no value there', () => {
    expect(parseStatus(body(dashedLine))).toMatchObject({
      inputVoltage: 222,
      batteryVoltage: 53.2,
      temperature: 38,
      type: null,
      utilityFail: null,
      beeperOn: null,
    });
    const noBattery = tableLine.replace('026.5', '---.-');
    expect(parseStatus(body(noBattery))?.batteryVoltage).toBeNull();
  });

  it('with every bit in its place', () => {
    const line = (bits: string): string => `${tableLine.slice(0, 63)}${bits}`;
    const places: Readonly<Record<string, number>> = {
      utilityFail: 2,
      batteryLow: 3,
      bypass: 4,
      upsFailed: 5,
      testInProgress: 7,
      shutdownActive: 8,
    };
    for (const [name, place] of Object.entries(places)) {
      const bits = [...'000000000000'].map((bit, at) => (at === place ? '1' : bit)).join('');
      const status = parseStatus(line(bits))!;
      const on = Object.keys(places).filter((each) => status[each as keyof typeof status] === true);
      expect(on).toEqual([name]);
    }
    expect(parseStatus(line('000000000100'))?.beeperOn).toBe(false);
    expect(parseStatus(line('000000000000'))).toMatchObject({ type: 'standby', beeperOn: true });
    expect(parseStatus(line('010000000000'))?.type).toBe('lineInteractive');
    expect(parseStatus(line('110000000000'))?.type).toBeNull();
    // b6 and b1, b0 mean nothing that is known
    expect(parseStatus(line('000000100011'))).toEqual(parseStatus(line('000000000000')));
  });

  it('is nothing else, above all not a line that lost a byte', () => {
    expect(parseStatus(body(megatecLine))).toBeUndefined();
    for (let at = 0; at < 75; at++) {
      expect(parseStatus(tableLine.slice(0, at) + tableLine.slice(at + 1, 75))).toBeUndefined();
    }
  });

  it('is found cut at every position, and after any noise', () => {
    const whole = latin1(tableLine);
    for (let at = 0; at <= whole.length; at++) {
      const reader = createStatusReader();
      const heard = reader.push(whole.subarray(0, at)) ?? reader.push(whole.subarray(at));
      expect(heard).toEqual({ status: parseStatus(body(tableLine)) });
    }
    const noise = fc
      .uint8Array({ maxLength: 300 })
      .map((bytes) => bytes.map((byte) => (byte === 0x28 ? 0x29 : byte)));
    const before = fc.constantFrom('', 'QGS\r', '((', '(234.9 50.');
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(noise, before, sizes, (bytes, echo, each) => {
        const stream = Buffer.concat([bytes, latin1(echo), whole]);
        const reader = createStatusReader();
        let heard: ReturnType<typeof reader.push>;
        for (const piece of chop(stream, each)) heard ??= reader.push(piece);
        expect(heard).toEqual({ status: parseStatus(body(tableLine)) });
      }),
    );
  });
});

describe('a Voltronic UPS', () => {
  const points = ['inputVoltage', 'utilityFail', 'type'].map((read) => pointOf(bus, `ups.${read}`, { read }));

  it('answers all points with one request', async () => {
    const { connection, link } = await openSerialBus(bus, points);
    expect(points.map((each) => each.type)).toEqual(['number', 'bool', 'string']);
    const answer = readPoints(connection, points);
    expect(Buffer.concat(link.written).toString()).toBe('QGS\r');
    expect(statusRequest).toHaveLength(4);
    for (const byte of latin1(tableLine)) link.arrive(Uint8Array.of(byte));
    expect(await answer).toEqual([234.9, false, 'online']);
  });

  it('that refuses, is silent, talks rubbish, or answers late', async () => {
    const { connection, link } = await openSerialBus(bus, points);
    const refused = readPoints(connection, points);
    link.arrive(latin1('(NAK\r'));
    await expect(refused).rejects.toMatchObject({ name: 'DeviceFault', kind: 'exception' });

    const given = new AbortController();
    const silent = readPoints(connection, points, given.signal);
    given.abort();
    await expect(silent).rejects.toMatchObject({ kind: 'timeout' });
    link.arrive(latin1(tableLine)); // late, thrown away

    const wrong = readPoints(connection, points);
    link.arrive(latin1(megatecLine));
    await expect(wrong).rejects.toMatchObject({ kind: 'garbled' });

    const good = readPoints(connection, points);
    link.arrive(latin1(loadedLine));
    expect(await good).toEqual([224.9, false, 'online']);

    const closing = readPoints(connection, points);
    await connection.close();
    await expect(closing).rejects.toMatchObject({ kind: 'link' });
  });

  it('names what can be read', () => {
    expect(() => pointOf(bus, 'ups.x', { read: 'frequency' })).toThrowError(
      expect.objectContaining({ key: 'read', hint: expect.stringContaining('inputFrequency') }),
    );
    expect(() => pointOf(bus, 'ups.x', {})).toThrowError(expect.objectContaining({ key: 'read' }));
  });
});
