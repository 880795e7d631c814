// THE contract of a way to people, types only: a kind of channel is one file and one line in index.ts. A channel sends
// one letter and says what became of it; it queues nothing, retries nothing and decides nothing about whom to tell.

import type { Category, Language, Level, Told } from '../../core/types.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../log.ts';
import type { OpenTextModem, TextReceived } from '../types.ts';

/** What is to be carried to one person, with the words already found. */
export interface Letter {
  readonly id: string;
  /** the same at every repeat of this letter, and of no other; letters, digits, `.`, `-` and `_` */
  readonly key: string;
  readonly premises: string;
  readonly to: Recipient;
  readonly title: string;
  readonly text: string;
  /** one paragraph of at most 200 characters, with how to acknowledge */
  readonly short: string;
  readonly kind: Told['kind'];
  readonly level: Level;
  readonly category: Category;
  readonly drill: boolean;
  readonly incidents: readonly LetterIncident[];
}

export interface Recipient {
  readonly id: string;
  readonly name: string;
  readonly language: Language;
  /** on this channel; a phone number for `sms`, an e-mail address for `email` */
  readonly address?: string;
  readonly phone?: string;
  readonly email?: string;
}

export interface LetterIncident {
  readonly id: string;
  /** what people say and type: `i12` */
  readonly number: string;
  readonly plan: string;
  readonly zone?: string;
  readonly level: Level;
  readonly state: string;
  readonly title: string;
  /** ISO 8601 */
  readonly openedAt: string;
}

/**
 * `retry`: try again later; `refused`: of no use on this channel. `whole`: it is the channel that fails, not this letter,
 * so the others need not be tried now either. `because` is shown to people and holds no secret.
 */
export type Outcome =
  | { readonly outcome: 'delivered'; readonly because?: string }
  | {
      readonly outcome: 'retry';
      readonly because: string;
      readonly whole?: boolean;
      /** not before */
      readonly waitMs?: number;
    }
  | { readonly outcome: 'refused'; readonly because: string; readonly whole?: boolean };

export interface Channel {
  /** So many letters may begin in this time; undefined: as many as like. */
  readonly pace?: { readonly most: number; readonly perMs: number };
  /** Never takes longer than a minute or so, and ends early when `signal` is aborted. Ought not to reject. */
  send(letter: Letter, signal: AbortSignal): Promise<Outcome>;
  close(): Promise<void>;
}

export interface ChannelHost {
  readonly clock: Clock;
  readonly log: Log;
  /** A channel with a standing line of its own says when that comes and goes, also without a letter to send. */
  line(up: boolean, because: string): void;
  /** Somebody answered; `answer` sends a text back. */
  onReply(message: TextReceived, answer: (text: string) => Promise<void>): void;
  readonly openModem?: OpenTextModem;
}

/** What the file of a kind exports. Opens without waiting: what is not there yet is a matter of the first letter. */
export type OpenChannel<C> = (config: C, host: ChannelHost) => Channel;

/** One line in index.ts. */
export interface ChannelKind<C> {
  /** letters under way at once */
  readonly atOnce: number;
  /** opened when it is configured, not when there is a first letter */
  readonly standing: boolean;
  load(): Promise<OpenChannel<C>>;
}
