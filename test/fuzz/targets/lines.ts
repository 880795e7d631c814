// The stream of a printer port cut into lines, in every encoding and with every kind of start and end: the same in any
// pieces, no line empty or beyond its limit.

import { createLineReader, type Framing, mostCharacters } from '../../../drivers/serial/lines/codec.ts';
import { must, mustEqual, outline, piecesOf, type Target } from '../target.ts';
import { readLines } from './read-lines.ts';

const encodings = ['gb18030', 'utf-8', 'latin1'] as const;
const starts = [undefined, ':', '\x1b6', 'aab'];
const ends = [undefined, ';', '\n\n', 'aba', ':'];

function framingOf(choice: number): Framing {
  return {
    encoding: encodings[choice % 3]!,
    start: starts[Math.floor(choice / 3) % 4],
    end: ends[Math.floor(choice / 12) % 5],
  };
}

export const lines: Target = {
  name: 'lines',
  what: 'lines out of a stream by encoding, start and end: the same in any pieces, none empty, none beyond its limit',
  seeds: [
    ...[0, 1, 2, 3, 15, 27, 40, 59].map((choice) =>
      Buffer.concat([Uint8Array.of(choice), Buffer.from(':a b;\n:c;\r\n\n\x1b6x\n\n')]),
    ),
    Buffer.concat([
      Uint8Array.of(0),
      Uint8Array.of(0xca, 0xd7, 0x81, 0x30, 0x0a, 0x84, 0x31, 0xa4, 0x37, 0x0d),
    ]),
    Buffer.concat([Uint8Array.of(39), Buffer.from('aabxababaabaab')]),
  ],
  words: [
    '\n',
    '\r',
    ';',
    ':',
    '\x1b6',
    '\n\n',
    'aab',
    'aba',
    '火',
    Uint8Array.of(0x81, 0x30),
    Uint8Array.of(0x81, 0x30, 0x81, 0x30),
  ],
  largestBytes: 4000,
  executions: 200_000,
  run(bytes) {
    const framing = framingOf(bytes[0] ?? 0);
    const stream = bytes.subarray(1);
    const whole = readLines(framing, [stream]);
    mustEqual(readLines(framing, piecesOf(stream)), whole, 'in pieces');
    for (const line of whole.lines) {
      must(line.trim() !== '' && line.length <= mostCharacters, 'an empty line, or one beyond its limit');
      must(
        framing.end === undefined ? !/[\r\n]/.test(line) : !line.includes(framing.end),
        'a line with its end',
      );
    }
    // the same again and again is longer than any line may be
    const long = createLineReader(framing);
    for (let total = 0; total < 3 * mostCharacters && stream.length > 300; total += stream.length)
      for (const line of long.push(stream).lines)
        must(line.length <= mostCharacters, 'a line beyond its limit');
    return outline([framing.encoding.length, whole.dropped, whole.lines]);
  },
  endless: () => {
    const readers = Array.from({ length: 60 }, (_, choice) => createLineReader(framingOf(choice)));
    return (bytes) => void readers[(bytes[0] ?? 0) % 60]!.push(bytes);
  },
};
