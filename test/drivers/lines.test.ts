// Printer ports of fire panels against the bytes that their documents print: AFP-2800 event lines and a
// GST9000 block in GB18030, chopped at every position, with noise, too long, and with hostile patterns.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serial } from '../../drivers/serial/driver.ts';
import { createLineReader, type Framing, mostCharacters } from '../../drivers/serial/lines/codec.ts';
import { createDecoder } from '../../drivers/serial/lines/decode.ts';
import {
  compile,
  danger,
  patiently,
  SearchTimeout,
  search,
  stopped,
} from '../../drivers/serial/lines/pattern.ts';
import type { Host, PointAddress, Raw, Settings } from '../../src/driver.ts';
import { fakeLink } from '../support/ups.ts';

const afp: Framing = { encoding: 'latin1', start: ':', end: ';' };
const afpAlarm = 'ALARM Z001 1.1.Z1 AZF 1 ON MODULE 1 (28 CHAR) 12/08 01:23';
const afpMains = 'MAINS FAIL Z000 0.2.I5 MAINS FAIL 11/12 15:08';
const afpStream = Buffer.from(`:${afpAlarm};:${afpMains};`, 'latin1');

// a vendor note's block, byte for byte
const gst: Framing = { encoding: 'gb18030', start: '\x1b6', end: '\n\n' };
const gstBlock = Buffer.from(
  [
    '1B3630382F31322F3032202031373A32340A', // ESC 6 08/12/02  17:24
    '20203030342D3030340A', //   004-004
    '1B39CAD7B4CEBBF0BEAF0A', // ESC 9 首次火警
    'C8B9C2A5D2BBB2E3C9CFBFD50A', // 裙楼一层上空
    'B8D0D1CCCCBDB2E2C6F70A0A', // 感烟探测器
  ].join(''),
  'hex',
);
const gstText = '08/12/02  17:24\n  004-004\n\x1b9首次火警\n裙楼一层上空\n感烟探测器';

function readAll(framing: Framing, pieces: Iterable<Uint8Array>): string[] {
  const reader = createLineReader(framing);
  return [...pieces].flatMap((piece) => [...reader.push(piece).lines]);
}

function* chop(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('lines', () => {
  it('of an AFP-2800 and a GST9000, cut at every position', () => {
    for (let at = 0; at <= afpStream.length; at++) {
      expect(readAll(afp, [afpStream.subarray(0, at), afpStream.subarray(at)])).toEqual([afpAlarm, afpMains]);
    }
    for (let at = 0; at <= gstBlock.length; at++) {
      expect(readAll(gst, [gstBlock.subarray(0, at), gstBlock.subarray(at)])).toEqual([gstText]);
    }
    expect(readAll(gst, chop(gstBlock, [1]))).toEqual([gstText]);
  });

  it('end with a line feed or a carriage return where the site says nothing', () => {
    const framing: Framing = { encoding: 'utf-8', start: undefined, end: undefined };
    expect(readAll(framing, [Buffer.from('FIRE 1\r\nSYSTEM NORMAL\n\r\n火警\rhalf')])).toEqual([
      'FIRE 1',
      'SYSTEM NORMAL',
      '火警',
    ]);
  });

  it('are found after any noise', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (noise, sizes) => {
          const lines = readAll(afp, chop(Buffer.concat([noise, afpStream]), sizes));
          // noise may hold a colon of its own and so stand at the head of the line
          expect(lines.at(-2)!.endsWith(afpAlarm)).toBe(true);
          expect(lines.at(-1)).toBe(afpMains);
          const blocks = readAll(gst, chop(Buffer.concat([noise, gstBlock]), sizes));
          expect(blocks.at(-1)!.endsWith(gstText)).toBe(true);
        },
      ),
      // half a character of four bytes, and no more of it
      { examples: [[Uint8Array.of(0x81, 0x30), [1]]], numRuns: 1000 },
    );
  });

  it('are found after every noise of two bytes, and of the beginnings of long characters', () => {
    const noises: number[][] = [];
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) noises.push([first, second]);
      for (let third = 0; third < 256; third++) noises.push([first, 0x30, third], [0x81, 0x39, first, third]);
    }
    const head = gstBlock.subarray(0, 2);
    for (const noise of noises) {
      const bytes = Buffer.concat([Uint8Array.from(noise), head, Buffer.from('FIRE\n\n')]);
      for (const size of [1, bytes.length]) {
        const found = readAll(gst, chop(bytes, [size])).at(-1);
        if (!found?.endsWith('FIRE')) expect(found, `${noise} in pieces of ${size}`).toBe('FIRE');
      }
    }
  });

  it('in GB18030 are the same text in one piece and byte by byte', () => {
    // of one, two and four bytes, and beyond the first plane
    const text = '火警 A区—3号€ 㐂 ㋿ 😀 \u00e9\n';
    const bytes = Buffer.from('bbf0beaf2041c7f8a1aa33bac5a2e3208139ef3020', 'hex');
    const whole = new TextDecoder('gb18030').decode(bytes);
    for (const sizes of [[1], [2], [3], [5, 1], [bytes.length]]) {
      const decode = createDecoder('gb18030');
      expect([...chop(bytes, sizes)].map(decode).join('')).toBe(whole);
      const other = createDecoder('utf-8');
      expect([...chop(Buffer.from(text), sizes)].map(other).join('')).toBe(text);
    }
    expect(whole).not.toContain('\ufffd');
  });

  it('that never end are dropped, in bounded memory, and the next one is found', () => {
    const long = Buffer.alloc(3 * mostCharacters + 17, 'A');
    const sizes = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, (each) => {
        expect(readAll(afp, chop(Buffer.concat([Buffer.from(':'), long, afpStream]), each))).toEqual([
          afpAlarm,
          afpMains,
        ]);
        const plain: Framing = { encoding: 'utf-8', start: undefined, end: '\r\n' };
        expect(readAll(plain, chop(Buffer.concat([long, Buffer.from('\r\nFIRE 7\r\n')]), each))).toEqual([
          'FIRE 7',
        ]);
      }),
      { numRuns: 50 },
    );
    expect(createLineReader(afp).push(Buffer.concat([Buffer.from(':'), long])).dropped).toBe(1);
  });
});

describe('a pattern', () => {
  it('that may run for ever is refused', () => {
    const refused = [
      '(a+)+b',
      '(?:a|aa)+b',
      '(.*)*',
      '((ab)*c){2,}',
      '(?<x>\\d+)-\\k<x>',
      '(a)\\1',
      '(x+x+)+y',
      '([a-z]+\\s?)*$',
      '(?:A|B)*',
    ];
    for (const source of refused) expect(danger(source), source).toBeDefined();
    expect(() => compile('match', '(a+)+b')).toThrowError(
      expect.objectContaining({ name: 'AddressFault', key: 'match' }),
    );
    expect(() => compile('match', '(a+)+b')).toThrowError(/repetition inside a repeated group/);
  });

  it('of the ordinary kind is not', () => {
    const fine = [
      'ALARM Z\\d+',
      '首次火警|火警后续',
      '^FIRE .*ZONE (\\d+)',
      '[(+*]+',
      '\\(a+\\)+',
      '(?:RESET|SYSTEM NORMAL)',
      '(\\d{3})-(\\d{3})',
      '(?:\\d{2}[/:]){2}',
      '(?<loop>\\d{3})-(?<point>\\d{3})',
      '[^;]*;',
      '(FIRE)?',
      '[\\]a]+',
      '(?:A|B){2}',
    ];
    for (const source of fine) expect(danger(source), source).toBeUndefined();
    expect(compile('match', '首次火警.*感烟').test(gstText)).toBe(true); // across lines
  });

  it('that is none is refused with the reason', () => {
    expect(() => compile('clear', '(unclosed')).toThrowError(
      expect.objectContaining({ name: 'AddressFault', key: 'clear' }),
    );
    expect(() => compile('match', '')).toThrowError(/every line/);
  });

  it('that is slow all the same is stopped', () => {
    const slow = compile('match', 'A.*A.*A.*A.*B');
    const began = performance.now();
    expect(() => search(slow, 'A'.repeat(mostCharacters))).toThrowError(SearchTimeout);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(search(slow, 'xAAAA B')?.[0]).toBe('AAAA B');
  });

  it('is searched again where the machine, not the pattern, was slow', () => {
    // each: [what the try gives, processor time that it has had]
    const run = (...tries: [string | typeof stopped, number][]) => {
      let spent = 0;
      const limits: number[] = [];
      const result = patiently(
        (limit) => {
          const [given, cost] = tries[limits.push(limit) - 1]!;
          spent += cost;
          return given;
        },
        () => spent,
      );
      return { result, limits };
    };
    expect(run(['ALARM', 1])).toEqual({ result: 'ALARM', limits: [50] });
    // suspended in the middle; busy for seconds
    expect(run([stopped, 0], ['ALARM', 1]).result).toBe('ALARM');
    expect(run([stopped, 0], [stopped, 3], [stopped, 9], ['ALARM', 1]).result).toBe('ALARM');
    // other threads had the processor in the meantime
    expect(run([stopped, 50], ['ALARM', 1]).result).toBe('ALARM');
    expect(run([stopped, 50], [stopped, 195])).toEqual({ result: stopped, limits: [50, 200] });
    // it ends even where there is no processor to be had
    expect(run([stopped, 0], [stopped, 0], [stopped, 0], [stopped, 0]).limits).toEqual([50, 200, 800, 3200]);
  });
});

const afpBus: Settings = {
  protocol: 'lines',
  path: '/dev/ttyUSB0',
  encoding: 'latin1',
  start: ':',
  end: ';',
};
const gstBus: Settings = {
  protocol: 'lines',
  host: '10.0.0.9',
  port: 4001,
  encoding: 'gb18030',
  start: '\x1b6',
  end: '\n\n',
};

function point(id: string, keys: Settings): PointAddress {
  return { id, device: 'panel', ...serial.point(afpBus, {}, keys) };
}

async function open(bus: Settings, points: readonly PointAddress[]) {
  const link = fakeLink();
  const emitted: [string, Raw][][] = [];
  const logged: { level: string; fields: object }[] = [];
  const host: Host = {
    link,
    points,
    outputs: [],
    emit: (values) => void emitted.push(values.map(([each, value]) => [each.id, value])),
    fail: () => {},
    log: {
      debug: (fields) => void logged.push({ level: 'debug', fields }),
      info: () => {},
      warn: (fields) => void logged.push({ level: 'warn', fields }),
      error: (fields) => void logged.push({ level: 'error', fields }),
    },
  };
  return { connection: await serial.open(bus, host), link, emitted, logged };
}

describe('a panel', () => {
  it('sets and clears points by its lines, alarm and reset of one chunk in order', async () => {
    const points = [
      point('panel.alarm', { match: '^ALARM', clear: '^RESET|SYSTEM NORMAL' }),
      point('panel.mains', { match: 'MAINS FAIL' }),
    ];
    const { link, emitted, logged, connection } = await open(afpBus, points);
    link.arrive(afpStream);
    link.arrive(Buffer.from(`:${afpAlarm};:RESET ALARM Z001 1.1.Z1 12/08 01:25;:ISOL Z002;`, 'latin1'));
    expect(emitted).toEqual([
      [
        ['panel.alarm', true],
        ['panel.mains', true],
      ],
      [
        ['panel.alarm', true],
        ['panel.alarm', false],
      ],
    ]);
    expect(logged.filter((each) => each.level === 'debug')).toHaveLength(5);
    expect(connection.read).toBeUndefined();
    await connection.close();
  });

  it('that clears in the words of its alarm does not set', async () => {
    const { link, emitted } = await open(afpBus, [
      point('panel.alarm', { match: 'ALARM', clear: 'RESET|CLEARED' }),
    ]);
    link.arrive(Buffer.from(':RESET ALARM Z001;:ALARM SELF CLEARED Z001;'));
    expect(emitted.flat()).toEqual([
      ['panel.alarm', false],
      ['panel.alarm', false],
    ]);
  });

  it('gives captured words and numbers', async () => {
    const points = [
      point('panel.fire', { match: '首次火警|火警后续', clear: '系统复位' }),
      point('panel.place', { match: '火警\\n(?<place>[^\\n]+)', capture: 'place' }),
      point('panel.loop', { match: '(\\d{3})-(\\d{3})', capture: 1, as: 'number' }),
      point('panel.device', { match: '火警\\n[^\\n]+\\n(.+)$', capture: 1 }),
    ];
    expect(points.map((each) => each.type)).toEqual(['bool', 'string', 'number', 'string']);
    expect(points.map((each) => (each.detail as { unasked: boolean }).unasked)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const { link, emitted } = await open(gstBus, points);
    for (const byte of gstBlock) link.arrive(Uint8Array.of(byte));
    expect(emitted).toEqual([
      [
        ['panel.fire', true],
        ['panel.place', '裙楼一层上空'],
        ['panel.loop', 4],
        ['panel.device', '感烟探测器'],
      ],
    ]);
  });

  it('whose line cannot be judged in time makes the point unknown, not quiet', async () => {
    const { link, emitted, logged } = await open(afpBus, [point('panel.alarm', { match: 'A.*A.*A.*A.*B' })]);
    link.arrive(Buffer.from(`:${'A'.repeat(4000)};`));
    expect(emitted).toEqual([[['panel.alarm', null]]]);
    expect(logged.filter((each) => each.level === 'error')).toHaveLength(1);
  });

  it('whose line may clear or may not, and does set, sets', async () => {
    const { link, emitted, logged } = await open(afpBus, [
      point('panel.alarm', { match: '^ALARM', clear: 'A.*A.*A.*A.*B' }),
    ]);
    link.arrive(Buffer.from(`:ALARM ${'A'.repeat(4000)};`));
    expect(emitted).toEqual([[['panel.alarm', true]]]);
    expect(logged.filter((each) => each.level === 'error')).toHaveLength(1);
  });

  it('with wrong keys is refused, with the key', () => {
    const key = (keys: Settings, bus: Settings = afpBus): string => {
      try {
        serial.point(bus, {}, keys);
      } catch (error) {
        return (error as { key: string }).key;
      }
      return 'accepted';
    };
    expect(key({})).toBe('match');
    expect(key({ match: '(a+)+' })).toBe('match');
    expect(key({ match: 'A', clear: '(' })).toBe('clear');
    expect(key({ match: 'A', capture: 1 })).toBe('capture');
    expect(key({ match: '(?<x>A)', capture: 'y' })).toBe('capture');
    expect(key({ match: '(?<x>A)|(B)', capture: 'x' })).toBe('accepted');
    expect(key({ match: '(A)', as: 'number' })).toBe('as');
    expect(key({ match: '(A)', capture: 1, clear: 'B' })).toBe('clear');
    expect(key({ match: 'A', read: 'load' })).toBe('read');
  });
});
