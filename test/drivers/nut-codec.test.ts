// The text of upsd against replies that NUT 2.8.0 gave and its developer guide prints: quotes, errors, lists cut at
// every position and broken off, noise, and what points make of the variables.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commands, createReplyReader, type Reply, shownValue, words } from '../../drivers/nut/codec.ts';
import { chop } from '../support/serial-bus.ts';

const list = [
  'BEGIN LIST VAR shop',
  'VAR shop device.mfr "Dummy \\\\\\"A\\\\\\""',
  'VAR shop ups.mfr "Dummy \\"A\\""',
  'VAR shop input.voltage "229.5"',
  'VAR shop ups.status "OL CHRG"',
  'END LIST VAR shop',
  '',
].join('\n');
const listed = new Map([
  ['device.mfr', 'Dummy \\"A\\"'],
  ['ups.mfr', 'Dummy "A"'],
  ['input.voltage', '229.5'],
  ['ups.status', 'OL CHRG'],
]);

function replies(pieces: Iterable<Uint8Array>): Reply[] {
  const reader = createReplyReader();
  return [...pieces].flatMap((piece) => [...reader.push(piece)]);
}

describe('upsd', () => {
  it('answers with lists, variables, errors and words', () => {
    const stream = Buffer.from(
      `${list}VAR shop ups.status "OB DISCHRG"\nERR DATA-STALE\nERR VAR-NOT-SUPPORTED\nOK\nOK Goodbye\n`,
    );
    const want = [
      { type: 'variables', ups: 'shop', values: listed },
      { type: 'variables', ups: 'shop', values: new Map([['ups.status', 'OB DISCHRG']]) },
      { type: 'error', word: 'DATA-STALE' },
      { type: 'error', word: 'VAR-NOT-SUPPORTED' },
      { type: 'ok' },
      { type: 'ok' },
    ];
    expect(replies([stream])).toEqual(want);
    for (let at = 0; at <= stream.length; at++)
      expect(replies([stream.subarray(0, at), stream.subarray(at)])).toEqual(want);
  });

  it('that breaks a list off has given none', () => {
    const cut = list.slice(0, list.indexOf('END'));
    expect(replies([Buffer.from(`${cut}ERR DATA-STALE\n`)])).toEqual([{ type: 'error', word: 'DATA-STALE' }]);
    expect(replies([Buffer.from(`${cut}END LIST VAR other\n`)])[0]).toMatchObject({ type: 'garbled' });
    expect(replies([Buffer.from('BEGIN LIST VAR shop\nVAR other a.b "1"\n')])[0]).toMatchObject({
      type: 'garbled',
    });
    const reader = createReplyReader();
    expect(reader.push(Buffer.from(cut))).toEqual([]);
    expect(reader.begun).toBe(true);
  });

  it('with noise is garbled or mended, never a value', () => {
    expect(words('VAR a b "unended')).toBeUndefined();
    expect(words('VAR a b "x"y')).toBeUndefined();
    expect(words('VAR  a "" c')).toEqual(['VAR', 'a', '', 'c']);
    expect(replies([Buffer.from('X'.repeat(70_000))])[0]).toMatchObject({ type: 'garbled' });
    const noise = fc
      .uint8Array({ maxLength: 100 })
      .map((bytes) => Uint8Array.from([...bytes.filter((byte) => byte < 0x80), 0x0a]));
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(noise, sizes, (bytes, each) => {
        const last = replies(chop(Buffer.concat([bytes, Buffer.from(list)]), each)).at(-1);
        expect(last).toEqual({ type: 'variables', ups: 'shop', values: listed });
      }),
    );
  });

  it('is asked in quotes where it must be', () => {
    expect(commands.list('shop')).toBe('LIST VAR shop\n');
    expect(commands.get('shop', 'ups.status')).toBe('GET VAR shop ups.status\n');
    expect(commands.password('a "b" \\')).toBe('PASSWORD "a \\"b\\" \\\\"\n');
  });
});

describe('a point', () => {
  const flag = (status: string, word: string) =>
    shownValue(new Map([['ups.status', status]]), { type: 'flag', flag: word });

  it('is a word of the status, a number, or a text', () => {
    expect(flag('OL CHRG', 'OB')).toBe(false);
    expect(flag('OB DISCHRG LB', 'OB')).toBe(true);
    expect(flag('OB DISCHRG LB', 'LB')).toBe(true);
    // no status is no good news
    expect(flag('', 'OB')).toBeNull();
    expect(flag('WAIT', 'OB')).toBeNull();
    expect(shownValue(new Map(), { type: 'flag', flag: 'OB' })).toBeNull();
    expect(shownValue(listed, { type: 'number', variable: 'input.voltage' })).toBe(229.5);
    expect(shownValue(listed, { type: 'number', variable: 'ups.mfr' })).toBeNull();
    expect(shownValue(listed, { type: 'number', variable: 'battery.charge' })).toBeNull();
    expect(shownValue(listed, { type: 'text', variable: 'ups.mfr' })).toBe('Dummy "A"');
  });
});
