// The Megatec codec against the lines that NUT's testing table and the Best Power manual print, chopped, noisy
// and wrong. No expectation comes from an encoder of ours.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStatusReader, parseStatus } from '../../drivers/serial/megatec/codec.ts';

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
