// What must be done between incidents: drills, inspections, contacts, detectors that nobody has tried for long. What
// is due follows from the site and from when it was done last; an hourly look turns it into incidents, one for what
// falls due on the same day, that close by themselves when it is done. Runs on wall time, because dates do.

import { isPlausible, isWorkingHour, localOf, startOfDate } from './calendar.ts';
import { type Act, because, optionalText, Refusal, text } from './command-fields.ts';
import { endSignals, raiseSignal, type Turn } from './incidents.ts';
import { inLanguage, type Model, pointName } from './model.ts';
import type { Upkeep } from './state.ts';
import { setTimer } from './timers.ts';
import type { Command, Text } from './types.ts';
import { speaks } from './walk-test.ts';

const lookEveryMs = 3_600_000;
const usualRemindMs = 14 * 86_400_000;
/** A detector that is active for days is noted once an hour at most. */
const exerciseNotedEveryMs = 3_600_000;
/** A drill that was missed before a holiday is shown so long after the day. */
const missedShownMs = 7 * 86_400_000;

export type DutyKind = 'drill' | 'readiness' | 'contacts' | 'exercise';

export interface Duty {
  readonly kind: DutyKind;
  /** `drill:fire`, `article:torch`, `contacts:all`, `point:inputs.smoke` */
  readonly subject: string;
  readonly name: Text;
  /** what is to be done */
  readonly what: Text;
  /** wall time by which it should be done */
  readonly dueMs: number;
  /** people are told from then on */
  readonly remindMs: number;
}

const kindNames: Readonly<Record<DutyKind, Text>> = {
  drill: { zh: '演练', en: 'drills' },
  readiness: { zh: '物资检查', en: 'readiness' },
  contacts: { zh: '通讯录核对', en: 'contacts' },
  exercise: { zh: '探测器测试', en: 'detectors to test' },
};

/** Everything that will be due one day, the earliest first. */
export function dutiesOf(model: Model, upkeep: Upkeep): Duty[] {
  const { site } = model;
  const { sinceMs } = upkeep;
  if (sinceMs === undefined) return [];
  const remindBeforeMs = site.duties?.remindBeforeMs ?? usualRemindMs;
  const found: Duty[] = [];
  const add = (duty: Omit<Duty, 'remindMs'>, beforeMs = remindBeforeMs): void => {
    found.push({ ...duty, remindMs: duty.dueMs - beforeMs });
  };
  for (const plan of site.plans) {
    if (plan.drillEveryMs === undefined) continue;
    const lastMs = upkeep.drilled[plan.id];
    const duty = { kind: 'drill' as const, subject: `drill:${plan.id}`, name: plan.title };
    add({ ...duty, what: { zh: '应急演练', en: 'drill' }, dueMs: (lastMs ?? sinceMs) + plan.drillEveryMs });
    for (const { date, name, withinMs } of site.duties?.drillBefore ?? []) {
      const dateMs = startOfDate(site.calendar, date);
      if (dateMs < sinceMs || (lastMs !== undefined && lastMs >= dateMs - withinMs)) continue;
      const what = {
        zh: `${inLanguage(name, 'zh')}前的应急演练`,
        en: `drill before ${inLanguage(name, 'en')}`,
      };
      add({ ...duty, subject: `${duty.subject}:${date}`, what, dueMs: dateMs }, withinMs);
    }
  }
  for (const article of site.duties?.articles ?? []) {
    const signed = upkeep.signed[article.id];
    const duty = { kind: 'readiness' as const, subject: `article:${article.id}`, name: article.name };
    const expires = signed?.expires ?? article.expires;
    if (expires !== undefined)
      add({ ...duty, what: { zh: '到期更换', en: 'expires' }, dueMs: startOfDate(site.calendar, expires) });
    if (article.checkEveryMs !== undefined)
      add({
        ...duty,
        what: { zh: '检查', en: 'check' },
        dueMs: (signed?.atMs ?? sinceMs) + article.checkEveryMs,
      });
    if (signed?.amount !== undefined && article.amount !== undefined && signed.amount < article.amount)
      add({
        ...duty,
        what: {
          zh: `补足，现有 ${signed.amount}，应有 ${article.amount}`,
          en: `${signed.amount} there, ${article.amount} wanted`,
        },
        dueMs: signed.atMs,
      });
  }
  const { contactsEveryMs, contactsCheckedOn } = site.duties ?? {};
  if (contactsEveryMs !== undefined) {
    const onMs = contactsCheckedOn === undefined ? undefined : startOfDate(site.calendar, contactsCheckedOn);
    const lastMs = Math.max(upkeep.contacts?.atMs ?? 0, onMs ?? 0) || sinceMs;
    add({
      kind: 'contacts',
      subject: 'contacts:all',
      name: kindNames.contacts,
      what: { zh: '核对通讯录', en: 'look through the contacts' },
      dueMs: lastMs + contactsEveryMs,
    });
  }
  for (const point of model.points) {
    if (point.exerciseWithinMs === undefined) continue;
    add({
      kind: 'exercise',
      subject: `point:${point.id}`,
      name: pointName(point),
      what: { zh: '测试探测器', en: 'test it' },
      dueMs: (upkeep.exercised[point.id] ?? sinceMs) + point.exerciseWithinMs,
    });
  }
  return found.sort((a, b) => a.dueMs - b.dueMs);
}

function canFallDue({ site }: Model): boolean {
  return (
    site.duties !== undefined ||
    site.plans.some(({ drillEveryMs }) => drillEveryMs !== undefined) ||
    site.points.some(({ exerciseWithinMs }) => exerciseWithinMs !== undefined)
  );
}

/** Looks at what is due now: opens, joins and closes the incidents of it, and comes again in an hour. */
export function dutiesDue(turn: Turn): void {
  const { state, model, at } = turn;
  if (!canFallDue(model)) {
    endOthers(turn, new Set());
    return;
  }
  state.dirty = true;
  setTimer(state.timers, 'duties:', at.steadyMs + lookEveryMs);
  if (!isPlausible(at.wallMs)) return;
  markSince(turn);
  const due = dutiesOf(model, state.durable.upkeep).filter(
    ({ kind, dueMs, remindMs, subject }) =>
      at.wallMs >= remindMs &&
      // a day that has gone by is not to be caught up with
      !(kind === 'drill' && subject.split(':').length === 3 && at.wallMs >= dueMs + missedShownMs),
  );
  endOthers(
    turn,
    new Set(
      due.flatMap((duty) => {
        const incident = state.durable.keys[keyOf(model, duty)];
        return signalsOf(duty, at.wallMs).map((rule) => `${incident} ${rule} ${duty.subject}`);
      }),
    ),
  );
  // nobody is woken for an inspection
  const { calendar } = model.site;
  const asleep =
    calendar !== undefined &&
    calendar.working.length > 0 &&
    !isWorkingHour(calendar, localOf(calendar, at.wallMs));
  if (!asleep) for (const duty of due) raise(turn, duty);
}

/** Ends what is no longer due, or due on another day: that is another incident. */
function endOthers(turn: Turn, standing: ReadonlySet<string>): void {
  for (const { id, plan } of Object.values(turn.state.durable.incidents)) {
    if (plan !== 'duties') continue;
    endSignals(
      turn,
      id,
      ({ rule, subject }) => subject !== undefined && !standing.has(`${id} ${rule} ${subject}`),
      'done',
    );
  }
}

/** What falls due on the same day is one incident. */
function keyOf(model: Model, { kind, dueMs }: Duty): string {
  return `duty:${kind}:${dateOfDuty(model, dueMs)}`;
}

function dateOfDuty({ site }: Model, dueMs: number): string {
  return site.calendar ? localOf(site.calendar, dueMs).date : new Date(dueMs).toISOString().slice(0, 10);
}

function signalsOf({ dueMs }: Duty, wallMs: number): readonly ('duty' | 'duty_overdue')[] {
  return wallMs >= dueMs ? ['duty', 'duty_overdue'] : ['duty'];
}

function raise(turn: Turn, duty: Duty): void {
  const { model, at } = turn;
  const { language } = model.site;
  const date = dateOfDuty(model, duty.dueMs);
  const [name, what] = [inLanguage(duty.name, language), inLanguage(duty.what, language)];
  for (const rule of signalsOf(duty, at.wallMs)) {
    const overdue = rule === 'duty_overdue';
    const words = {
      zh: `${name}：${what}，${overdue ? `已于 ${date} 到期` : `${date} 前完成`}`,
      en: `${name}: ${what}, ${overdue ? `overdue since ${date}` : `due by ${date}`}`,
    };
    raiseSignal(turn, {
      key: keyOf(model, duty),
      plan: model.plans.get('duties')!,
      about: kindNames[duty.kind],
      rule,
      subject: duty.subject,
      value: null,
      because: words[language],
      ...(overdue && { level: 'major' as const }),
    });
  }
}

/** Keeps the first wall time that can be true: what was never done counts from there. */
export function markSince(turn: Turn): void {
  const { upkeep } = turn.state.durable;
  const { wallMs, clock } = turn.at;
  if (!canFallDue(turn.model) || !isPlausible(wallMs)) return;
  if (clock === 'synced') mendFuture(turn, upkeep);
  if (upkeep.sinceMs !== undefined) return;
  turn.state.dirty = true;
  upkeep.sinceMs = wallMs;
}

/** What was written down while the clock was ahead was done by now at the latest; else it would not be due for years. */
function mendFuture({ state, at }: Turn, upkeep: Upkeep): void {
  const { wallMs } = at;
  const isAhead = (ms: number | undefined): boolean => ms !== undefined && ms > wallMs;
  if (isAhead(upkeep.sinceMs)) {
    state.dirty = true;
    upkeep.sinceMs = wallMs;
  }
  for (const times of [upkeep.drilled, upkeep.exercised]) {
    for (const [id, ms] of Object.entries(times)) {
      if (!isAhead(ms)) continue;
      state.dirty = true;
      times[id] = wallMs;
    }
  }
  for (const [id, signed] of Object.entries(upkeep.signed)) {
    if (!isAhead(signed.atMs)) continue;
    state.dirty = true;
    upkeep.signed[id] = { ...signed, atMs: wallMs };
  }
  if (isAhead(upkeep.contacts?.atMs)) {
    state.dirty = true;
    upkeep.contacts = { ...upkeep.contacts!, atMs: wallMs };
  }
}

/** A detector that must be tried now and then has changed: if it speaks, it was tried. */
export function exercised(turn: Turn, index: number): void {
  const { state, model, at } = turn;
  const point = model.points[index]!;
  if (point.exerciseWithinMs === undefined || !isPlausible(at.wallMs)) return;
  if (!speaks(turn, index)) return;
  const lastMs = state.durable.upkeep.exercised[point.id];
  if (lastMs !== undefined && Math.abs(at.wallMs - lastMs) < exerciseNotedEveryMs) return;
  state.dirty = true;
  state.durable.upkeep.exercised[point.id] = at.wallMs;
}

export const dutyVerbs = {
  readiness(turn, command) {
    const id = text(command, 'article');
    const article = turn.model.site.duties?.articles.find((one) => one.id === id);
    if (!article) throw new Refusal('notFound', `清单中没有 ${id}`, `there is no article ${id} in the list`);
    const amount = amountOf(command);
    const expires = dateOf(command);
    turn.state.dirty = true;
    turn.state.durable.upkeep.signed[id] = {
      ...signedOff(turn, command),
      ...(amount !== undefined && { amount }),
      ...(expires !== undefined && { expires }),
    };
    dutiesDue(turn);
    return { message: { zh: `${id} 已签核`, en: `${id} signed off` } };
  },

  contacts(turn, command) {
    turn.state.dirty = true;
    turn.state.durable.upkeep.contacts = signedOff(turn, command);
    dutiesDue(turn);
    return { message: { zh: '通讯录已核对', en: 'contacts looked through' } };
  },
} satisfies Record<string, Act>;

function signedOff(turn: Turn, command: Command): { atMs: number; by: string; note?: string } {
  if (!isPlausible(turn.at.wallMs))
    throw new Refusal(
      'refused',
      '网关时钟不对，不能签核',
      because(command, "the gateway's clock is wrong: not signed off"),
    );
  const note = optionalText(command, 'note');
  return { atMs: turn.at.wallMs, by: command.by, ...(note !== undefined && { note }) };
}

function amountOf({ amount }: Command): number | undefined {
  if (amount === undefined) return undefined;
  if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0 || amount > 1e6)
    throw new Refusal('badRequest', 'amount 应为数量', 'amount must be a number, 0 or more');
  return amount;
}

function dateOf(command: Command): string | undefined {
  const expires = optionalText(command, 'expires');
  if (expires === undefined) return undefined;
  const atMs = /^\d{4}-\d{2}-\d{2}$/.test(expires) ? Date.parse(`${expires}T00:00:00Z`) : Number.NaN;
  if (!Number.isFinite(atMs) || new Date(atMs).toISOString().slice(0, 10) !== expires)
    throw new Refusal(
      'badRequest',
      'expires 应为日期，例如 2027-05-01',
      'expires must be a date such as 2027-05-01',
    );
  return expires;
}
