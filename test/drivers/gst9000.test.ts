// The GST9000 preset against the block of the vendor's note, byte for byte, and blocks with its other words: cut at
// every position, in noise, without an end, filtered by loop and point.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlockReader, mostCharacters, parseBlock } from '../../drivers/serial/gst9000/codec.ts';
import { chop, openSerialBus, pointOf } from '../support/serial-bus.ts';

const bus = { protocol: 'gst9000', path: '/dev/ttyUSB0' };
const hex = (...parts: string[]): Buffer => Buffer.from(parts.join(''), 'hex');

const head = ['1B3630382F31322F3032202031373A32340A', '20203030342D3030340A']; // ESC 6 08/12/02  17:24, 004-004
const place = ['C8B9C2A5D2BBB2E3C9CFBFD50A', 'B8D0D1CCCCBDB2E2C6F70A0A']; // 裙楼一层上空, 感烟探测器
// the note's block: ESC 9 首次火警
const firstFire = hex(...head, '1B39CAD7B4CEBBF0BEAF0A', ...place);
// the same with the note's other words, by the code table of GB 2312
const furtherFire = hex(...head, '1B39BBF0BEAFBAF3D0F80A', ...place); // 火警后续
const reset = hex(head[0]!, '1B39CFB5CDB3B8B4CEBB0A'); // 系统复位, and no blank line

const keysOf = {
  fire: { read: 'fire' },
  here: { read: 'fire', loop: 4, panelPoint: 4 },
  there: { read: 'fire', loop: 5 },
  loop: { read: 'fireLoop' },
  point: { read: 'firePoint' },
  location: { read: 'fireLocation' },
  detector: { read: 'fireDetector' },
};

async function panel(...names: (keyof typeof keysOf)[]) {
  const points = names.map((name) => pointOf(bus, `panel.${name}`, keysOf[name]));
  return { ...(await openSerialBus(bus, points)), points };
}

const blocksOf = (pieces: Iterable<Uint8Array>): string[] => {
  const reader = createBlockReader();
  return [...pieces].flatMap((piece) => [...reader.push(piece).blocks]);
};

describe('a block', () => {
  it('is found after the beginning of a four-byte character that nothing good follows', () => {
    const noise = hex('8130');
    const bytes = Buffer.concat([noise, firstFire]);
    expect(blocksOf([...bytes].map((byte) => Uint8Array.of(byte)))).toHaveLength(1);
  });

  it('of the note is a fire with its place', () => {
    const [block] = blocksOf([firstFire]);
    expect(parseBlock(block!)).toEqual({
      type: 'fire',
      first: true,
      loop: 4,
      point: 4,
      location: '裙楼一层上空',
      detector: '感烟探测器',
    });
    expect(parseBlock(blocksOf([furtherFire])[0]!)).toMatchObject({ type: 'fire', first: false, loop: 4 });
    expect(parseBlock(blocksOf([reset])[0]!)).toEqual({ type: 'reset' });
    expect(parseBlock('08/12/02  17:24\n\x1b9联动启动')).toBeUndefined();
  });

  it('is found cut at every position, byte by byte, and after any noise', () => {
    const stream = Buffer.concat([firstFire, reset, furtherFire]);
    const types = (blocks: readonly string[]) => blocks.map((block) => parseBlock(block)?.type);
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(types(blocksOf([stream.subarray(0, cut), stream.subarray(cut)]))).toEqual([
        'fire',
        'reset',
        'fire',
      ]);
    }
    expect(types(blocksOf(chop(stream, [1])))).toEqual(['fire', 'reset', 'fire']);
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), sizes, (noise, each) => {
        const blocks = blocksOf(chop(Buffer.concat([noise, stream]), each));
        expect(types(blocks).slice(-3)).toEqual(['fire', 'reset', 'fire']);
      }),
    );
  });

  it('that never ends is dropped, in bounded memory, and the next one is found', () => {
    const reader = createBlockReader();
    const long = Buffer.concat([hex('1B36'), Buffer.alloc(2 * mostCharacters, 'A')]);
    expect(reader.push(long)).toEqual({ blocks: [], dropped: 1 });
    expect(reader.push(firstFire).blocks).toHaveLength(1);
    // a fire whose blank line was lost is cut by the next block
    const blocks = blocksOf([firstFire.subarray(0, -2), reset]);
    expect(blocks.map((block) => parseBlock(block)?.type)).toEqual(['fire', 'reset']);
  });
});

describe('a panel', () => {
  it('sets its points unasked, and the system reset clears the fires', async () => {
    const all = await panel('fire', 'here', 'there', 'loop', 'point', 'location', 'detector');
    expect(all.connection.read).toBeUndefined();
    expect(all.points.every((each) => (each.detail as { unasked: boolean }).unasked)).toBe(true);
    for (const byte of firstFire) all.link.arrive(Uint8Array.of(byte));
    expect(all.emitted).toEqual([
      [
        ['panel.fire', true],
        ['panel.here', true],
        ['panel.loop', 4],
        ['panel.point', 4],
        ['panel.location', '裙楼一层上空'],
        ['panel.detector', '感烟探测器'],
      ],
    ]);
    all.emitted.length = 0;
    all.link.arrive(furtherFire);
    expect(all.emitted.flat()).toContainEqual(['panel.here', true]);
    all.emitted.length = 0;
    all.link.arrive(reset);
    expect(all.emitted).toEqual([
      [
        ['panel.fire', false],
        ['panel.here', false],
        ['panel.there', false],
      ],
    ]);
  });

  it('whose fire names no place may burn anywhere', async () => {
    const { link, emitted } = await panel('here', 'there');
    link.arrive(hex(head[0]!, '1B39CAD7B4CEBBF0BEAF0A', ...place));
    expect(emitted.flat()).toEqual([
      ['panel.here', true],
      ['panel.there', true],
    ]);
  });

  it('refuses wrong keys', () => {
    const key = (keys: object): string => {
      try {
        pointOf(bus, 'panel.x', { ...keys });
      } catch (error) {
        return (error as { key: string }).key;
      }
      return 'accepted';
    };
    expect(key({})).toBe('read');
    expect(key({ read: 'alarm' })).toBe('read');
    expect(key({ read: 'fire', panelPoint: '1.1.Z1' })).toBe('panelPoint');
    expect(key({ read: 'fire', panelZone: 1 })).toBe('panelZone');
    expect(key({ read: 'fire', loop: 4, panelPoint: '004' })).toBe('accepted');
  });
});
