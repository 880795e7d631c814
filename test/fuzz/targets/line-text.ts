// Bytes of a line to text: the same in any pieces, never an error, and no control character is ever swallowed by noise
// before it.

import { createDecoder } from '../../../drivers/serial/lines/decode.ts';
import { must, mustEqual, outline, piecesOf, type Target } from '../target.ts';

export const lineText: Target = {
  name: 'line-text',
  what: 'GB18030, UTF-8 and Latin-1 in pieces: never an error, the same as in one piece, every control character is kept',
  seeds: [
    Uint8Array.of(0xca, 0xd7, 0xb4, 0xce, 0xbb, 0xf0, 0xbe, 0xaf, 0x0a),
    Uint8Array.of(0x81, 0x30, 0x81, 0x30, 0x84, 0x31, 0xa4, 0x37, 0x0a, 0x81, 0x30, 0x0a),
    Buffer.from('火 fire é\n'),
    Uint8Array.of(0x80, 0xff, 0x81, 0x39, 0xfe, 0x39, 0x0d, 0x81),
  ],
  words: [
    Uint8Array.of(0x81, 0x30),
    Uint8Array.of(0xfe, 0x39, 0xfe, 0x39),
    '火',
    '\n',
    Uint8Array.of(0x90, 0x30, 0x81, 0x30),
  ],
  executions: 1_000_000,
  run(bytes) {
    const seen: string[] = [];
    for (const encoding of ['gb18030', 'utf-8', 'latin1'] as const) {
      const whole = createDecoder(encoding)(bytes);
      const decode = createDecoder(encoding);
      mustEqual(piecesOf(bytes).map(decode).join(''), whole, `${encoding} in pieces`);
      must(whole.length <= bytes.length, 'more characters than bytes');
      let controls = 0;
      for (const byte of bytes) if (byte < 0x20) controls += 1;
      let kept = 0;
      for (let at = 0; at < whole.length; at += 1) if (whole.charCodeAt(at) < 0x20) kept += 1;
      must(kept === controls, () => `${encoding}: ${kept} of ${controls} control characters are left`);
      seen.push(`${whole.includes('\ufffd')} ${outline(bytes.length - whole.length)}`);
    }
    return seen.join(' ');
  },
};
