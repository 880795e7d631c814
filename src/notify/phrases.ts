// What people are told, sentence by sentence, in Chinese and in English: each written to be read at night on a small
// screen. Knows no incident and no channel; words.ts puts the sentences together.

import type { Language, Level, Unless, Verdict } from '../core/types.ts';
import { levelsZh, verdictsZh } from '../core/vocabulary.ts';

export interface Phrases {
  readonly drill: string;
  level(level: Level): string;
  readonly comma: string;
  readonly full: string;
  readonly colon: string;
  /** `i12, store, since 22 Nov 09:02` */
  since(when: string): string;
  when(month: number, day: number, time: string): string;
  readonly because: string;
  readonly place: string;
  readonly finder: string;
  readonly acknowledgedBy: (who: string) => string;
  readonly returned: string;
  /** why a rung was climbed that waited */
  waited(unless: Unless | undefined, length: string): string;
  /** a rung that did not wait, because those before it reached nobody */
  readonly early: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly todo: string;
  readonly more: (count: number) => string;
  readonly dueBy: (time: string) => string;
  readonly call: (number: string) => string;
  readonly noNumber: string;
  readonly overdue: string;
  readonly overdueStep: (step: string) => string;
  readonly over: string;
  closedBy(who: string | undefined, verdict: Verdict | undefined): string;
  /** a drill that a real alarm ended; `real`: number of that alarm, where it is known */
  readonly brokenOff: string;
  brokenOffFor(real: string | undefined): string;
  /** of what must be done between incidents */
  readonly duties: string;
  bundleOfDuties(names: readonly string[], more: number): string;
  readonly moreDuties: (count: number) => string;
  readonly semicolon: string;
  /** a bundle's title */
  bundle(first: string, count: number): string;
  others(count: number, byPlan: string): string;
  readonly countOf: (plan: string, count: number) => string;
  /** in a bundle: those that are over, apart from those that are open */
  ended(which: string): string;
  /** in a bundle: what is to be done first, in the most urgent of them */
  first(id: string, step: string): string;
  readonly acknowledgeBySms: (id: string, all: boolean) => string;
  readonly acknowledgeThere: (id: string) => string;
}

const enVerdicts: Readonly<Record<Verdict, string>> = {
  real: 'real',
  false: 'a false alarm',
  test: 'a test',
  maintenance: 'maintenance',
};

const zh: Phrases = {
  drill: '【演练】',
  level: (level) => `【${levelsZh[level]}】`,
  comma: '，',
  full: '。',
  colon: '：',
  since: (when) => `${when} 起`,
  when: (month, day, time) => `${month}月${day}日 ${time}`,
  because: '原因',
  place: '地点',
  finder: '发现人',
  acknowledgedBy: (who) => `${who} 已确认`,
  returned: '现场信号已恢复',
  waited: (unless, length) => {
    if (unless === undefined) return `已过 ${length}，事件尚未结束`;
    if (unless === 'acknowledged') return `已过 ${length}，无人确认`;
    if (unless === 'returned') return `已过 ${length}，现场尚未恢复`;
    return `已过 ${length}，规定的步骤尚未完成`;
  },
  early: '上一级无人可通知，现通知您',
  hour: ' 小时',
  minute: ' 分钟',
  second: ' 秒',
  todo: '请执行：',
  more: (count) => `……另有 ${count} 步`,
  dueBy: (time) => `（${time} 前）`,
  call: (number) => `（电话 ${number}）`,
  noNumber: '（电话未登记）',
  overdue: '步骤超时：',
  overdueStep: (step) => `步骤超时：${step}`,
  over: '【解除】',
  closedBy: (who, verdict) => {
    const by = who === undefined ? '已结束' : `由 ${who} 关闭`;
    return verdict === undefined ? by : `${by}，结论：${verdictsZh[verdict]}`;
  },
  brokenOff: '演练中止',
  brokenOffFor: (real) =>
    real === undefined ? '演练已中止，请按真实情况处理' : `发生真实报警 ${real}，请按真实报警处理`,
  duties: '事项',
  bundleOfDuties: (names, more) =>
    `（${names.join('、')}${more > 0 ? ` 等 ${names.length + more} 项` : ''}）`,
  moreDuties: (count) => `……另有 ${count} 项`,
  semicolon: '；',
  bundle: (first, count) => `${first} 等 ${count} 起`,
  others: (count, byPlan) => `另有 ${count} 起：${byPlan}`,
  countOf: (plan, count) => `${plan} ${count} 起`,
  ended: (which) => `解除：${which}`,
  first: (id, step) => `先处理 ${id}：${step}`,
  acknowledgeBySms: (id, all) => (all ? '回复 1 全部确认，或回复编号' : `回复 ${id} 确认`),
  acknowledgeThere: (id) => `确认：在网关上运行 keepwatch ack ${id}，或告知中控室`,
};

const en: Phrases = {
  drill: '[DRILL] ',
  level: (level) => `[${level.toUpperCase()}] `,
  comma: ', ',
  full: '. ',
  colon: ': ',
  since: (when) => `since ${when}`,
  when: (month, day, time) => `${day} ${months[month - 1] ?? ''} ${time}`,
  because: 'Cause',
  place: 'Place',
  finder: 'Found by',
  acknowledgedBy: (who) => `Acknowledged by ${who}`,
  returned: 'The signals on site are back to normal',
  waited: (unless, length) => {
    if (unless === undefined) return `Still open after ${length}`;
    if (unless === 'acknowledged') return `Not acknowledged after ${length}`;
    if (unless === 'returned') return `Not back to normal after ${length}`;
    return `A step that was to be done is not done after ${length}`;
  },
  early: 'Nobody could be reached before you',
  hour: ' h',
  minute: ' min',
  second: ' s',
  todo: 'What to do:',
  more: (count) => `… and ${count} more`,
  dueBy: (time) => ` (by ${time})`,
  call: (number) => ` (call ${number})`,
  noNumber: ' (number not on file)',
  overdue: 'Overdue: ',
  overdueStep: (step) => `Overdue step: ${step}`,
  over: '[OVER] ',
  closedBy: (who, verdict) => {
    const by = who === undefined ? 'It has ended' : `Closed by ${who}`;
    return verdict === undefined ? by : `${by} as ${enVerdicts[verdict]}`;
  },
  brokenOff: 'Drill broken off',
  brokenOffFor: (real) =>
    real === undefined
      ? 'Drill broken off: take what happens now as real'
      : `Drill broken off: ${real} is real, treat it as real`,
  duties: 'Due',
  bundleOfDuties: (names, more) => ` (${names.join(', ')}${more > 0 ? ` and ${more} more` : ''})`,
  moreDuties: (count) => `… and ${count} more`,
  semicolon: '; ',
  bundle: (first, count) => `${first} and ${count - 1} more`,
  others: (count, byPlan) => `${count} more: ${byPlan}`,
  countOf: (plan, count) => `${count} × ${plan}`,
  ended: (which) => `Over: ${which}`,
  first: (id, step) => `First, for ${id}: ${step}`,
  acknowledgeBySms: (id, all) =>
    all ? `Reply 1 to acknowledge all, or a number such as ${id}` : `Reply ${id} to acknowledge`,
  acknowledgeThere: (id) =>
    `To acknowledge: run keepwatch ack ${id} on the gateway, or tell the control room`,
};

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const phrases: Readonly<Record<Language, Phrases>> = { zh, en };
