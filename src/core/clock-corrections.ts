// What becomes known later about times that were written while the wall clock could not be trusted: by how much the
// events of a run of numbers are to be moved. The journal keeps what was said; this says how to read it.

import { emit, type Turn } from './incidents.ts';
import type { ClockCorrection, Event } from './types.ts';

/** Older ones are about events that nobody asks for any more. */
const mostCorrections = 50;

/** The clock was set right: remembers what that says about earlier events, and tells the centre. */
export function correctionsKnown(turn: Turn, corrections: readonly ClockCorrection[], because: string): void {
  const { durable } = turn.state;
  durable.corrections = [...(durable.corrections ?? []), ...corrections].slice(-mostCorrections);
  emit(turn, 'gateway.clockSet', because, { corrections });
}

/** The event with the time that it truly had, where that is known: `correctedAt`. */
export function redated(event: Event, corrections: readonly ClockCorrection[] | undefined): Event {
  if (event.clock === 'synced' || corrections === undefined) return event;
  const found = corrections.find(({ fromSeq, toSeq }) => event.seq >= fromSeq && event.seq <= toSeq);
  if (found === undefined) return event;
  return { ...event, correctedAt: new Date(Date.parse(event.at) + found.byMs).toISOString() };
}
