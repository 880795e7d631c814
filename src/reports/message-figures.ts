// How many messages went out on each channel, and what became of them. One message may tell of several incidents and
// is then recorded in each: it counts once. Knows incidents only by who was told.

import type { Delivery, Incident } from '../core/types.ts';
import type { ChannelFigures } from './types.ts';

/** Records of one message lie close together: further back than this none is looked for. */
const mostRemembered = 20_000;

export interface MessageCounting {
  add(incident: Incident): void;
  figures(): ChannelFigures[];
}

export function countMessages(): MessageCounting {
  const channels = new Map<string, Record<Delivery['state'], number>>();
  const seen = new Map<string, Delivery['state']>();

  const count = (channel: string, state: Delivery['state'], by: number): void => {
    const counts = channels.get(channel) ?? { delivered: 0, failed: 0, waiting: 0, withdrawn: 0, held: 0 };
    counts[state] += by;
    channels.set(channel, counts);
  };

  return {
    add({ id, told = [] }) {
      // (numbers begin anew when the state was lost; the end of an incident's id tells one time from another)
      const epoch = id.slice(id.lastIndexOf('_') + 1);
      for (const { message, channel, state } of told.flatMap(({ deliveries }) => deliveries)) {
        const key = `${epoch} ${message}`;
        const before = message === '' ? undefined : seen.get(key);
        // needless for one incident, it may have been carried for another
        if (before !== undefined && (before === 'delivered' || state !== 'delivered')) continue;
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
          sent: counts.delivered + counts.failed + counts.waiting,
          ...counts,
        }))
        .sort((a, b) => (a.channel < b.channel ? -1 : 1)),
  };
}
