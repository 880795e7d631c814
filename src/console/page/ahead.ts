// The parts of the page that come later, fetched while nothing else is to do: once the line is dead no part can be fetched
// any more, and each view must open all the same. Knows the list of views, and none from inside.

import { effect } from '@preact/signals';
import { loaded } from './state.ts';
import { drawn } from './timing.ts';
import { views } from './views/index.ts';

const againMs = 5000;

/** Begins once it is known how the premises stand, and not for somebody who may see nothing yet. */
export function fetchAhead(): void {
  const stop = effect(() => {
    if (!loaded.value) return;
    queueMicrotask(() => stop());
    void drawn().then(fetchAll);
  });
}

/** One after the other, so that a view that somebody waits for never stands behind all the rest. */
async function fetchAll(): Promise<void> {
  for (const { load } of views) {
    if (load === undefined) continue;
    await idle();
    while (!(await comes(load))) await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function comes(load: () => Promise<unknown>): Promise<boolean> {
  try {
    await load();
    return true;
  } catch {
    return false;
  }
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    // (Safari of those years has none)
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 3000 });
    else setTimeout(resolve, 200);
  });
}
