// Parts of long text messages in any order, twice, or never: each message is given out once, with its gaps marked, and
// nobody can fill the memory with first parts.

import { createInbox, type Message } from '../../../drivers/serial/modem/inbox.ts';
import { must, outline, type Target } from '../target.ts';
import { stillClock } from './still-clock.ts';

export const modemInbox: Target = {
  name: 'modem-inbox',
  what: 'parts of messages in any order: nothing is given out twice or lost, and no more than 16 messages wait',
  seeds: [
    Uint8Array.of(1, 1, 2, 1, 1, 1, 2, 2),
    Uint8Array.of(1, 1, 2, 2, 1, 1, 2, 1),
    Uint8Array.from(Array.from({ length: 80 }, (_, at) => [1, at, 3, 1][at % 4]! + at)),
  ],
  executions: 500_000,
  run(bytes) {
    const clock = stillClock();
    const given: Message[] = [];
    const inbox = createInbox(clock, (message) => given.push(message));
    let taken = 0;
    for (let at = 0; at + 3 < bytes.length; at += 4) {
      const [sender, reference, total, number] = bytes.subarray(at, at + 4) as unknown as [
        number,
        number,
        number,
        number,
      ];
      taken += 1;
      const part = sender >= 128 ? undefined : { reference, total, number };
      inbox.take({ number: `+86${sender % 4}`, text: `t${at}`, sentAtMs: null, part });
      must(clock.waiting() <= 16, () => `${clock.waiting()} messages wait`);
    }
    clock.runAll();
    must(clock.waiting() === 0, 'a timer is left');
    must(given.length <= taken, 'more messages than parts');
    for (const { text } of given)
      must(/^(?:t\d+|\[…\])+$/.test(text), () => `the text ${text.slice(0, 100)}`);
    const texts = given.flatMap(({ text }) => text.match(/t\d+/g) ?? []);
    must(new Set(texts).size === texts.length, 'a part was given out twice');
    inbox.close();
    return outline([given.length, given.map(({ text }) => text.split('t').length)]);
  },
};
