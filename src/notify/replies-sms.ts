// What people answer by text message becomes an acknowledgement, or a short word of help. Anybody can send to a number
// and claim another's, so this looks at little, at few messages in a minute, and lets nothing but an acknowledgement
// through. Knows no modem.

import { createHash } from 'node:crypto';
import type { Command, Incident, Language, Reply } from '../core/types.ts';
import type { Clock } from '../lib/clock.ts';
import { samePhone } from '../lib/phones.ts';
import { type Log, rarely } from './log.ts';
import type { TextReceived } from './types.ts';
import { understand } from './understand.ts';
import { cut, mostShort, numberOf, plain, textIn } from './words.ts';

export interface Sender {
  readonly id: string;
  /** what the acknowledgement is signed with */
  readonly name: string;
  readonly language: Language;
  readonly phone: string;
}

export interface ReplyHost {
  senders(): Iterable<Sender>;
  openIncidents(): Iterable<Incident>;
  command(command: Command): Promise<Reply>;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;
const mostLookedAt = 60;
const mostOfOne = 10;
const mostAnswersOfOne = 5;
const mostAnswers = 20;
const answersPerMs = 10 * minuteMs;
/** An answer to something else: it lay in the network, or on the SIM, for too long. */
const oldAfterMs = hourMs;
const longestBy = 64;

const says = {
  zh: {
    done: (ids: string) => `已确认：${ids}`,
    none: '没有待您确认的事件',
    later: (ids: string) => `您回复之后才通知到您：${ids}，请再回复编号确认`,
    unknown: (id: string) => `没有未结束的事件 ${id}`,
    help: '看不懂您的回复。回复 1 确认发给您的全部事件，或回复编号（如 i12）确认一起',
    old: '您的回复到达太晚，未予处理。请联系中控室',
  },
  en: {
    done: (ids: string) => `Acknowledged: ${ids}`,
    none: 'Nothing waits for your acknowledgement',
    later: (ids: string) =>
      `You were told only after you answered: ${ids}. Reply with the number to acknowledge`,
    unknown: (id: string) => `There is no open incident ${id}`,
    help: 'Not understood. Reply 1 to acknowledge all you were told of, or a number such as i12 for one',
    old: 'Your answer came too late and was not taken. Please call the control room',
  },
} as const;

type Say = (typeof says)[Language];

export interface Replies {
  /** Never rejects. */
  take(message: TextReceived, answer: (text: string) => Promise<void>): Promise<void>;
  figures(): { readonly unknown: number; readonly leftOut: number };
}

export function createReplies(options: {
  readonly clock: Clock;
  readonly log: Log;
  readonly host: ReplyHost;
}): Replies {
  const { clock, log, host } = options;
  const mayLog = rarely(clock);
  const lookedAt = limited(clock, mostLookedAt, minuteMs);
  const answered = limited(clock, mostAnswers, answersPerMs);
  /** by the people whose number it is in the contacts */
  const ofOne = new Map<string, { readonly looked: () => boolean; readonly answered: () => boolean }>();
  let unknown = 0;
  let leftOut = 0;

  const limitsOf = (id: string) => {
    const limits = ofOne.get(id) ?? {
      looked: limited(clock, mostOfOne, minuteMs),
      answered: limited(clock, mostAnswersOfOne, answersPerMs),
    };
    ofOne.set(id, limits);
    return limits;
  };

  const take = async (message: TextReceived, answer: (text: string) => Promise<void>): Promise<void> => {
    const senders = everybodyAt(message.number);
    const [first] = senders;
    if (first === undefined) {
      unknown += 1;
      // (numbers can be forged without end: the log names none)
      if (mayLog('unknown'))
        log.warn(
          { code: 'SMS_UNKNOWN', unknown },
          'text messages from numbers that nobody has are left alone',
        );
      return;
    }
    const people = senders.map(({ id }) => id).join('/');
    const limits = limitsOf(people);
    if (!limits.looked() || !lookedAt()) {
      leftOut += 1;
      if (mayLog('many'))
        log.warn({ code: 'SMS_TOO_MANY', leftOut, person: people }, 'too many text messages in a minute');
      return;
    }
    const text = await act(message, senders, says[first.language]);
    if (!limits.answered() || !answered()) return;
    await answer(cut(text, mostShort));
  };

  /** Several people may share a phone. */
  const everybodyAt = (number: string): readonly Sender[] => {
    const found = new Map<string, Sender>();
    for (const sender of host.senders())
      if (!found.has(sender.id) && samePhone(sender.phone, number)) found.set(sender.id, sender);
    return [...found.values()];
  };

  /** What is said back. */
  const act = async (message: TextReceived, senders: readonly Sender[], say: Say): Promise<string> => {
    const asked = understand(message.text);
    if (asked === undefined) return say.help;
    const nowMs = clock.wallMs();
    const sentAtMs = clock.synced() ? message.sentAtMs : null;
    if (sentAtMs !== null && nowMs - sentAtMs > oldAfterMs) return say.old;
    // where one of the clocks makes no sense, it was sent when it came: after whatever is on record as delivered
    const answeredAtMs = sentAtMs === null || sentAtMs > nowMs ? Number.POSITIVE_INFINITY : sentAtMs;
    const toldOf = (incident: Incident, byMs = answeredAtMs): readonly Sender[] =>
      senders.filter(({ id }) => wasTold(incident, id, byMs));

    const open = [...host.openIncidents()];
    const unacknowledged = open.filter((one) => !one.acknowledged);
    const lines: string[] = [];
    let meant: readonly Incident[];
    if (asked === 'all') {
      meant = unacknowledged.filter((one) => toldOf(one).length > 0);
      const later = unacknowledged.filter(
        (one) => !meant.includes(one) && toldOf(one, Number.POSITIVE_INFINITY).length > 0,
      );
      if (later.length > 0) lines.push(say.later(listOf(later.map(({ id }) => numberOf(id)))));
    } else if ('perhaps' in asked) {
      meant = open.filter((one) => numberOf(one.id) === asked.perhaps && toldOf(one).length > 0);
      if (meant.length === 0) return say.help;
    } else {
      meant = open.filter((one) => asked.some((id) => isCalled(one, id)));
      lines.push(...asked.filter((id) => !meant.some((one) => isCalled(one, id))).map(say.unknown));
    }

    const done: string[] = [];
    const refused: string[] = [];
    for (const incident of meant) {
      const told = toldOf(incident);
      const names = new Set((told.length > 0 ? told : senders).map(({ name }) => name));
      const reply = await host.command({
        id: `sms-${keyOf(message)}-${incident.id}`,
        verb: 'ack',
        by: cut([...names].join('/'), longestBy),
        origin: 'sms',
        incident: incident.id,
      });
      const what = `${numberOf(incident.id)} ${textIn(incident.title, senders[0]!.language)}`;
      if (reply.ok) done.push(what);
      else refused.push(`${what}: ${plain(reply.message)}`);
    }
    const all = [...(done.length > 0 ? [say.done(listOf(done))] : []), ...refused, ...lines];
    return all.length === 0 ? say.none : all.join('\n');
  };

  return {
    async take(message, answer) {
      try {
        await take(message, answer);
      } catch (fault) {
        log.error({ code: 'SMS_FAILED', because: String(fault) }, 'a text message could not be acted on');
      }
    },
    figures: () => ({ unknown, leftOut }),
  };
}

function listOf(what: readonly string[]): string {
  return what.length <= 3 ? what.join(', ') : `${what.slice(0, 3).join(', ')} … (${what.length})`;
}

function isCalled({ id }: Incident, name: string): boolean {
  return id === name || numberOf(id) === name;
}

/** Was a message about the present activation delivered to this person by then? */
function wasTold(incident: Incident, person: string, byMs: number): boolean {
  const { told = [], activation = 1 } = incident;
  return told.some(
    (one) =>
      one.activation === activation &&
      one.deliveries.some(
        ({ person: to, state, endedAt }) =>
          to === person && state === 'delivered' && endedAt !== undefined && Date.parse(endedAt) <= byMs,
      ),
  );
}

function keyOf({ number, sentAtMs, text }: TextReceived): string {
  return createHash('sha256')
    .update(JSON.stringify([number, sentAtMs, text]))
    .digest('hex')
    .slice(0, 24);
}

/** True at most `most` times in `perMs`. */
function limited(clock: Clock, most: number, perMs: number): () => boolean {
  let times: number[] = [];
  return () => {
    const nowMs = clock.steadyMs();
    times = times.filter((atMs) => nowMs - atMs < perMs);
    if (times.length >= most) return false;
    times.push(nowMs);
    return true;
  };
}
