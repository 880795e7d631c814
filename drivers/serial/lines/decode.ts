// Bytes of a line to text, as they come, in any pieces; pure. Whatever comes is text: noise becomes U+FFFD and
// never takes a control character with it, nor stops what comes after. Knows nothing of lines.

export type Encoding = 'gb18030' | 'utf-8' | 'latin1';

/** Gives the text of the next bytes; the beginning of a character waits for its rest. Never throws. */
export type Decode = (bytes: Uint8Array) => string;

export function createDecoder(encoding: Encoding): Decode {
  if (encoding === 'gb18030') return gb18030();
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes, { stream: true });
}

/**
 * Cut into whole characters here: fed in pieces, the TextDecoder of Node 20 throws at 81 30 that nothing good follows
 * ("not valid for encoding gb18030"), which one spike on the line is enough for.
 */
function gb18030(): Decode {
  const decoder = new TextDecoder('gb18030', { ignoreBOM: true });
  let kept: Uint8Array = new Uint8Array(0);
  return (bytes) => {
    const all = kept.length > 0 ? Buffer.concat([kept, bytes]) : bytes;
    let text = '';
    /** everything from here to `at` is whole characters, not decoded yet */
    let from = 0;
    let at = 0;
    for (;;) {
      const length = at < all.length ? lengthAt(all, at) : undefined;
      if (length !== undefined && length > 0) {
        at += length;
        continue;
      }
      if (at > from) text += decoder.decode(all.subarray(from, at));
      if (length === undefined) break;
      text += '\ufffd';
      at += 1;
      from = at;
    }
    kept = all.slice(at);
    return text;
  };
}

/** Bytes of the character that begins here: 1, 2 or 4; 0: none begins here; undefined: the rest is yet to come. */
function lengthAt(bytes: Uint8Array, at: number): number | undefined {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first === 0x80 || first === 0xff) return 0;
  const second = bytes[at + 1];
  if (second === undefined) return undefined;
  if (second >= 0x40 && second !== 0x7f && second !== 0xff) return 2;
  if (!isDigit(second)) return 0;
  const third = bytes[at + 2];
  if (third === undefined) return undefined;
  if (third <= 0x80 || third === 0xff) return 0;
  const fourth = bytes[at + 3];
  if (fourth === undefined) return undefined;
  return isDigit(fourth) ? 4 : 0;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
