// What a subscriber was told of the contacts: how often each opened and closed, and whether any number is missing. Reads
// each message once, because it is asked at every edge. Knows the public contract and nothing else.

import type { Witness } from '../support/broker.ts';
import { base } from '../support/daemon.ts';

export interface Told {
  readonly opened: number;
  readonly closed: number;
}

export interface Verdict {
  /** the point of each incident that was opened on a contact */
  readonly opened: readonly string[];
  /** incidents that no contact opened, such as troubles */
  readonly others: readonly string[];
  /** numbers that did not come, came twice or came out of order */
  readonly gaps: readonly string[];
  /** how often an output was told to have changed */
  readonly switched: number;
}

export interface Count {
  of(point: string): Told;
  /** messages so far; what follows is counted from there */
  mark(): number;
  /** The point has been read since then. */
  isGood(point: string, from: number): boolean;
  /** The daemon has told since then that it stops. */
  hasStopped(from: number): boolean;
  verdict(from: number): Verdict;
}

export function beginCount({ seen }: Witness): Count {
  const told = new Map<string, { opened: number; closed: number }>();
  const of = (point: string): { opened: number; closed: number } => {
    const known = told.get(point) ?? { opened: 0, closed: 0 };
    told.set(point, known);
    return known;
  };
  let at = 0;
  const read = (): void => {
    for (; at < seen.length; at += 1) {
      const { topic, payload } = seen[at]!;
      if (topic !== `${base}/event`) continue;
      const { type, incident } = JSON.parse(payload);
      if (type === 'incident.opened') of(incident.cause.point).opened += 1;
      if (type === 'incident.closed') of(incident.cause.point).closed += 1;
    }
  };
  const eventsFrom = (from: number) =>
    seen
      .slice(from)
      .filter(({ topic }) => topic === `${base}/event`)
      .map(({ payload }) => JSON.parse(payload));
  return {
    of(point) {
      read();
      return { ...of(`inputs.${point}`) };
    },
    mark: () => seen.length,
    isGood: (point, from) =>
      seen
        .slice(from)
        .some(
          ({ topic, payload }) =>
            topic === `${base}/point/inputs/${point}` && payload.includes('"quality":"good"'),
        ),
    hasStopped: (from) =>
      seen.slice(from).some(({ payload }) => payload.includes('"type":"gateway.stopped"')),
    verdict(from) {
      const events = eventsFrom(from);
      const opened = events.filter(({ type }) => type === 'incident.opened');
      const isContact = ({ incident }: (typeof events)[number]): boolean =>
        incident.category === 'alarm' && /^inputs\./.test(incident.cause.point ?? '');
      return {
        opened: opened.filter(isContact).map(({ incident }) => incident.cause.point),
        others: opened
          .filter((each) => !isContact(each))
          .map(({ incident, because }) => `${incident.plan}: ${because}`),
        gaps: events.flatMap(({ seq }, index) => {
          const before = events[index - 1]?.seq;
          return before === undefined || seq === before + 1 ? [] : [`${seq} after ${before}`];
        }),
        switched: events.filter(({ type }) => type === 'output.changed').length,
      };
    },
  };
}
