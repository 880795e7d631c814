// Sees from the stamps at the door when the wall clock is set, and what that says about the times of before. Within one
// boot of the machine steady time tells how far off an unsynchronised clock was, once it is synchronised; what an
// earlier boot wrote stays as it is, since nobody knows how long the machine was off.

import type { ClockCorrection, ClockState, Stamp } from './core/types.ts';
import type { Log } from './driver.ts';

/** What is off by less needs no correcting. */
const stepMs = 500;
const mostSegments = 50;
const noteKey = 'clockSegments';

/** A run of events under one setting of the clock. */
interface Segment {
  readonly fromSeq: number;
  /** wall time less engine time, ms */
  readonly offsetMs: number;
  readonly state: ClockState;
}

interface Note {
  readonly boot: string;
  readonly segments: readonly Segment[];
}

export interface ClockWatch {
  /** Every stamp comes by here before it is used. */
  seen(stamp: Stamp): void;
}

export function watchClock(options: {
  readonly boot: string;
  /** number of the last event that was made */
  lastSeq(): number;
  note(key: string, value?: string): string | undefined;
  readonly log: Log;
  /** the clock is right now: these earlier events are to be moved */
  corrected(corrections: readonly ClockCorrection[], because: string): void;
}): ClockWatch {
  const { log } = options;

  const remembered = (): Segment[] => {
    try {
      const note = JSON.parse(options.note(noteKey) ?? 'null') as Note | null;
      return note?.boot === options.boot ? [...note.segments] : [];
    } catch {
      return [];
    }
  };
  let segments = remembered();

  const keep = (): void => {
    try {
      options.note(noteKey, JSON.stringify({ boot: options.boot, segments } satisfies Note));
    } catch (error) {
      log.warn({ code: 'NOTE_FAILED' }, error instanceof Error ? error.message : String(error));
    }
  };

  const begin = (offsetMs: number, state: ClockState): void => {
    segments = [...segments, { fromSeq: options.lastSeq() + 1, offsetMs, state }].slice(-mostSegments);
    keep();
  };

  /** What was written under a clock that was not synchronised, moved to where the one of now says. */
  const correct = (offsetMs: number): void => {
    const corrections = segments.flatMap((segment, at): ClockCorrection[] => {
      const toSeq = (segments[at + 1]?.fromSeq ?? options.lastSeq() + 1) - 1;
      const byMs = Math.round(offsetMs - segment.offsetMs);
      if (segment.state === 'synced' || Math.abs(byMs) < stepMs || toSeq < segment.fromSeq) return [];
      return [{ fromSeq: segment.fromSeq, toSeq, byMs }];
    });
    segments = [];
    if (corrections.length === 0) return;
    const because = `the clock is synchronised: earlier times were off by up to ${mostOff(corrections)}`;
    log.info({ code: 'CLOCK_CORRECTED', corrections }, because);
    // not within the input whose stamp told it
    queueMicrotask(() => options.corrected(corrections, because));
  };

  return {
    seen({ steadyMs, wallMs, clock }) {
      const offsetMs = wallMs - steadyMs;
      const last = segments.at(-1);
      if (last !== undefined) {
        const byMs = offsetMs - last.offsetMs;
        if (Math.abs(byMs) < stepMs && clock === last.state) return;
        if (Math.abs(byMs) >= stepMs)
          log.warn({ code: 'CLOCK_STEP', byMs: Math.round(byMs) }, 'the wall clock was set');
      }
      if (clock === 'synced') correct(offsetMs);
      begin(offsetMs, clock);
    },
  };
}

function mostOff(corrections: readonly ClockCorrection[]): string {
  const seconds = Math.max(...corrections.map(({ byMs }) => Math.abs(byMs))) / 1000;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
