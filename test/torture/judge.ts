// Holds what the slave answered against what the witness has: each alarm once, in order, none missing, none twice in
// meaning. Knows nothing of the gateway but its public contract.

import type { Witness } from '../support/broker.ts';
import { base, events } from '../support/daemon.ts';
import type { Trip } from './detectors.ts';
import type { Figure } from './scenario.ts';
import { plan, pointOf } from './site.ts';

// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
type Json = any;

export interface Verdict {
  /** trips that a gateway was told */
  readonly answered: number;
  /** of those: gone again, and the gateway killed before it asked twice more; it may have had no time at all */
  readonly unsure: number;
  /** of the unsure ones: told all the same */
  readonly unsureTold: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** incidents of values that no trip had, or that nobody was told */
  readonly invented: readonly string[];
  /** alarms whose end was not told once */
  readonly unended: readonly string[];
  /** numbers that the witness does not have at all */
  readonly missingSeqs: readonly number[];
  /** numbers that it has only because it asked for them again */
  readonly replayedSeqs: number;
  readonly disordered: readonly string[];
  readonly lastSeq: number;
  readonly repeats: number;
}

export function judge(trips: readonly Trip[], seen: Witness, lastSeq: number): Verdict {
  const all = events(seen);
  const order = orderOf(all);
  const bySeq = new Map<number, Json>();
  for (const event of all) if (!bySeq.has(event.seq)) bySeq.set(event.seq, event);
  const live = new Set(all.filter(({ replayed }) => !replayed).map(({ seq }) => seq));

  const opened = new Map<string, string[]>();
  const ends = new Map<string, number>();
  for (const { type, incident } of bySeq.values()) {
    if (incident?.plan !== plan) continue;
    if (type === 'incident.closed') ends.set(incident.id, (ends.get(incident.id) ?? 0) + 1);
    if (type !== 'incident.opened') continue;
    const cause = causeOf(incident);
    opened.set(cause, [...(opened.get(cause) ?? []), incident.id]);
  }
  const told = trips.filter((trip) => trip.alarm().atMs !== undefined);
  const sure = told.filter((trip) => trip.alarm().sureAtMs !== undefined);
  const unsure = told.filter((trip) => trip.alarm().sureAtMs === undefined);
  const known = new Set(told.map(nameOf));
  return {
    answered: told.length,
    unsure: unsure.length,
    unsureTold: unsure.filter((trip) => opened.has(nameOf(trip))).length,
    lost: sure.filter((trip) => !opened.has(nameOf(trip)) && !goesOn(trip, trips, opened)).map(nameOf),
    doubled: [...opened].filter(([, ids]) => new Set(ids).size > 1 || ids.length > 1).map(([name]) => name),
    invented: [...opened.keys()].filter((name) => !known.has(name)),
    unended: [...opened].flatMap(([name, ids]) => (ids.every((id) => ends.get(id) === 1) ? [] : [name])),
    missingSeqs: Array.from({ length: lastSeq }, (_, at) => at + 1).filter((seq) => !bySeq.has(seq)),
    replayedSeqs: [...bySeq.keys()].filter((seq) => !live.has(seq)).length,
    disordered: order,
    lastSeq,
    repeats: all.length - bySeq.size,
  };
}

/** No gateway was there to be told of a rest since an alarm that was told: to it both are one. */
function goesOn(trip: Trip, trips: readonly Trip[], opened: ReadonlyMap<string, unknown>): boolean {
  const before = trips.slice(0, trips.indexOf(trip)).filter(({ detector }) => detector === trip.detector);
  const unseen = before.slice(before.findLastIndex((each) => each.rest().atMs !== undefined) + 1);
  return unseen.some((each) => opened.has(nameOf(each)));
}

const nameOf = (trip: Trip): string => `${pointOf(trip)} = ${trip.value}`;
const causeOf = ({ cause }: Json): string => `${cause.point} = ${cause.value}`;

/** What is wrong with the order in which events came for the first time, and with the copies of those that came again. */
function orderOf(all: readonly Json[]): string[] {
  const wrong: string[] = [];
  const bodies = new Map<number, string>();
  let last = 0;
  for (const { replayed, ...event } of all) {
    const body = JSON.stringify(event);
    const before = bodies.get(event.seq);
    if (before !== undefined) {
      if (before !== body) wrong.push(`${event.seq} came again and was not the same: ${before} · ${body}`);
      continue;
    }
    bodies.set(event.seq, body);
    if (replayed) continue;
    if (event.seq < last) wrong.push(`${event.seq} came for the first time after ${last}`);
    last = Math.max(last, event.seq);
  }
  const epochs = new Set(all.map(({ epoch }) => epoch));
  if (epochs.size > 1) wrong.push(`more than one epoch: ${[...epochs].join(', ')}`);
  return wrong;
}

/** What a trip's gateway surely knows, by the word of the witness: where answers are lost on their way, the slave can't say. */
export function heardBy({ seen }: Pick<Witness, 'seen'>): {
  alarm(trip: Trip): boolean;
  rest(trip: Trip): boolean;
} {
  const opened = new Set<number>();
  const closed = new Set<number>();
  let at = 0;
  const read = (): void => {
    for (; at < seen.length; at += 1) {
      const { topic, payload } = seen[at]!;
      if (topic !== `${base}/event`) continue;
      const { type, incident } = JSON.parse(payload);
      if (incident?.plan !== plan) continue;
      if (type === 'incident.opened') opened.add(incident.cause.value);
      if (type === 'incident.closed') closed.add(incident.cause.value);
    }
  };
  return {
    alarm({ value }) {
      read();
      return opened.has(value);
    },
    rest({ value }) {
      read();
      return closed.has(value);
    },
  };
}

/** The figures that every torture is held against. */
export function figuresOf(verdict: Verdict, tell: (text: string) => void): Figure[] {
  const none = (figure: string, found: readonly unknown[]): Figure => {
    if (found.length > 0) tell(`${figure}: ${found.slice(0, 10).join('; ')}`);
    return { figure, keepwatch: found.length, limit: 0 };
  };
  return [
    { figure: 'alarms answered by the slave', keepwatch: verdict.answered, limit: 1, atLeast: true },
    {
      figure: 'of these gone again, and the daemon killed or cut off, before it had asked twice more',
      keepwatch: verdict.unsure,
      note: `${verdict.unsureTold} of them received`,
    },
    none('alarms never received', verdict.lost),
    none('alarms doubled in meaning', verdict.doubled),
    none('alarms that nobody gave', verdict.invented),
    none('alarms without their end', verdict.unended),
    none('numbers missing at the witness', verdict.missingSeqs),
    none('events out of order, or not the same when repeated', verdict.disordered),
    { figure: 'events', keepwatch: verdict.lastSeq },
    { figure: 'events received more than once', keepwatch: verdict.repeats },
  ];
}
