// The printer stream of GST9000 panels: the same blocks however the stream is cut, and of each an event of the declared
// shape or none.

import { createBlockReader, mostCharacters, parseBlock } from '../../../drivers/serial/gst9000/codec.ts';
import { must, mustEqual, outline, piecesOf, type Target } from '../target.ts';

/** GB18030, as the panel prints it */
const fire = Buffer.from([0xca, 0xd7, 0xb4, 0xce, 0xbb, 0xf0, 0xbe, 0xaf]);
const further = Buffer.from([0xbb, 0xf0, 0xbe, 0xaf, 0xba, 0xf3, 0xd0, 0xf8]);
const reset = Buffer.from([0xcf, 0xb5, 0xcd, 0xb3, 0xb8, 0xb4, 0xce, 0xbb]);
const block = (what: Buffer, ...rest: string[]): Buffer =>
  Buffer.concat([Buffer.from('\x1b6 01-004  12:34\n\x1bU'), what, Buffer.from(`\n${rest.join('\n')}\n\n`)]);

function read(pieces: readonly Uint8Array[]): { blocks: string[]; dropped: number } {
  const reader = createBlockReader();
  const blocks: string[] = [];
  let dropped = 0;
  for (const piece of pieces) {
    const got = reader.push(piece);
    blocks.push(...got.blocks);
    dropped += got.dropped;
  }
  return { blocks, dropped };
}

export const gst9000: Target = {
  name: 'gst9000',
  what: 'blocks of a fire panel: the same in any pieces; a fire, a reset, or nothing known; no loop or point beyond 999',
  seeds: [
    block(fire, 'Hall 1', 'Smoke'),
    block(further, '2F', 'Heat'),
    Buffer.concat([Buffer.from('\x1b6 '), reset, Buffer.from('\r\n')]),
    Buffer.concat([block(fire, 'a', 'b'), block(reset)]),
  ],
  words: [
    '\x1b6',
    '\n\n',
    '\r\n',
    '1-2',
    '999-999',
    '\x1bU',
    fire,
    further,
    reset,
    Uint8Array.of(0x81, 0x30),
  ],
  largestBytes: 700,
  executions: 200_000,
  run(bytes) {
    const whole = read([bytes]);
    mustEqual(read(piecesOf(bytes)), whole, 'in pieces');
    const events = whole.blocks.map((each) => {
      must(each.length <= 2 * mostCharacters, 'a block beyond its limit');
      const event = parseBlock(each);
      if (event?.type === 'fire')
        for (const number of [event.loop, event.point])
          must(
            number === null || (Number.isInteger(number) && number >= 0 && number <= 999),
            () => `${number}`,
          );
      return event ?? 'unknown';
    });
    return `${whole.dropped} ${outline(events)}`;
  },
  endless: () => {
    const reader = createBlockReader();
    return (bytes) => void reader.push(bytes);
  },
};
