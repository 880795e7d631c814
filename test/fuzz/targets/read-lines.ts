// A stream of bytes through the reader of lines, in the pieces in which it came.

import { createLineReader, type Framing } from '../../../drivers/serial/lines/codec.ts';

export function readLines(
  framing: Framing,
  pieces: readonly Uint8Array[],
): { lines: string[]; dropped: number } {
  const reader = createLineReader(framing);
  const lines: string[] = [];
  let dropped = 0;
  for (const piece of pieces) {
    const got = reader.push(piece);
    lines.push(...got.lines);
    dropped += got.dropped;
  }
  return { lines, dropped };
}
