// Replies of ADAM-4000 modules, with and without their checksum: digits of the model or none, the same in any pieces.

import {
  checksum,
  createReplyReader,
  decode,
  layouts,
  request,
} from '../../../drivers/serial/adam-ascii/codec.ts';
import { must, outline, type Target } from '../target.ts';
import { firstAnswer } from './answers.ts';

export const adamAscii: Target = {
  name: 'adam-ascii',
  what: 'a reply of six digits between noise: with a checksum only the right one; channels inside their model',
  seeds: [
    '!112200\r',
    '?01\r',
    `!0F0300${checksum('!0F0300')}\r`,
    '$016\r!000000\r',
    '\x00!FFFF00\r',
    Buffer.from(request('01', true)),
  ],
  words: ['!', '?', '\r', '0000', 'FFFF', '$016', checksum('!112200')],
  executions: 1_000_000,
  run(bytes) {
    const seen: string[] = [];
    for (const withChecksum of [false, true]) {
      const reply = firstAnswer(() => createReplyReader(withChecksum), bytes);
      if (reply === undefined) continue;
      seen.push(outline(reply));
      if (!('digits' in reply)) continue;
      must(/^[0-9A-Fa-f]{6}$/.test(reply.digits), 'six digits');
      if (withChecksum) {
        const said = `!${reply.digits}${checksum(`!${reply.digits}`)}`.toUpperCase();
        must(
          Buffer.from(bytes).toString('latin1').toUpperCase().includes(said),
          'a reply with a bad checksum',
        );
      }
      for (const model of Object.keys(layouts)) {
        const channels = decode(reply.digits, model);
        if (channels === undefined) continue;
        for (const each of [channels.in, channels.out])
          must(Number.isInteger(each) && each >= 0 && each <= 0xffff, () => `${model}: ${each}`);
      }
    }
    return seen.join(' ');
  },
  endless: () => {
    const readers = [createReplyReader(false), createReplyReader(true)];
    return (bytes) => readers.forEach((reader) => void reader.push(bytes));
  },
};
