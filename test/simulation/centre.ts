// The monitoring centre: takes every event that the broker has, in the order in which it has them, confirms them by
// receipts while it is awake, and keeps what people were told. Judges nothing; the invariants do.

import type { Event } from '../../src/core/types.ts';
import type { Broker, Received } from './broker.ts';

export interface Centre {
  asleep: boolean;
  /** the last number of an epoch up to which all have come, in their order */
  lastSeq(epoch: string): number;
  /** It takes what follows on the last; what came too early has to come again. `aside`: what will not come. */
  received(event: Event, aside: () => ReadonlySet<number>): void;
  confirm(): void;
}

export const base = 'keepwatch/v1/sim_store';

export function createCentre(broker: () => Broker): Centre {
  const lastSeqs = new Map<string, number>();
  let epoch = '';
  return {
    asleep: false,
    lastSeq: (of) => lastSeqs.get(of) ?? 0,
    received({ epoch: of, seq }, aside) {
      epoch = of;
      let last = lastSeqs.get(epoch) ?? 0;
      if (seq > last + 1) {
        const gone = aside();
        while (last + 1 < seq && gone.has(last + 1)) last += 1;
      }
      lastSeqs.set(epoch, seq === last + 1 ? seq : last);
    },
    confirm() {
      if (this.asleep || epoch === '') return;
      broker().publish(`${base}/receipt`, JSON.stringify({ seq: lastSeqs.get(epoch) ?? 0 }));
    },
  };
}

export const isEvent = ({ topic }: Received): boolean => topic === `${base}/event`;
