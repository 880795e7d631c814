// Modbus RTU answers on a noisy line: at most one end to each question, an answer only with the right unit, function,
// length and checksum, and the right answer alone is found in any pieces.

import { crc16 } from '../../../drivers/modbus/codec.ts';
import { RtuPort } from '../../../drivers/modbus/rtu-port.ts';
import { DeviceFault } from '../../../src/driver.ts';
import { must, piecesOf, type Target } from '../target.ts';
import { fakeLink } from './fake-link.ts';

const crcOf = (body: readonly number[]): number[] => {
  const crc = crc16(Uint8Array.from(body), 0, body.length);
  return [crc & 0xff, crc >> 8];
};
const framed = (...body: number[]): number[] => [...body, ...crcOf(body)];

/** the question that the first byte chooses, and a right answer to it */
const questions = [
  { ask: framed(2, 4, 0, 0, 0, 2), answer: framed(2, 4, 4, 0x43, 0x66, 0x33, 0x34) },
  { ask: framed(1, 2, 0, 0, 0, 8), answer: framed(1, 2, 1, 0xa5) },
  { ask: framed(17, 3, 0, 16, 0, 125), answer: framed(17, 3, 250, ...new Array<number>(250).fill(7)) },
  { ask: framed(3, 5, 0, 1, 0xff, 0), answer: framed(3, 5, 0, 1, 0xff, 0) },
  { ask: framed(3, 6, 0, 9, 0, 7), answer: framed(3, 6, 0, 9, 0, 7) },
  { ask: framed(247, 1, 0, 0, 7, 0xd0), answer: framed(247, 1, 250, ...new Array<number>(250).fill(1)) },
];

interface End {
  readonly frame?: Buffer;
  readonly fault?: DeviceFault;
}

/** What comes of a question when these pieces arrive. */
function exchange(ask: readonly number[], pieces: readonly Uint8Array[], echo: boolean): readonly End[] {
  const link = fakeLink();
  const port = new RtuPort(link, { echo, echoing: () => {} });
  const ends: End[] = [];
  port.on('data', (frame: Buffer) => ends.push({ frame }));
  port.refuse = (fault) => void ends.push({ fault });
  port.write(Buffer.from(ask));
  for (const piece of pieces) link.give(piece);
  const late = port.forget();
  if (ends.length === 0 && late) ends.push({ fault: late });
  return ends;
}

export const modbusRtu: Target = {
  name: 'modbus-rtu',
  what: 'a reply counts only with the right unit, function, length and CRC; one end to a question; noise never throws',
  seeds: questions.flatMap(({ ask, answer }, index) => [
    Uint8Array.of(index, ...answer),
    Uint8Array.of(index + 128, ...ask, ...answer),
    Uint8Array.of(index, 0xff, 0, ...answer),
    Uint8Array.of(index, ...framed(ask[0]!, ask[1]! | 0x80, 2)),
    Uint8Array.of(index, ...framed(9, 3, 2, 0, 1), ...answer),
  ]),
  words: questions.map(({ answer }) => Uint8Array.from(answer)),
  largestBytes: 1400,
  executions: 500_000,
  run(bytes) {
    const chosen = bytes[0] ?? 0;
    const { ask, answer } = questions[(chosen & 0x7f) % questions.length]!;
    const echo = chosen >= 128;
    const ends = exchange(ask, piecesOf(bytes.subarray(1)), echo);
    must(ends.length <= 1, () => `${ends.length} ends to one question`);
    const end = ends[0];
    if (end?.frame) {
      const { frame } = end;
      const [unit, code] = frame;
      must(unit === ask[0], 'an answer of another unit');
      const exception = code === (ask[1]! | 0x80);
      must(exception || code === ask[1], 'an answer to another function');
      must(frame.length === (exception ? 5 : answer.length), () => `${frame.length} bytes`);
      must(crc16(frame, 0, frame.length) === 0, 'an answer with a bad checksum');
      must(Buffer.from(bytes).includes(frame), 'an answer that never came');
      if (ask[1]! > 4 && !exception) must(frame.equals(Buffer.from(ask)), 'an echo of something else');
    } else if (end) must(end.fault instanceof DeviceFault, 'another error than a DeviceFault');
    // and the right answer, behind whatever was asked before, is always found
    const right = exchange(ask, piecesOf(Uint8Array.from(echo ? [...ask, ...answer] : answer)), echo);
    must(right.length === 1 && right[0]!.frame !== undefined, 'the right answer was not found');
    return end?.frame
      ? `answer ${end.frame[1]}`
      : `${end?.fault?.kind} ${end?.fault?.message.replaceAll(/\d+/g, '#')}`;
  },
};
