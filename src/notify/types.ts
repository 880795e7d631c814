// What the courier and its ways out need of the house. Types only.

import type {
  Command,
  Event,
  Incident,
  Language,
  Message,
  Person,
  Quality,
  Reply,
  Text,
  Value,
} from '../core/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { Gate } from '../rights/gate.ts';
import type { Backlog } from '../telemetry/types.ts';
import type { Log } from './log.ts';

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
  /** identity of the state, in which `lastSeq` counts */
  readonly epoch: string;
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
  /** an event of before, with the time that it truly had where that is known by now */
  redated(event: Event): Event;
}

/** The messages to people as they stand in the house, and what is said back of them. */
export interface Messages {
  messages(): Iterable<Message>;
  /** undefined: delivered, or no longer wanted */
  message(id: string): Message | undefined;
  /** open, or closed and still being told as over */
  incident(id: string): Incident | undefined;
  /** `failed`: it goes on being tried; `refused`: it does not, on this channel */
  report(message: string, outcome: 'delivered' | 'failed' | 'refused', because?: string): void;
}

/** What words about an incident need to know of the premises. */
export interface Premises {
  readonly id: string;
  readonly name: Text;
  readonly language: Language;
  /** `YYYY-MM-DD HH:MM` as the clock on the wall shows it; wall time in ms */
  localTime(wallMs: number): string;
  /** what people call a point; undefined where there is none of this id */
  pointName?(id: string): Text | undefined;
}

/** Messages to roles, for a way out that tells those. */
export interface Notices extends Messages {
  readonly premises: Premises;
  /** names of the people who answer for a role now, in the language of the premises */
  answering(role: string): readonly string[];
}

/** What the teller may ask of the house, and tell it. */
export interface TellerHost extends Messages {
  openIncidents(): Iterable<Incident>;
  person(id: string): Person | undefined;
  /**
   * `channel_<id>` works or does not, for the engine's health; also told that it works at the first delivery of a run,
   * because a trouble may stand from before.
   */
  health(check: string, ok: boolean, because: string): void;
  /** Runs a command; the same id again gives the same reply and runs nothing. Ought never to reject. */
  command(command: Command): Promise<Reply>;
}

/** A modem for text messages, open with its line. */
export interface TextModem {
  /**
   * Resolves when the network has taken the text. Rejects with an Error whose `kind` is `timeout` (it may have gone out
   * all the same), `number`, `refused`, `sim` or `closed`, and whose `retry` says whether trying again may help.
   */
  send(number: string, text: string): Promise<unknown>;
  /** One listener; `sentAtMs`: when the service centre took it, null where it does not say. */
  onMessage(listener: (message: TextReceived) => void): void;
  signal(): Promise<{ readonly registration: string }>;
  /** Also closes the line; what is under way rejects. */
  close(): Promise<void>;
}

export interface TextReceived {
  readonly number: string;
  readonly text: string;
  readonly sentAtMs: number | null;
}

/** Opens the modem and its serial line; rejects with an Error fit for people. `lost`: the line went by itself. */
export type OpenTextModem = (
  place: { readonly path: string; readonly baudRate: number },
  host: {
    readonly clock: Clock;
    readonly log: Log;
    /** gives up the opening */
    readonly signal: AbortSignal;
    lost(because: string): void;
  },
) => Promise<TextModem>;

/** A way to people, and how it is. */
export interface ChannelState {
  readonly id: string;
  readonly type: string;
  readonly ok: boolean;
  readonly because?: string;
  /** messages under way */
  readonly waiting: number;
}

/** One way out of the house: carries events and levels to those who watch, until it is stopped. */
export interface Courier {
  /** Committed events, in order; the courier may drop them and read the outbox instead when it is behind. */
  events(events: readonly Event[]): void;
  /** Levels that changed in this turn, by id. */
  changed(points: Iterable<string>, incidents: Iterable<string>): void;
  /** The messages that stand are others than before. */
  told(): void;
  /** There may be more telemetry to publish. */
  recorded(): void;
  /** figures for `status` */
  state(): {
    readonly connected: boolean;
    readonly protocol?: 4 | 5;
    readonly waiting: number;
    readonly because?: string;
  };
  /** when it last tried, connected or was answered, steady ms; never long ago, since the heartbeat is answered too */
  wentOnMs(): number;
  /** Tells the house what it does not know yet, before it listens no more. */
  finish(): void;
  stop(): Promise<void>;
}

/** What a way out may ask of the house, and tell it. */
export interface CourierHost {
  readonly levels: Levels;
  /** absent: nobody is told by this way */
  readonly notices?: Notices;
  /** what numbers did; absent: not published */
  readonly telemetry?: Backlog;
  /**
   * Judges and runs a command whose shape alone was looked at; resolves when its effects are committed. The
   * same id again gives the same reply and runs nothing. Ought never to reject.
   */
  command(command: Command): Promise<Reply>;
  /** What a command of this id was answered, or is being answered; undefined where nothing is known of it. */
  answerTo(id: string): Promise<Reply> | undefined;
  /** who may command */
  readonly gate: Gate;
  /** the centre has everything up to this seq */
  receipt(seq: number): void;
  /** connected or lost, for the engine's health */
  health(ok: boolean, because: string): void;
  /** the broker has seen this number of an event, which is above all that the state knows */
  ahead(seq: number): void;
  /** is another gateway running under this name? */
  identity(ok: boolean, because: string): void;
}
