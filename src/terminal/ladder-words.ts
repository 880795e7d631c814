// Why somebody was told or left out, and what comes next, in the reader's language. Made from what the record says in
// fields; the engine's own English sentence is taken only where no field tells it. Pure.

import { becauseIn } from '../core/because-words.ts';
import type { Next } from '../core/ladder-view.ts';
import type { Delivery, Language, Told, Unless } from '../core/types.ts';
import { handedOver, rolesZh } from '../core/vocabulary.ts';
import { words } from './words.ts';

/** What a step of the plan says; undefined: its id stands. */
export type StepName = (id: string) => string | undefined;
/** `step x`, ready to be put into a sentence */
type Step = (id: string) => string;

interface Phrases {
  readonly atOnce: string;
  /** brought forward */
  readonly early: string;
  atOnceFrom(level: string): string;
  waited(unless: Unless | undefined, length: string, step: Step): string;
  needless(unless: Unless, by: string | undefined, step: Step): string;
  readonly inHours: string;
  readonly outsideHours: string;
  overdue(step: string): string;
  closed(by: string | undefined): string;
  readonly delivery: Readonly<Record<Delivery['state'], string>>;
  readonly handed: string;
  readonly unheard: string;
  unless(unless: Unless, step: Step): string;
  step(id: string, words: string | undefined): string;
  nextRung(roles: string): string;
  nextRise(level: string): string;
  nextStep(step: string, roles: string): string;
  fromLevel(level: string): string;
  hours(hours: 'working' | 'outside'): string;
  readonly later: string;
  readonly nobody: string;
  readonly list: string;
}

const unit = { zh: [' 小时', ' 分钟', ' 秒'], en: [' h', ' min', ' s'] } as const;

function length(ms: number, language: Language): string {
  const [hour, minute, second] = unit[language];
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000}${hour}`;
  return ms % 60_000 === 0 ? `${ms / 60_000}${minute}` : `${ms / 1000}${second}`;
}

const phrases: Readonly<Record<Language, Phrases>> = {
  en: {
    atOnce: 'at once',
    early: 'nobody could be reached before',
    atOnceFrom: (level) => `at once, the level is ${level} or higher`,
    waited: (unless, time, step) => {
      if (unless === undefined) return `still open after ${time}`;
      if (unless === 'acknowledged') return `not acknowledged after ${time}`;
      if (unless === 'returned') return `not back to normal after ${time}`;
      return `${step(unless.step)} not done after ${time}`;
    },
    needless: (unless, by, step) => {
      if (unless === 'acknowledged') return by === undefined ? 'acknowledged' : `acknowledged by ${by}`;
      return unless === 'returned' ? 'back to normal' : `${step(unless.step)} is done`;
    },
    inHours: 'for working hours',
    outsideHours: 'for other than working hours',
    overdue: (step) => `${step} is not done in its time`,
    closed: (by) => (by === undefined ? 'closed' : `closed by ${by}`),
    delivery: {
      waiting: 'under way',
      delivered: 'delivered',
      failed: 'failed',
      withdrawn: 'withdrawn',
      held: 'held back',
    },
    handed: 'handed to the broker',
    unheard: 'handed to the broker; nobody was listening',
    unless: (unless, step) => {
      if (unless === 'acknowledged') return 'unless acknowledged';
      return unless === 'returned' ? 'unless back to normal' : `unless ${step(unless.step)} is done`;
    },
    nextRung: (roles) => `${roles} told`,
    nextRise: (level) => `level rises to ${level}`,
    nextStep: (step, roles) => `${step} is overdue${roles === '' ? '' : `, ${roles} told`}`,
    fromLevel: (level) => `from level ${level} on`,
    hours: (hours) => (hours === 'working' ? 'in working hours' : 'outside working hours'),
    later: 'later',
    nobody: 'nobody to tell',
    step: (id, words) => (words === undefined ? `step ${id}` : `step “${words}”`),
    list: ', ',
  },
  zh: {
    atOnce: '立即通知',
    early: '上一级无人可通知，提前通知',
    atOnceFrom: (level) => `级别达到${level}，立即通知`,
    waited: (unless, time, step) => {
      if (unless === undefined) return `已过 ${time}，事件仍未结束`;
      if (unless === 'acknowledged') return `已过 ${time}，无人确认`;
      if (unless === 'returned') return `已过 ${time}，现场仍未恢复`;
      return `已过 ${time}，${step(unless.step)}未完成`;
    },
    needless: (unless, by, step) => {
      if (unless === 'acknowledged') return by === undefined ? '已有人确认' : `${by} 已确认`;
      return unless === 'returned' ? '现场已恢复' : `${step(unless.step)}已完成`;
    },
    inHours: '仅在工作时间通知',
    outsideHours: '仅在非工作时间通知',
    overdue: (step) => `${step}超时未完成`,
    closed: (by) => (by === undefined ? '事件已结束' : `${by} 已关闭事件`),
    delivery: {
      waiting: '发送中',
      delivered: '已送达',
      failed: '未送达',
      withdrawn: '已撤回',
      held: '未发送',
    },
    handed: '已交给消息服务器',
    unheard: '已交给消息服务器，但无人接收',
    unless: (unless, step) => {
      if (unless === 'acknowledged') return '届时已确认则免';
      return unless === 'returned' ? '届时已恢复则免' : `届时${step(unless.step)}已完成则免`;
    },
    nextRung: (roles) => `通知 ${roles}`,
    nextRise: (level) => `级别升为${level}`,
    nextStep: (step, roles) => `${step}超时${roles === '' ? '' : `，通知 ${roles}`}`,
    fromLevel: (level) => `级别达到${level}时`,
    hours: (hours) => (hours === 'working' ? '限工作时间' : '限非工作时间'),
    later: '待定',
    nobody: '无可通知人员',
    step: (id, words) => (words === undefined ? `步骤 ${id} ` : `步骤“${words}”`),
    list: '、',
  },
};

/** Names of roles; a site's own role stands as it is written. */
export function rolesText(given: readonly string[], language: Language): string {
  const named = language === 'zh' ? given.map((role) => rolesZh[role] ?? role) : given;
  return named.join(phrases[language].list);
}

/** Why a telling was made, or left out. */
export function toldBecause(told: Told, language: Language, stepName?: StepName): string {
  const say = phrases[language];
  const step: Step = (id) => say.step(id, stepName?.(id));
  if (told.kind === 'overdue') return say.overdue(step(told.rung));
  if (told.because.startsWith('drill ended:')) return becauseIn(told.because, language);
  if (told.kind === 'closed') return say.closed(/^closed by (.+)$/s.exec(told.because)?.[1]);
  if (told.skipped) {
    if (told.because === 'for working hours') return say.inHours;
    if (told.because === 'for other than working hours') return say.outsideHours;
    if (told.unless === undefined) return becauseIn(told.because, language);
    return say.needless(told.unless, /^acknowledged by (.+)$/s.exec(told.because)?.[1], step);
  }
  if (told.early) return say.early;
  if ((told.afterMs ?? 0) > 0) return say.waited(told.unless, length(told.afterMs!, language), step);
  const level = /^at once, the level is (general|major|urgent)/.exec(told.because)?.[1];
  return level === undefined
    ? say.atOnce
    : say.atOnceFrom(words[language].level[level as 'general' | 'major' | 'urgent']);
}

/** What became of a message, and why. */
export function deliveryText(delivery: Delivery, language: Language): string {
  const { state, because } = delivery;
  const say = phrases[language];
  const handed = handedOver(delivery);
  if (handed !== undefined) return handed === 'unheard' ? say.unheard : say.handed;
  if (because === undefined) return say.delivery[state];
  return `${say.delivery[state]} (${becauseIn(because, language)})`;
}

export function nobodyText(language: Language): string {
  return phrases[language].nobody;
}

/** What is still to come, without when. */
export function nextText(next: Next, language: Language, stepName?: StepName): string {
  const say = phrases[language];
  const step: Step = (id) => say.step(id, stepName?.(id));
  const { level } = words[language];
  const named = rolesText(next.roles, language);
  const conditions = [
    ...(next.kind === 'rung' && next.level !== undefined ? [say.fromLevel(level[next.level])] : []),
    ...(next.hours === undefined ? [] : [say.hours(next.hours)]),
    ...(next.unless === undefined ? [] : [say.unless(next.unless, step)]),
  ];
  const what =
    next.kind === 'rung'
      ? say.nextRung(named)
      : next.kind === 'rise'
        ? say.nextRise(level[next.level!])
        : say.nextStep(step(next.step!), named);
  return conditions.length === 0 ? what : `${what} (${conditions.join(say.list)})`;
}

export function laterText(language: Language): string {
  return phrases[language].later;
}
