// The banner over everything that says that nothing has been heard: since when, and that what is seen is old. It stands
// above the bar and covers nothing, so that every view can be reached while the line is dead.

import { effect, signal } from '@preact/signals';
import { Icon } from './parts/icon.tsx';
import { connection, loaded, session } from './state.ts';
import { clock, span, t } from './words/index.ts';

/** the page's own clock: while nothing is heard there is no other */
const here = signal(Date.now());
effect(() => {
  if (connection.value.alive) return;
  const timer = setInterval(() => {
    here.value = Date.now();
  }, 1000);
  return () => clearInterval(timer);
});
const begunMs = Date.now();

export function Stale() {
  const { alive, lastHeardMs } = connection.value;
  if (alive) return null;
  // (before a login there is nothing to hear, and at the very beginning nothing is late yet)
  if (session.value && session.value.role === undefined) return null;
  if (!loaded.value && here.value - begunMs < 2000) return null;
  return (
    <div class="stale" role="alert">
      <strong>
        <Icon name="warning" />
        {t('stale.title')}
      </strong>
      {/* (only the first sentence is read out: the seconds are for eyes) */}
      <span aria-live="off">
        {lastHeardMs === 0
          ? t('stale.never')
          : t('stale.since', { time: clock(lastHeardMs), span: span(here.value - lastHeardMs) })}{' '}
        {t('stale.trying')}
      </span>
    </div>
  );
}
