// Moments on the premises' clocks, by the table that the daemon sends: a browser's own tables of time zones take a slow
// tablet as long to load as drawing all the rest. Pure.

import type { Session } from '../api.ts';

/** `2026-11-22 09:02:03` */
export function localTime(clocks: NonNullable<Session['clocks']>, atMs: number): string {
  let minutes = clocks[0]?.[1] ?? 0;
  for (const [fromMs, each] of clocks) if (atMs >= fromMs) minutes = each;
  return new Date(atMs + minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}
