// ADAM-4000 modules in their ASCII protocol against the examples of the manual: several addresses on one line,
// checksums, refusals, silence, noise and replies of another module.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checksum, createReplyReader, decode, request } from '../../drivers/serial/adam-ascii/codec.ts';
import { serial } from '../../drivers/serial/driver.ts';
import { chop, openSerialBus, pointOf, readPoints } from '../support/serial-bus.ts';

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const bus = { protocol: 'adam-ascii', path: '/dev/ttyUSB0' };

const on = (bits: number): number[] =>
  Array.from({ length: 16 }, (_, channel) => channel).filter((channel) => (bits >> channel) & 1);

describe('a reply', () => {
  it('has its channels where the manual says', () => {
    // manual 7.1.2: ADAM-4050 at 33
    const digital = decode('112200', '4050')!;
    expect([on(digital.out), on(digital.in)]).toEqual([
      [0, 4],
      [1, 5],
    ]);
    // ADAM-4053 at 03: channels 8, 14 and 0, 5 are low
    const inputs = on(decode('BEDE00', '4053')!.in);
    expect(Array.from({ length: 16 }, (_, each) => each).filter((each) => !inputs.includes(each))).toEqual([
      0, 5, 8, 14,
    ]);
    // ADAM-4056S at 05: 0001 0111 1010, channel 11 first
    expect(on(decode('017A00', '4056S')!.out)).toEqual([1, 3, 4, 5, 6, 8]);
    // the zeros of the tail tell modules apart
    expect(decode('112200', '4060')).toBeUndefined();
    expect(on(decode('050000', '4060')!.out)).toEqual([0, 2]);
    expect(on(decode('810000', '4052')!.in)).toEqual([0, 7]);
    expect(decode('112201', '4050')).toBeUndefined();
    expect(decode('11220', '4050')).toBeUndefined();
    expect(decode('112200', '4099')).toBeUndefined();
  });

  it('and a request carry the checksum of appendix F where it is on', () => {
    expect(checksum('$07RH')).toBe('25');
    expect(checksum('!07+2.0500')).toBe('D8');
    expect(checksum('#05')).toBe('88');
    expect(request('33', false)).toEqual(latin1('$336\r'));
    // 24 + 33 + 33 + 36 = C0
    expect(request('33', true)).toEqual(latin1('$336C0\r'));
    // 21 + 31 + 31 + 32 + 32 + 30 + 30 = 147
    expect(createReplyReader(true).push(latin1('!11220047\r'))).toEqual({ digits: '112200' });
    expect(createReplyReader(true).push(latin1('!11220048\r'))).toEqual({ garbled: '!11220048' });
    expect(createReplyReader(true).push(latin1('!112200\r'))).toEqual({ garbled: '!112200' });
  });

  it('is found cut at every position, after an echo and any noise', () => {
    const whole = latin1('!112200\r');
    for (let at = 0; at <= whole.length; at++) {
      const reader = createReplyReader(false);
      expect(reader.push(whole.subarray(0, at)) ?? reader.push(whole.subarray(at))).toEqual({
        digits: '112200',
      });
    }
    const noise = fc
      .uint8Array({ maxLength: 200 })
      .map((bytes) => bytes.map((byte) => (byte === 0x21 || byte === 0x3f ? 0x20 : byte)));
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(noise, fc.constantFrom('', '$336\r', '!11', '?'), sizes, (bytes, before, each) => {
        const reader = createReplyReader(false);
        let reply: ReturnType<typeof reader.push>;
        const stream = Buffer.concat([bytes, latin1(before), whole]);
        for (const piece of chop(stream, each)) reply ??= reader.push(piece);
        expect(reply).toEqual({ digits: '112200' });
      }),
    );
  });
});

describe('modules on one line', () => {
  const doors = ['4050:in:1', '4050:in:2', '4050:out:4'].map((read) =>
    pointOf(bus, `doors.${read}`, { read }, { address: '33' }),
  );
  const smoke = [pointOf(bus, 'smoke.a', { read: '4053:in:14' }, { address: '0a' })];

  it('are asked by address, all channels of a module at once', async () => {
    const { connection, link } = await openSerialBus(bus, [...doors, ...smoke]);
    const first = readPoints(connection, doors);
    link.arrive(latin1('!112200\r'));
    expect(await first).toEqual([true, false, true]);
    const second = readPoints(connection, smoke);
    link.arrive(latin1('!BEDE00\r'));
    expect(await second).toEqual([false]);
    expect(Buffer.concat(link.written).toString()).toBe('$336\r$0A6\r');
    // a late reply would pass for any module's, so that they must wait for one another
    expect(new Set([...doors, ...smoke].map((each) => each.space)).size).toBe(1);
  });

  it('that refuse, are silent, or answer for another', async () => {
    const { connection, link } = await openSerialBus(bus, doors);
    const answered = async (text: string): Promise<unknown> => {
      const given = new AbortController();
      const answer = readPoints(connection, doors, given.signal);
      link.arrive(latin1(text));
      given.abort();
      return answer.catch((error: unknown) => error);
    };
    expect(await answered('?33\r')).toMatchObject({ kind: 'exception' });
    expect(await answered('?34\r')).toMatchObject({ kind: 'foreign' });
    expect(await answered('!11220\r')).toMatchObject({ kind: 'garbled' });
    // the tail of an ADAM-4053 is the same, that of a 4060 is not
    expect(await answered('!112233\r')).toMatchObject({ kind: 'garbled' });
    expect(await answered('\x00\xff')).toMatchObject({ kind: 'garbled' });
    const given = new AbortController();
    const silent = readPoints(connection, doors, given.signal);
    given.abort();
    await expect(silent).rejects.toMatchObject({ kind: 'timeout', message: 'module 33 does not answer' });
  });

  it('with the checksum', async () => {
    const { connection, link } = await openSerialBus({ ...bus, checksum: true }, doors);
    const answer = readPoints(connection, doors);
    expect(Buffer.concat(link.written).toString()).toBe('$336C0\r');
    link.arrive(latin1('!11220047\r'));
    expect(await answer).toEqual([true, false, true]);
  });

  it('have keys that are refused with a reason', () => {
    const fault = (keys: object, device: object): { key: string; hint: string } => {
      try {
        pointOf(bus, 'a.b', { ...keys }, { ...device });
      } catch (error) {
        return error as { key: string; hint: string };
      }
      throw new Error('accepted');
    };
    expect(fault({ read: '4050:in:0' }, {}).key).toBe('address');
    expect(fault({ read: '4050:in:7' }, { address: '01' }).hint).toBe('its inputs are 0 to 6');
    expect(fault({ read: '4060:in:0' }, { address: '01' }).hint).toBe('it has no inputs');
    expect(fault({ read: '4017:in:0' }, { address: '01' }).hint).toContain('4056S');
    expect(fault({ read: '3' }, { address: '01' }).key).toBe('read');
    expect(fault({}, { address: '01' }).key).toBe('read');
    const schema = z.strictObject(serial.keys.device);
    expect(schema.safeParse({ address: '0A' }).success).toBe(true);
    for (const address of ['A', '100', 'G0', 10]) expect(schema.safeParse({ address }).success).toBe(false);
    // two devices of one address are refused by what they claim
    expect(serial.claims({ bus, device: { address: '0a' } })).toEqual(['address 0A']);
  });
});
