// The QGS status line of Voltronic UPSs: numbers that are numbers, flags or none, a known type or none, the same in any
// pieces.

import { createStatusReader, flagNames, numberNames } from '../../../drivers/serial/voltronic/codec.ts';
import { must, outline, type Target } from '../target.ts';
import { firstAnswer } from './answers.ts';

export const voltronic: Target = {
  name: 'voltronic',
  what: 'a QGS line between noise: numbers, flags or none; a refusal is one; the same in any pieces',
  seeds: [
    '(220.0 50.0 220.0 50.0 000.0 000 369.1 ---.- 026.5 ---.- 018.8 100000000001\r',
    '(NAK\r',
    'QGS\r(225.9 49.9 225.9 49.9 001.2 034 386.8 386.8 054.5 ---.- 030.0 000000000100\r',
  ],
  words: ['(', '\r', '(NAK\r', '---.-', '220.0', '50.0', '000000000100', ' '],
  executions: 1_000_000,
  run(bytes) {
    const heard = firstAnswer(createStatusReader, bytes);
    if (heard === undefined) return 'nothing';
    if ('garbled' in heard || 'refused' in heard) return outline(heard);
    const { status } = heard;
    for (const name of numberNames) {
      const value = status[name];
      must(
        value === null || (Number.isFinite(value) && value >= 0 && value < 100_000),
        () => `${name} ${value}`,
      );
    }
    for (const name of flagNames) must([true, false, null].includes(status[name]), name);
    must([null, 'standby', 'lineInteractive', 'online'].includes(status.type), 'type');
    return outline(status);
  },
  endless: () => {
    const reader = createStatusReader();
    return (bytes) => void reader.push(bytes);
  },
};
