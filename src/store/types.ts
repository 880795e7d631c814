// What the store keeps and gives back. One `Turn` is one SQLite transaction. Types only, so that the loop
// and its fakes need no database.

import type { Event, Fact, Incident, Reply, Site } from '../core/types.ts';

/** Everything one turn of the loop makes durable, all or nothing. */
export interface Turn {
  readonly facts: readonly Fact[];
  readonly events: readonly Event[];
  readonly incidents: readonly Incident[];
  readonly replies: readonly Reply[];
  /** replaces the last snapshot: the engine's durable state after this turn, as JSON */
  readonly snapshot?: string;
  /** the site in force from this turn on */
  readonly site?: Site;
}

/** What a restart begins from. */
export interface Remembered {
  /** durable state as JSON, and the site it ran under; undefined on a new data folder */
  readonly snapshot?: string;
  readonly site?: Site;
  /** facts after the snapshot, in order */
  readonly facts: readonly Fact[];
  /** so many of these were damaged and are left out, the first of them after so many; absent: none */
  readonly unreadable?: { readonly count: number; readonly after: number };
  /** what had been durable is missing at the end; the epoch is a new one */
  readonly rolledBack?: true;
  /** it was another machine's until now; the epoch is a new one */
  readonly moved?: true;
  readonly lastSeq: number;
  /** the highest number that an incident of this epoch had */
  readonly bootId?: string;
}

/** A fact as it lies in the journal, with its number; `unpackFact` reads the rest. */
export type JournalRow = readonly [
  id: number,
  steadyMs: number,
  wallMs: number,
  synced: number,
  body: string,
];

export class StoreFault extends Error {
  /** `busy` another daemon has it, `newer` a newer schema, `readOnly`, `full`, `io`, `damaged`, `module` SQLite can't be loaded */
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint: string) {
    super(message);
    this.name = 'StoreFault';
    this.code = code;
    this.hint = hint;
  }
}

export interface StoreFigures {
  /** that the content takes */
  readonly bytes: number;
  /** that it may take together with its log */
  readonly mostBytes: number;
  /** rows of history that are no longer kept */
  readonly pruned: { readonly facts: number; readonly events: number; readonly incidents: number };
  /** of the chain of facts and events; noted elsewhere, it proves that nothing before it was changed */
  readonly head: string;
}

/** What a walk along the chain found. */
export interface Verdict {
  readonly intact: boolean;
  /** rows that fit */
  readonly facts: number;
  readonly events: number;
  /** rows from before there was a chain, of which nothing can be said */
  readonly unchained: { readonly facts: number; readonly events: number };
  /** absent: the chain is broken before its end */
  readonly head?: string;
  /** where it first does not fit */
  readonly because?: string;
}

export interface SetAside {
  readonly seq: number;
  /** wall time, ms */
  readonly at: number;
  readonly because: string;
}

export interface Store {
  /** identity of this state; a new one only with new state. `[a-z0-9]{8}` */
  readonly epoch: string;
  remembered(): Remembered;
  /** One transaction, durable when it returns. Throws StoreFault; nothing of the turn is kept then. */
  commit(turn: Turn): void;
  /** a site that was in force once, by the hash that `reloaded` facts carry; gone with the last fact under it */
  site(hash: string): Site | undefined;
  /** the answer already given to a command of this id */
  reply(commandId: string): Reply | undefined;
  /** events by seq, both ends included */
  events(range: { from: number; to?: number; limit: number }): Event[];
  eventsOf(incident: string): Event[];
  incident(id: string): Incident | undefined;
  /** the newest incident of this short name: `i3` finds `i3_ab12` */
  incidentLike(name: string): Incident | undefined;
  /** newest first; `before`: those that opened before the one of this id, open and closed */
  incidents(filter: { open?: boolean; before?: string; limit: number }): Incident[];
  /**
   * A page of incidents, oldest first: those that opened within the range of moments (ISO 8601; `to` is not in it), and
   * those that opened before its end and are open still. Looks at a few hundred at a time, so that the daemon is
   * not held up; `next` is where the next page begins, absent at the end.
   */
  history(range: { from: string; to: string; after?: number }): { incidents: Incident[]; next?: number };
  /** the journal in order, after the fact of this number; as it lies there, for whoever runs it elsewhere */
  journal(afterId: number, limit: number): JournalRow[];
  /** events not yet acknowledged by the broker, by seq, after `afterSeq` */
  outbox(afterSeq: number, limit: number): Event[];
  /** how many wait */
  outboxSize(): number;
  /** these have reached the broker. Lazy: may be written with the next commit, repeats are harmless. */
  delivered(seqs: readonly number[]): void;
  /** the broker refused this one for good: kept, shown, and no longer sent */
  setAside(seq: number, because: string): void;
  /** what was set aside, newest first */
  setAsides(limit: number): SetAside[];
  /** topics whose retained message we have left at the broker, to be emptied when what they show is gone */
  retained(): string[];
  retain(topics: readonly string[], forget: readonly string[]): void;
  /** small texts that outlive restarts, such as the boot id */
  note(key: string, value?: string): string | undefined;
  /** how much there is, what is no longer kept, and what stands for all of it */
  figures(): StoreFigures;
  /** Walks the whole chain, a page between two turns; against a head that was noted, where one is given. */
  verify(head?: string): Promise<Verdict>;
  /** A whole copy in one file, made beside the running work. Rejects with StoreFault. */
  backup(file: string): Promise<void>;
  close(): void;
}
