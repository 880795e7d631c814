// Text messages from anybody become acknowledgements by those whose number it is, and nothing else: every command is an
// `ack` of an open incident, every answer a text of bounded length, and their number is bounded too.

import type { Incident } from '../../../src/core/types.ts';
import { createReplies, type Sender } from '../../../src/notify/replies-sms.ts';
import { mostShort } from '../../../src/notify/words.ts';
import { must, outline, type Target, textOf } from '../target.ts';
import { stillClock } from './still-clock.ts';

const senders: readonly Sender[] = [
  { id: 'wang', name: '王芳', language: 'zh', phone: '+86 138 0000 0001' },
  { id: 'smith', name: 'Smith', language: 'en', phone: '13900000002' },
  { id: 'also', name: 'A'.repeat(90), language: 'en', phone: '+8613800000001' },
];
const numbers = ['+8613800000001', '13900000002', '10086', '+8613900000002', 'BANK', ''];
const silent = { debug() {}, info() {}, warn() {}, error() {} };

function incident(id: string, acknowledged: boolean): Incident {
  const told = ['wang', 'smith'].map((person, at) => ({
    activation: 1,
    deliveries: [{ person, state: 'delivered', endedAt: `2026-11-2${at + 1}T23:00:00.000Z` }],
  }));
  return { id, acknowledged, activation: 1, title: { zh: '火灾', en: 'Fire' }, told } as unknown as Incident;
}

export const smsReplies: Target = {
  name: 'sms-replies',
  what: 'text messages received: commands are acknowledgements of open incidents alone; few and short answers; never an error',
  seeds: [
    '\x00收到',
    '\x01ok i1',
    '\x02hello',
    '\x0012\n\x01all\n\x00i2_kdqv',
    '\x031',
    '\x04OK',
    Array.from({ length: 30 }, () => '\x00?').join('\n'),
  ],
  words: ['收到', 'i1', 'i2', 'i2_kdqv', '\n', '\x00', '\x01', '1', 'ok', '😀'],
  largestBytes: 1500,
  executions: 100_000,
  async run(bytes) {
    const clock = stillClock(Date.UTC(2026, 10, 22, 2));
    const open = [incident('i1_kdqv', false), incident('i2_kdqv', true), incident('i12_kdqv', false)];
    const commands: string[] = [];
    const answers: string[] = [];
    const replies = createReplies({
      clock,
      log: silent as never,
      host: {
        senders: () => senders,
        openIncidents: () => open,
        async command(command) {
          must(command.verb === 'ack' && command.origin === 'sms', () => `${command.verb} by text message`);
          must(
            open.some(({ id }) => id === command.incident),
            () => `of ${command.incident}`,
          );
          must(command.by !== '' && command.by.length <= 64, () => `by ${command.by}`);
          commands.push(String(command.incident));
          return { id: command.id, ok: command.incident !== 'i12_kdqv', code: 'x', message: 'no' };
        },
      },
    });
    for (const line of textOf(bytes).split('\n').slice(0, 80)) {
      const first = line.charCodeAt(0) || 0;
      const number = numbers[first % numbers.length]!;
      const sentAtMs = first % 4 === 3 ? null : clock.wallMs() - (first % 7) * 1000;
      const before = commands.length;
      await replies.take({ number, text: line.slice(1), sentAtMs }, async (text) => {
        must(text !== '' && [...text].length <= mostShort, () => `${[...text].length} characters`);
        answers.push(text);
      });
      must(commands.length === before || first % 6 < 4, () => `${number} acknowledged something`);
    }
    must(answers.length <= 20, () => `${answers.length} answers`);
    return outline([
      commands.length,
      answers.length,
      new Set(answers.map((each) => each.slice(0, 6))).size,
      replies.figures(),
    ]);
  },
};
