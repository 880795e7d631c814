// Cuts the byte stream of a printer or event port into lines of text; pure. A line is what stands between
// `start` and `end`, in any encoding, however the bytes were chopped. Knows nothing of what lines mean.

import { createDecoder, type Encoding } from './decode.ts';

export interface Framing {
  readonly encoding: Encoding;
  /** what begins a line; undefined: a line begins where the last one ended */
  readonly start: string | undefined;
  /** what ends a line; undefined: a line feed or a carriage return */
  readonly end: string | undefined;
}

/** A longer line is dropped, and the next start (or end) is sought. */
export const mostCharacters = 4096;

export interface LineReader {
  /**
   * Takes the next bytes; gives the lines that they complete, in order, without their start and end and
   * never empty. `dropped` counts lines that were too long.
   */
  push(bytes: Uint8Array): { readonly lines: readonly string[]; readonly dropped: number };
}

interface Cut {
  readonly at: number;
  readonly length: number;
}

function endIn(text: string, end: string | undefined): Cut | undefined {
  const at = end === undefined ? text.search(/[\n\r]/) : text.indexOf(end);
  return at < 0 ? undefined : { at, length: end?.length ?? 1 };
}

/** How many characters at the end of `text` may be the beginning of `mark`. */
function overlap(text: string, mark: string): number {
  for (let length = Math.min(mark.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(mark.slice(0, length))) return length;
  }
  return 0;
}

export function createLineReader({ encoding, start, end }: Framing): LineReader {
  // decoded before it is cut: in GB18030 an ASCII letter may be the second half of a character
  const decode = createDecoder(encoding);
  let pending = '';
  /** inside a line: its start has been seen and taken off `pending` */
  let inside = start === undefined;
  /** a line without a start that grew too long: everything up to the next end belongs to it */
  let skipping = false;

  function next(): string | undefined {
    if (!inside && start !== undefined) {
      const at = pending.indexOf(start);
      if (at < 0) {
        pending = pending.slice(pending.length - overlap(pending, start));
        return undefined;
      }
      pending = pending.slice(at + start.length);
      inside = true;
    }
    const cut = endIn(pending, end);
    if (!cut) return undefined;
    const text = pending.slice(0, cut.at);
    pending = pending.slice(cut.at + cut.length);
    inside = start === undefined;
    return text;
  }

  /** A line whose end was lost runs into the next one: what follows the next start may be whole. */
  function rescue(text: string): string {
    let rest = text;
    while (start !== undefined && rest.length > mostCharacters) {
      const at = rest.indexOf(start);
      if (at < 0) return '';
      rest = rest.slice(at + start.length);
    }
    return rest.length > mostCharacters ? '' : rest;
  }

  return {
    push(bytes) {
      pending += decode(bytes);
      const lines: string[] = [];
      let dropped = 0;
      for (let text = next(); text !== undefined; text = next()) {
        const tooLong = text.length > mostCharacters;
        if (tooLong) dropped++;
        const line = skipping ? '' : rescue(text);
        skipping = false;
        if (line.trim() !== '') lines.push(line);
      }
      while (start !== undefined && inside && pending.length > mostCharacters) {
        dropped++;
        inside = false;
        next(); // goes to the next start; there is no end, or the loop above had found it
      }
      if (start === undefined && pending.length > mostCharacters) {
        if (!skipping) dropped++;
        skipping = true;
        pending = pending.slice(pending.length - (end === undefined ? 0 : overlap(pending, end)));
      }
      return { lines, dropped };
    },
  };
}
