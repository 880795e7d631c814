// What a world is to its parts: the weather that changes it, the invariants that look at it, the command line that tells of
// it. Types, how a violation is told, and how a moment is written.

import type { Broker } from './broker.ts';
import type { Centre } from './centre.ts';
import type { Chance } from './chance.ts';
import type { Hearing } from './hearing.ts';
import type { House } from './house.ts';
import type { Lines } from './lines.ts';
import type { Operators } from './operators.ts';
import type { Premises } from './premises.ts';
import type { WorldTime } from './time.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export class Violation extends Error {
  readonly invariant: string;
  readonly atMs: number;
  readonly timeline: readonly string[];
  constructor(invariant: string, what: string, atMs: number, timeline: readonly string[]) {
    super(what);
    this.name = 'Violation';
    this.invariant = invariant;
    this.atMs = atMs;
    this.timeline = timeline;
  }
}

export interface Figures {
  readonly happened: Readonly<Record<string, number>>;
  readonly incidents: number;
  readonly events: number;
  readonly commands: number;
  readonly checks: number;
  readonly entrances: number;
}

export interface World {
  readonly time: WorldTime;
  readonly chance: Chance;
  readonly premises: Premises;
  readonly lines: Lines;
  readonly broker: Broker;
  readonly house: House;
  readonly centre: Centre;
  readonly hearing: Hearing;
  readonly operators: Operators;
  freeBytes: number;
  /** which boot of the machine this is, counted */
  readonly boots: number;
  /** world ms of the last change that the loop handed out */
  readonly changedMs: number;
  /** when the daemon last found a bus or device, such as `bus:line1` */
  readonly foundMs: ReadonlyMap<string, number>;
  /** since when a line is pulled out */
  readonly outSinceMs: ReadonlyMap<string, number>;
  /** when a point was last put out of service or back, or into a walk test */
  readonly enabledMs: ReadonlyMap<string, number>;
  /** until when the courier publishes no levels, as it has said itself */
  levelsPausedUntilMs: number;
  /** since when the disk takes what is committed */
  readonly storedSinceMs: number | undefined;
  note(what: string): void;
  happened(what: string): void;
  act(): void;
  actAgain(): void;
  reload(which: 'other' | 'faulty' | 'same'): void;
  reboot(): void;
  setClockRight(): void;
}

/** Day and time of day since the beginning. */
export function timeText(ms: number): string {
  const day = Math.floor(ms / dayMs);
  const left = ms - day * dayMs;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `day ${day} ${two(left / hourMs)}:${two((left / minuteMs) % 60)}:${((left / 1000) % 60).toFixed(3).padStart(6, '0')}`;
}
