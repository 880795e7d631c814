// What an invariant is: hooks into the world, each of which says in words what is broken, or nothing. Types only.

import type { Event } from '../../../src/core/types.ts';
import type { Received } from '../broker.ts';
import type { Logged, Run } from '../house.ts';
import type { World } from '../world-types.ts';

/** What is broken, in words. */
export type Fault = string | undefined;

export interface Invariant {
  readonly name: string;
  /** every half minute, when all that was going on in the process is done */
  look?(world: World, run: Run): Fault;
  /** events are on disk */
  committed?(world: World, events: readonly Event[]): Fault;
  /** the broker took a message */
  received?(world: World, message: Received): Fault;
  willed?(world: World, message: Received): Fault;
  logged?(world: World, entry: Logged): Fault;
  died?(world: World, run: Run, how: 'killed' | 'stopped'): Fault;
  /** the world is calm and the last day is over */
  atEnd?(world: World, run: Run): Fault;
}
