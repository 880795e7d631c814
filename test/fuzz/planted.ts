// Parsers with a mistake that was put in on purpose, one of each kind that fuzzing is for: the proof that the fuzzer
// finds what it looks for. Nothing of the program uses them.

import { must, outline, type Target, textOf } from './target.ts';

/** A frame `0x7e LENGTH DATA… SUM` whose length is trusted: the sum is looked for behind the end of what came. */
export const trustedLength: Target = {
  name: 'planted-length',
  what: 'a length byte that is believed',
  seeds: [Uint8Array.of(0x7e, 2, 1, 2, 3)],
  run(bytes) {
    if (bytes[0] !== 0x7e || bytes.length < 4) return 'no frame';
    const length = bytes[1]!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let sum = 0;
    for (let at = 0; at < length; at += 1) sum += bytes[2 + at] ?? 0;
    return view.getUint8(2 + length) === (sum & 0xff) ? 'a frame' : 'a bad frame';
  },
};

/** Reads `key=value;`, and takes a key of three words in a row for granted that hides a state nobody thought of. */
export const hiddenState: Target = {
  name: 'planted-state',
  what: 'a state that takes three steps to reach',
  seeds: ['mode=run;'],
  words: ['mode=armed;', 'mode=test;', 'mode=run;'],
  run(bytes) {
    let armed = false;
    let tested = false;
    for (const part of textOf(bytes).split(';')) {
      const [key, value] = part.split('=');
      if (key !== 'mode') continue;
      if (value === 'armed') armed = true;
      else if (armed && value === 'test') tested = true;
      else if (tested && value === 'run') throw new TypeError('undefined is not a mode');
    }
    return `${armed} ${tested}`;
  },
};

/** A line reader that forgets what it holds when a piece ends in a carriage return. */
export const lossyPieces: Target = {
  name: 'planted-pieces',
  what: 'a reader of lines that is not the same in pieces',
  seeds: ['one\r\ntwo\r\n'],
  run(bytes) {
    const read = (pieces: readonly Uint8Array[]): string[] => {
      let pending = '';
      const lines: string[] = [];
      for (const piece of pieces) {
        const parts = (pending + textOf(piece)).split('\r\n');
        pending = parts.pop()!;
        if (pending.endsWith('\r')) pending = '';
        lines.push(...parts);
      }
      return lines;
    };
    const whole = read([bytes]);
    const half = bytes.length >> 1;
    const cut = read([bytes.subarray(0, half), bytes.subarray(half)]);
    must(cut.join('|') === whole.join('|'), () => `${cut.length} lines in pieces, ${whole.length} in one`);
    return outline(whole);
  },
};

/** Skips to the next mark, and stays where it is when there is none. */
export const endlessLoop: Target = {
  name: 'planted-loop',
  what: 'a loop that does not end',
  seeds: ['a:b:c'],
  run(bytes) {
    const text = Buffer.from(bytes).toString('latin1');
    let at = 0;
    let words = 0;
    while (at < text.length) {
      const mark = text.indexOf(':', at);
      if (mark < 0 && text[at] === '"') continue;
      at = mark < 0 ? text.length : mark + 1;
      words += 1;
    }
    return `${words}`;
  },
};

/** Keeps every line that it was ever given. */
export const growingReader: Target = {
  name: 'planted-growth',
  what: 'a reader that holds all it was given',
  seeds: ['x'.repeat(400)],
  run: (bytes) => outline(bytes),
  endless() {
    const kept: Uint8Array[] = [];
    return (bytes) => void kept.push(new Uint8Array(20_000 + bytes.length));
  },
};
