// How many messages went out on each channel, and what became of them. One message may tell of several incidents and
// is then recorded in each: it counts once. Knows incidents only by who was told.

import type { Delivery, Incident } from '../core/types.ts';
import { handedOver } from '../core/vocabulary.ts';
import type { ChannelFigures } from './types.ts';

type Fate = Delivery['state'] | 'handed';

/** Records of one message lie close together: further back than this none is looked for. */
const mostRemembered = 20_000;

export interface MessageCounting {
  add(incident: Incident): void;
  figures(): ChannelFigures[];
}

export function countMessages(): MessageCounting {
  const channels = new Map<string, Record<Fate, number>>();
  const seen = new Map<string, Fate>();

  const count = (channel: string, state: Fate, by: number): void => {
    const counts = channels.get(channel) ?? {
      delivered: 0,
      handed: 0,
      failed: 0,
      waiting: 0,
      withdrawn: 0,
      held: 0,
    };
    counts[state] += by;
    channels.set(channel, counts);
  };

  return {
    add({ id, told = [] }) {
      // (numbers begin anew when the state was lost; the end of an incident's id tells one time from another)
      const epoch = id.slice(id.lastIndexOf('_') + 1);
      for (const delivery of told.flatMap(({ deliveries }) => deliveries)) {
        const { message, channel } = delivery;
        const state: Fate = handedOver(delivery) === undefined ? delivery.state : 'handed';
        const key = `${epoch} ${message}`;
        const before = message === '' ? undefined : seen.get(key);
        // needless for one incident, it may have been carried for another
        if (before !== undefined && (isOut(before) || !isOut(state))) continue;
        if (before !== undefined) count(channel, before, -1);
        count(channel, state, 1);
        if (message === '') continue;
        seen.set(key, state);
        if (seen.size > mostRemembered) seen.delete(seen.keys().next().value!);
      }
    },
    figures: () =>
      [...channels]
        .map(([channel, counts]) => ({
          channel,
          sent: counts.delivered + counts.handed + counts.failed + counts.waiting,
          ...counts,
        }))
        .sort((a, b) => (a.channel < b.channel ? -1 : 1)),
  };
}

function isOut(fate: Fate): boolean {
  return fate === 'delivered' || fate === 'handed';
}
