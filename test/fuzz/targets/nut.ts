// Replies of upsd: the same in any pieces, every value a text that came on the line, and a word that is quoted for upsd
// is the same word when it is read.

import {
  commands,
  createReplyReader,
  type Reply,
  shownValue,
  statusFlags,
  words,
} from '../../../drivers/nut/codec.ts';
import { must, mustEqual, outline, piecesOf, type Target, textOf } from '../target.ts';

const plainOf = (reply: Reply): unknown =>
  reply.type === 'variables' ? { ...reply, values: [...reply.values] } : reply;

function repliesOf(pieces: readonly Uint8Array[]): unknown[] {
  const reader = createReplyReader();
  return pieces.flatMap((piece) => reader.push(piece)).map(plainOf);
}

function checkValues(reply: Reply): void {
  if (reply.type !== 'variables') return;
  for (const [name, text] of reply.values) {
    must(typeof name === 'string' && typeof text === 'string', 'texts');
    const value = shownValue(reply.values, { type: 'number', variable: name });
    must(value === null || (typeof value === 'number' && Number.isFinite(value)), () => `${name}: ${value}`);
    must(shownValue(reply.values, { type: 'text', variable: name }) === text, 'as it came');
  }
  for (const flag of statusFlags)
    must([true, false, null].includes(shownValue(reply.values, { type: 'flag', flag }) as null), flag);
}

export const nut: Target = {
  name: 'nut',
  what: 'lines of upsd: the same in any pieces; numbers finite or none; quoting and reading a word gives the word',
  seeds: [
    'BEGIN LIST VAR ups\nVAR ups battery.charge "100"\nVAR ups ups.status "OL CHRG"\nEND LIST VAR ups\n',
    'VAR ups ups.load "13.5"\n',
    'ERR DATA-STALE\n',
    'OK\n',
    'BEGIN LIST VAR ups\nVAR ups a.b "say \\"hi\\" \\\\ there"\nERR DRIVER-NOT-CONNECTED\n',
  ],
  words: [
    'BEGIN LIST VAR ups\n',
    'END LIST VAR ups\n',
    'VAR ups ',
    '"',
    '\\"',
    '\n',
    'ERR ',
    'OK',
    'ups.status',
    'WAIT',
  ],
  largestBytes: 1024,
  executions: 300_000,
  run(bytes) {
    const whole = repliesOf([bytes]);
    mustEqual(repliesOf(piecesOf(bytes)), whole, 'in pieces');
    const replies = createReplyReader().push(bytes);
    for (const reply of replies) checkValues(reply);
    const text = textOf(bytes).replaceAll(/[\r\n]/g, '');
    const said = words(commands.password(text).trimEnd());
    // (a blank at its end is part of the quoted word; an end of a line can't be quoted)
    if (said !== undefined && !/\\$/.test(text)) mustEqual(said, ['PASSWORD', text], 'quoted and read again');
    return outline(whole);
  },
  endless: () => {
    const reader = createReplyReader();
    return (bytes) => void reader.push(bytes);
  },
};
