// What the courier and its ways out need of the house. Types only.

import type { Command, Event, Incident, Quality, Reply, Value } from '../core/types.ts';

export interface PointState {
  readonly id: string;
  readonly value: Value | null;
  readonly quality: Quality;
  readonly unit?: string;
  /** ISO 8601; when the value was last taken, or when it turned unknown */
  readonly at: string;
}

export interface GatewayStatus {
  readonly state: 'online';
  readonly session: string;
  readonly version: string;
  readonly at: string;
  readonly lastSeq: number;
  readonly open: { readonly alarm: number; readonly supervisory: number; readonly trouble: number };
  readonly drill: boolean;
}

/** The house as a way out sees it: levels to be reconciled, edges to be fetched. Given by the app. */
export interface Levels {
  status(): GatewayStatus;
  points(): Iterable<PointState>;
  point(id: string): PointState | undefined;
  openIncidents(): Iterable<Incident>;
}

/** One way out of the house: carries events and levels to those who watch, until it is stopped. */
export interface Courier {
  /** Committed events, in order; the courier may drop them and read the outbox instead when it is behind. */
  events(events: readonly Event[]): void;
  /** Levels that changed in this turn, by id. */
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** figures for `status` */
  state(): {
    readonly connected: boolean;
    readonly protocol?: 4 | 5;
    readonly waiting: number;
    readonly because?: string;
  };
  stop(): Promise<void>;
}

/** What a way out may ask of the house, and tell it. */
export interface CourierHost {
  readonly levels: Levels;
  /**
   * Judges and runs a command whose shape alone was looked at; resolves when its effects are committed. The
   * same id again gives the same reply and runs nothing. Ought never to reject.
   */
  command(command: Command): Promise<Reply>;
  /** the centre has everything up to this seq */
  receipt(seq: number): void;
  /** connected or lost, for the engine's health */
  health(ok: boolean, because: string): void;
}
