// Moments that go on by themselves: how long ago, how long yet. Each listens to the clock alone, so that a second that
// passes draws one word and not a whole list.

import { now } from '../state.ts';
import { ago, moment, span } from '../words/index.ts';

/** `12 min ago`, with the moment itself for whoever points at it */
export function Ago({ at }: { readonly at: string }) {
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at, now.value)}
    </time>
  );
}

/** `4 min`: what is left of a time */
export function Left({ until }: { readonly until: string }) {
  return <>{span(Math.max(0, Date.parse(until) - now.value))}</>;
}
