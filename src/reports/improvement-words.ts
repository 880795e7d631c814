// What a report says should be changed, one sentence for each thing. Decides nothing; drill-score.ts finds what it is.

import type { Language, Text } from '../core/types.ts';
import { textIn } from './document.ts';
import type { Reason } from './row-words.ts';
import { lengthIn } from './time.ts';
import type { Improvement, NotHeard } from './types.ts';
import { valueIn } from './words.ts';

/** One thing to change, as a sentence. */
export function improvementIn(
  each: Improvement | NotHeard,
  language: Language,
  receiver: (to: string) => string,
  reason: Reason,
): string {
  const english = language === 'en';
  const length = (ms: number): string => lengthIn(language, ms);
  const who = (role: string | undefined): string =>
    role === undefined ? '' : english ? ` (${valueIn(language, role)})` : `（${valueIn(language, role)}）`;
  const text = (of: Text): string => textIn(of, language);
  switch (each.kind) {
    case 'notAcknowledged':
      return english ? 'Nobody acknowledged it.' : '无人确认。';
    case 'acknowledgedLate':
      return english
        ? `Acknowledged after ${length(each.ms)}; the limit is ${length(each.limitMs)}.`
        : `确认用时 ${length(each.ms)}，时限 ${length(each.limitMs)}。`;
    case 'stepMissed':
      return english
        ? `Not done: ${text(each.text)}${who(each.role)}`
        : `未完成：${text(each.text)}${who(each.role)}`;
    case 'stepLate': {
      const by =
        each.lateMs === undefined ? '' : english ? ` by ${length(each.lateMs)}` : ` ${length(each.lateMs)}`;
      return english
        ? `Late${by}: ${text(each.text)}${who(each.role)}`
        : `超时${by}：${text(each.text)}${who(each.role)}`;
    }
    case 'notHeard':
      return english
        ? `${each.count} of ${each.of} detectors were not heard: mend them and test them again.`
        : `${each.of} 个探测器中有 ${each.count} 个未测到：请检修后重测。`;
    case 'nobody':
      return english
        ? `For the role ${valueIn(language, each.role)} nobody could be reached: see who has it, and on which channels.`
        : `岗位“${valueIn(language, each.role)}”无人可通知：请核对人员和联系渠道。`;
    case 'notDelivered': {
      const why = each.because === undefined ? '' : `${english ? ': ' : '：'}${reason(each.because)}`;
      return english
        ? `Not delivered to ${receiver(each.to)} on ${valueIn(language, each.channel)}${why}`
        : `消息未送达 ${receiver(each.to)}（${valueIn(language, each.channel)}）${why}`;
    }
  }
}
