// Modbus TCP frames: the same ends however the stream is cut, an answer only to the number and unit that asked, and a
// stream that can't be followed is told as a lost link, once.

import { crc16 } from '../../../drivers/modbus/codec.ts';
import { TcpPort } from '../../../drivers/modbus/tcp-port.ts';
import { must, mustEqual, piecesOf, type Target } from '../target.ts';
import { fakeLink } from './fake-link.ts';

const asks: readonly (readonly number[])[] = [
  [1, 4, 0, 0, 0, 2, 0, 0],
  [2, 1, 0, 0, 0, 9, 0, 0],
  [2, 5, 0, 3, 0xff, 0, 0, 0],
  [255, 3, 0, 0, 0, 125, 0, 0],
];

/** The transaction numbers of a fresh port are 1, 2, 3 …: one question for each end. */
function conversation(ask: readonly number[], pieces: readonly Uint8Array[]): string[] {
  const link = fakeLink();
  const said: string[] = [];
  let ends = 0;
  const port = new TcpPort(link, (fault) => said.push(`lost ${fault.message}`));
  const question = (): void => port.write(Buffer.from(ask));
  const ended = (how: string): void => {
    ends += 1;
    said.push(how);
    // the next one, as the host would ask
    if (ends < 4) question();
  };
  port.on('data', (frame: Buffer) => {
    must(frame[0] === ask[0], 'an answer of another unit');
    must(frame[1] === ask[1] || frame[1] === (ask[1]! | 0x80), 'an answer to another function');
    must(crc16(frame, 0, frame.length) === 0, 'modbus-serial would refuse its checksum');
    ended(frame.toString('hex'));
  });
  port.refuse = (fault) => ended(`${fault.kind} ${fault.message}`);
  question();
  for (const piece of pieces) link.give(piece);
  must(said.filter((each) => each.startsWith('lost')).length <= 1, 'lost more than once');
  must(ends <= 4, 'more ends than questions');
  said.push(`dropped ${port.dropped}`);
  return said;
}

const reply = (number: number, ...body: number[]): number[] => [0, number, 0, 0, 0, body.length, ...body];

export const modbusTcp: Target = {
  name: 'modbus-tcp',
  what: 'MBAP frames: the same in any pieces; only the answer to the question that is out counts; garbage loses the link',
  seeds: [
    Uint8Array.of(0, ...reply(1, 1, 4, 4, 0x43, 0x66, 0x33, 0x34), ...reply(2, 1, 0x84, 2)),
    Uint8Array.of(1, ...reply(1, 2, 1, 2, 0xff, 1), ...reply(9, 2, 1, 2, 0, 0)),
    Uint8Array.of(2, ...reply(1, 2, 5, 0, 3, 0xff, 0), ...reply(2, 2, 5, 0, 3, 0xff, 0)),
    Uint8Array.of(3, ...reply(1, 255, 3, 250, ...new Array<number>(250).fill(3))),
    Uint8Array.of(0, 0, 1, 0, 1, 0, 6, 1, 4, 4),
  ],
  words: [Uint8Array.of(0, 1, 0, 0, 0, 7), Uint8Array.of(0, 2, 0, 0, 0, 3, 1, 0x84, 11)],
  largestBytes: 700,
  executions: 500_000,
  run(bytes) {
    const ask = asks[(bytes[0] ?? 0) % asks.length]!;
    const stream = bytes.subarray(1);
    const whole = conversation(ask, [stream]);
    mustEqual(conversation(ask, piecesOf(stream)), whole, 'in pieces');
    return whole
      .map((each) => (/^[0-9a-f]+$/.test(each) ? each.slice(2, 4) : each.replaceAll(/\d+/g, '#')))
      .join(' ');
  },
};
