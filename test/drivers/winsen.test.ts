// Winsen's gas modules against the frames that their manuals print: asked and unasked, chopped at every position,
// in noise, warming up, and in the other mode. Where no manual prints a frame its sum was made by hand.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serial } from '../../drivers/serial/driver.ts';
import { checksum, createFrameReader, decode, modeRequest } from '../../drivers/serial/winsen/codec.ts';
import type { Settings } from '../../src/driver.ts';
import { chop, openSerialBus, pointOf, readPoints } from '../support/serial-bus.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

// MH-Z19B manual p. 7
const askFrame = hex('FF 01 86 00 00 00 00 00 79');
const carbonDioxide = hex('FF 86 02 20 00 00 00 00 58');
// bytes 6 and 7 are 15000: warming up. Sum made by hand
const warmingUp = hex('FF 86 01 9A 41 00 3A 98 CC');
// ZE07-CH2O manual p. 5: 42 µg/m³, 32 ppb
const formaldehydeAnswer = hex('FF 86 00 2A 00 00 00 20 30');
// quoted by several drivers of the ZE08-CH2O: 37 ppb of 5000
const formaldehydeUpload = hex('FF 17 04 00 00 25 13 88 25');
// layout of the ZE07-CO manual, sum by hand: 3.7 ppm of 500.0
const monoxideUpload = hex('FF 04 03 01 00 25 13 88 38');
const monoxideAnswer = hex('FF 86 00 25 00 00 13 88 BA');
// a comment in a public driver, with the sum of another gas
const spoiltUpload = hex('FF 04 03 01 00 25 13 88 25');

const ofModel = (model: string, more: Settings = {}): Settings => ({
  protocol: 'winsen',
  path: '/dev/ttyUSB0',
  model,
  ...more,
});

describe('a frame', () => {
  it('has the checksum of the manuals', () => {
    const printed = [
      askFrame,
      carbonDioxide,
      warmingUp,
      formaldehydeAnswer,
      formaldehydeUpload,
      monoxideUpload,
      monoxideAnswer,
      hex('FF 01 79 A0 00 00 00 00 E6'),
      hex('FF 01 79 00 00 00 00 00 86'),
      hex('FF 01 88 07 D0 00 00 00 A0'),
    ];
    for (const frame of printed) expect(checksum(frame)).toBe(frame[8]);
    expect(modeRequest('ask')).toEqual(hex('FF 01 78 41 00 00 00 00 46'));
    expect(modeRequest('upload')).toEqual(hex('FF 01 78 40 00 00 00 00 47'));
    expect(createFrameReader().push(spoiltUpload)).toEqual([]);
  });

  it('means what the manual says, by model and mode', () => {
    expect(decode(carbonDioxide, 'mh-z19b', 'ask')).toEqual({ carbonDioxide: 544, temperature: null });
    // byte 4 is the temperature plus 40; sum by hand
    const warm = hex('FF 86 02 20 40 00 00 00 18');
    expect(checksum(warm)).toBe(0x18);
    expect(decode(warm, 'mh-z19b', 'ask')).toEqual({ carbonDioxide: 544, temperature: 24 });
    expect(decode(warmingUp, 'mh-z19b', 'ask')).toEqual({ carbonDioxide: null, temperature: null });
    expect(decode(formaldehydeAnswer, 'ze08-ch2o', 'ask')).toEqual({
      formaldehydeMass: 42,
      formaldehyde: 32,
    });
    expect(decode(formaldehydeUpload, 'ze08-ch2o', 'upload')).toEqual({ formaldehyde: 37, fullRange: 5000 });
    expect(decode(monoxideUpload, 'ze07-co', 'upload')).toEqual({ carbonMonoxide: 3.7, fullRange: 500 });
    expect(decode(monoxideAnswer, 'ze07-co', 'ask')).toEqual({ carbonMonoxide: 3.7 });
    // of another gas, another mode, or our own request come back
    expect(decode(formaldehydeUpload, 'ze07-co', 'upload')).toBeUndefined();
    expect(decode(monoxideUpload, 'ze07-co', 'ask')).toBeUndefined();
    expect(decode(askFrame, 'mh-z19b', 'ask')).toBeUndefined();
  });

  it('is found cut at every position, after an echo and after noise', () => {
    const stream = Buffer.concat([askFrame, formaldehydeUpload, carbonDioxide]);
    for (let at = 0; at <= stream.length; at++) {
      const reader = createFrameReader();
      const frames = [...reader.push(stream.subarray(0, at)), ...reader.push(stream.subarray(at))];
      expect(frames).toEqual([askFrame, formaldehydeUpload, carbonDioxide]);
    }
    // every frame is sent twice: noise that ends like the head of a frame may cost the first
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), sizes, (noise, each) => {
        const reader = createFrameReader();
        const pieces = chop(Buffer.concat([noise, carbonDioxide, carbonDioxide]), each);
        expect([...pieces].flatMap((piece) => [...reader.push(piece)]).at(-1)).toEqual(carbonDioxide);
      }),
    );
  });
});

describe('a module that is asked', () => {
  const bus = ofModel('mh-z19b');
  const points = ['carbonDioxide', 'temperature'].map((read) => pointOf(bus, `air.${read}`, { read }));

  it('answers, and while it warms up has no value', async () => {
    const { connection, link } = await openSerialBus(bus, points);
    const first = readPoints(connection, points);
    expect(link.written).toEqual([askFrame]);
    link.arrive(warmingUp);
    expect(await first).toEqual([null, null]);
    const second = readPoints(connection, points);
    link.arrive(Buffer.concat([askFrame, carbonDioxide.subarray(0, 3)]));
    link.arrive(carbonDioxide.subarray(3));
    expect(await second).toEqual([544, null]);
  });

  it('that is silent, spoilt, late, or in the other mode', async () => {
    const monoxide = ofModel('ze07-co', { mode: 'ask' });
    const co = [pointOf(monoxide, 'co.ppm', { read: 'carbonMonoxide' })];
    const { connection, link, emitted } = await openSerialBus(monoxide, co);
    expect(link.written).toEqual([]);
    const ending = async (bytes: Uint8Array | undefined): Promise<unknown> => {
      const given = new AbortController();
      const answer = readPoints(connection, co, given.signal);
      if (bytes) link.arrive(bytes);
      given.abort();
      return answer.catch((error: unknown) => error);
    };
    expect(await ending(undefined)).toMatchObject({ kind: 'timeout' });
    link.arrive(monoxideAnswer); // late, thrown away
    expect(emitted).toEqual([]);
    expect(await ending(spoiltUpload)).toMatchObject({ kind: 'garbled' });
    expect(await ending(monoxideUpload)).toMatchObject({
      kind: 'foreign',
      message: expect.stringContaining('mode: upload'),
    });
  });
});

describe('a module that sends unasked', () => {
  const bus = ofModel('ze07-co');
  const points = ['carbonMonoxide', 'fullRange'].map((read) => pointOf(bus, `co.${read}`, { read }));

  it('answers a read with its next frame, and what nobody waits for is emitted at once', async () => {
    const { connection, link, emitted } = await openSerialBus(bus, points);
    const answer = readPoints(connection, points);
    link.arrive(monoxideUpload);
    expect(await answer).toEqual([3.7, 500]);
    expect(emitted).toEqual([]);
    link.arrive(monoxideUpload);
    expect(emitted).toEqual([
      [
        ['co.carbonMonoxide', 3.7],
        ['co.fullRange', 500],
      ],
    ]);
    expect(link.written).toEqual([]);
  });

  it('that has died is noticed', async () => {
    const { connection } = await openSerialBus(bus, points);
    const given = new AbortController();
    const answer = readPoints(connection, points, given.signal);
    given.abort();
    await expect(answer).rejects.toMatchObject({ kind: 'timeout', message: 'the module sends nothing' });
  });

  it('is switched to its mode only where the site asks', async () => {
    const { link } = await openSerialBus(ofModel('ze07-co', { setMode: true }), points);
    expect(link.written).toEqual([hex('FF 01 78 40 00 00 00 00 47')]);
    const asked = await openSerialBus(ofModel('ze08-ch2o', { mode: 'ask', setMode: true }), []);
    expect(asked.link.written).toEqual([hex('FF 01 78 41 00 00 00 00 46')]);
  });
});

describe('the keys', () => {
  const key = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      return (error as { key: string }).key;
    }
    return 'accepted';
  };

  it('go together or are refused', () => {
    expect(key(() => serial.link({ protocol: 'winsen', path: '/dev/a' }))).toBe('model');
    expect(key(() => serial.link(ofModel('mh-z19b', { mode: 'upload' })))).toBe('mode');
    expect(key(() => serial.link(ofModel('mh-z19b', { setMode: true })))).toBe('setMode');
    expect(key(() => serial.link(ofModel('ze07-co', { setMode: true })))).toBe('accepted');
    expect(key(() => pointOf(ofModel('ze07-co'), 'a.b', { read: 'carbonDioxide' }))).toBe('read');
    expect(key(() => pointOf(ofModel('ze08-ch2o'), 'a.b', { read: 'formaldehydeMass' }))).toBe('read');
    expect(key(() => pointOf(ofModel('mh-z19b'), 'a.b', {}))).toBe('read');
    expect(serial.claims({ bus: ofModel('mh-z19b'), device: {} })).toHaveLength(1);
  });
});
