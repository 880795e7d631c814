// The broker of the simulation, and in it the monitoring centre: as much of mqtt.js's client as the courier uses, with a
// network between that delays, drops and hangs up, and a broker that refuses, forgets answers and stands still. Keeps
// retained messages and wills as MQTT says. Knows no topic's meaning.

import { EventEmitter } from 'node:events';
import type { IClientOptions } from 'mqtt';
import type { Connect } from '../../src/notify/connection.ts';
import type { Chance } from './chance.ts';
import type { WorldTime } from './time.ts';

export type Mood =
  | 'well'
  /** nothing listens */
  | 'down'
  /** takes the connection and says nothing more */
  | 'mute'
  /** hangs up now and then, also between a message and its acknowledgement */
  | 'flapping'
  /** acknowledges with "quota exceeded" now and then */
  | 'full'
  /** speaks 3.1.1 only */
  | 'old';

export interface Received {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface Broker {
  mood: Mood;
  /** steady time of the world since which it is well and a client is connected; undefined while not */
  readonly wellSinceMs: number | undefined;
  readonly retained: ReadonlyMap<string, string>;
  readonly faults: Record<string, number>;
  readonly mostInFlight: number;
  /** when it last asked for patience, world ms */
  readonly refusedMs: number;
  /** Publishes to whoever subscribed; true where somebody did. */
  publish(topic: string, payload: string): boolean;
  hangUp(): void;
  connectOf(run: { alive(): boolean; entered(): void }): Connect;
  /** The process is gone without goodbye. */
  abandon(): void;
}

const refusedQuota = 0x97;
const receiveMaximum = 100;
/** a client that hears nothing for one and a half times its keepalive gives up */
const deadAfterMs = 22_500;

interface Session {
  readonly options: IClientOptions;
  readonly client: Client;
  /** does something to the client, if its process is still there */
  readonly toClient: (work: () => void) => void;
  readonly topics: Set<string>;
  /** the broker still has it */
  open: boolean;
  /** something was swallowed: no later message may come through on it, as a stream brings all or ends */
  torn: boolean;
}

class Client extends EventEmitter {
  readonly stream = Object.assign(new EventEmitter(), { setNoDelay() {}, destroy: () => this.destroyed() });
  readonly destroyed: () => void;
  readonly calls: {
    publish(topic: string, payload: string, retain: boolean, settled: (fault: unknown) => void): void;
    subscribe(topics: string[], granted: (fault: null, topics: unknown, suback: unknown) => void): void;
    unsubscribe(topic: string): void;
    end(force: boolean): void;
  };

  constructor(calls: Client['calls'], destroyed: () => void) {
    super();
    this.calls = calls;
    this.destroyed = destroyed;
    this.on('error', () => {});
  }

  publish(
    topic: string,
    payload: string,
    options: { retain: boolean },
    settled: (fault: unknown) => void,
  ): void {
    this.calls.publish(topic, payload, options.retain, settled);
  }

  subscribe(
    topics: string[],
    _options: object,
    granted: (fault: null, topics: unknown, suback: unknown) => void,
  ): void {
    this.calls.subscribe(topics, granted);
  }

  unsubscribe(topic: string): void {
    this.calls.unsubscribe(topic);
  }

  end(force: boolean): void {
    this.calls.end(force);
  }
}

/** `+` at the end alone is known. */
function matches(filter: string, topic: string): boolean {
  if (!filter.endsWith('/+')) return filter === topic;
  return topic.startsWith(filter.slice(0, -1)) && !topic.slice(filter.length - 1).includes('/');
}

export function createBroker(options: {
  readonly time: WorldTime;
  readonly chance: Chance;
  /** the broker has taken it; before it is acknowledged */
  readonly received: (message: Received) => void;
  readonly willed: (message: Received) => void;
}): Broker {
  const { time, chance } = options;
  const retained = new Map<string, string>();
  const faults: Record<string, number> = {};
  let mood: Mood = 'well';
  let session: Session | undefined;
  let wellSinceMs: number | undefined;
  let mostInFlight = 0;
  let refusedMs = Number.NEGATIVE_INFINITY;
  const count = (kind: string): void => {
    faults[`broker ${kind}`] = (faults[`broker ${kind}`] ?? 0) + 1;
  };
  const delayMs = (): number => chance.between(1, 25);

  const keep = (topic: string, payload: string): void => {
    if (payload === '') retained.delete(topic);
    else retained.set(topic, payload);
  };

  /** The broker lets go of a session; without goodbye it says what was left with it. */
  const drop = (gone: Session, goodbye: boolean): void => {
    if (!gone.open) return;
    gone.open = false;
    if (session === gone) {
      session = undefined;
      wellSinceMs = undefined;
    }
    const { will } = gone.options;
    if (goodbye || will === undefined) return;
    const message = { topic: will.topic, payload: will.payload.toString(), retain: will.retain === true };
    if (message.retain) keep(message.topic, message.payload);
    options.willed(message);
    toSubscribers(message.topic, message.payload);
  };

  const toSubscribers = (topic: string, payload: string): boolean => {
    const to = session;
    if (!to || ![...to.topics].some((filter) => matches(filter, topic)) || mood === 'mute') return false;
    time.after(delayMs(), () => {
      if (session !== to) return;
      to.toClient(() => to.client.emit('message', topic, Buffer.from(payload), { retain: false }));
    });
    return true;
  };

  const connectOf: Broker['connectOf'] = (run) => {
    const connect = (clientOptions: IClientOptions): Client => {
      let ended = false;
      let mine: Session | undefined;
      let inFlight = 0;
      let lastAtMs = time.nowMs;
      /** in order, as TCP brings it */
      const later = (work: () => void): void => {
        lastAtMs = Math.max(lastAtMs + 0.01, time.nowMs + delayMs());
        time.after(lastAtMs - time.nowMs, work);
      };
      const toClient = (work: () => void): void => {
        if (ended || !run.alive()) return;
        run.entered();
        if (run.alive()) work();
      };
      const closeClient = (): void => {
        if (ended) return;
        ended = true;
        client.emit('close');
      };
      const lose = (kind: string): void => {
        count(kind);
        if (mine) drop(mine, false);
        time.after(delayMs(), () => toClient(closeClient));
      };
      const mute = (): void => {
        time.after(deadAfterMs, () => {
          if (mine) drop(mine, false);
          toClient(closeClient);
        });
      };

      const take = (message: Received, settled: (fault: unknown) => void): void => {
        if (!mine?.open) return;
        if (mood === 'mute') {
          mine.torn = true;
          mute();
          return;
        }
        if (mood === 'flapping' && chance.happens(0.03)) {
          lose('lost a message');
          return;
        }
        if (mood === 'full' && chance.happens(0.3)) {
          count('refused for quota');
          refusedMs = time.nowMs;
          later(() =>
            toClient(() => {
              inFlight -= 1;
              settled(Object.assign(new Error('quota'), { code: refusedQuota }));
            }),
          );
          return;
        }
        if (message.retain) keep(message.topic, message.payload);
        options.received(message);
        toSubscribers(message.topic, message.payload);
        if (mood === 'flapping' && chance.happens(0.03)) {
          lose('lost an acknowledgement');
          return;
        }
        later(() =>
          toClient(() => {
            inFlight -= 1;
            settled(null);
          }),
        );
      };

      const client: Client = new Client(
        {
          publish(topic, payload, retain, settled) {
            if (ended || !run.alive()) return;
            run.entered();
            if (!run.alive()) return;
            inFlight += 1;
            mostInFlight = Math.max(mostInFlight, inFlight);
            later(() => take({ topic, payload, retain }, settled));
          },
          subscribe(topics, granted) {
            if (ended || !run.alive()) return;
            const at = mine;
            later(() => {
              if (!at?.open) return;
              if (mood === 'mute') {
                at.torn = true;
                return;
              }
              for (const topic of topics) at.topics.add(topic);
              later(() => toClient(() => granted(null, topics, { granted: topics.map(() => 1) })));
              for (const [topic, payload] of retained) {
                if (topics.some((filter) => matches(filter, topic)))
                  later(() =>
                    toClient(() => client.emit('message', topic, Buffer.from(payload), { retain: true })),
                  );
              }
            });
          },
          unsubscribe(topic) {
            mine?.topics.delete(topic);
          },
          end(force) {
            if (ended) return;
            if (force) {
              ended = true;
              // a connection that goes without goodbye: the broker may take its time to see it
              const gone = mine;
              if (gone) time.after(delayMs(), () => drop(gone, false));
              return;
            }
            later(() => {
              if (mine) drop(mine, true);
              time.after(0.1, () => toClient(closeClient));
            });
          },
        },
        () => {
          ended = true;
        },
      );

      /** Is the connection refused, and how? */
      const refusal = (): { readonly code: unknown } | undefined => {
        if (mood === 'down') return { code: 'ECONNREFUSED' };
        return mood === 'old' && clientOptions.protocolVersion === 5 ? { code: 132 } : undefined;
      };

      const begin = (): void => {
        if (ended || !run.alive() || mood === 'mute') return;
        const refused = refusal();
        if (refused !== undefined) {
          count('refused a connection');
          toClient(() => client.emit('error', Object.assign(new Error('refused'), refused)));
          return;
        }
        if (mood === 'flapping' && chance.happens(0.2)) {
          lose('hung up at the beginning');
          return;
        }
        // of two with one id the broker throws the first out, and says its will
        if (session) drop(session, false);
        mine = { options: clientOptions, client, toClient, topics: new Set(), open: true, torn: false };
        session = mine;
        wellSinceMs = mood === 'well' || mood === 'old' ? time.nowMs : undefined;
        later(() => toClient(() => client.emit('connect', { properties: { receiveMaximum } })));
      };
      later(begin);
      return client;
    };
    return connect as unknown as Connect;
  };

  return {
    get mood() {
      return mood;
    },
    set mood(next) {
      mood = next;
      const fine = next === 'well' || next === 'old';
      wellSinceMs = fine && session ? time.nowMs : undefined;
      if (session && (next === 'down' || (next !== 'mute' && session.torn))) hang(session);
      if (next === 'mute' && session) {
        const gone = session;
        time.after(deadAfterMs, () => {
          if (mood === 'mute') hang(gone);
        });
      }
    },
    get wellSinceMs() {
      return wellSinceMs;
    },
    get mostInFlight() {
      return mostInFlight;
    },
    get refusedMs() {
      return refusedMs;
    },
    retained,
    faults,
    publish: toSubscribers,
    hangUp() {
      if (session) hang(session);
    },
    connectOf,
    abandon() {
      const gone = session;
      if (gone) time.after(chance.between(0, 20_000), () => drop(gone, false));
    },
  };

  function hang(gone: Session): void {
    if (!gone.open) return;
    count('hung up');
    drop(gone, false);
    time.after(delayMs(), () => gone.toClient(() => gone.client.emit('close')));
  }
}
