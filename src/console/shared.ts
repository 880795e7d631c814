// Answers that are the same for everybody, made into text once and given to all who ask until something changes. Knows
// neither what is in them nor who asks.

import type { Clock } from '../lib/clock.ts';

export interface Shared {
  /** JSON of what `make` gives, made anew where something changed or it is older than this. */
  json(name: string, lastsMs: number, make: () => unknown): Buffer;
  /** Something changed. */
  forget(): void;
}

export function createShared(clock: Clock): Shared {
  const made = new Map<string, { readonly bytes: Buffer; readonly atMs: number }>();
  return {
    json(name, lastsMs, make) {
      const nowMs = clock.steadyMs();
      const before = made.get(name);
      if (before !== undefined && nowMs - before.atMs < lastsMs) return before.bytes;
      const bytes = Buffer.from(JSON.stringify(make()));
      made.set(name, { bytes, atMs: nowMs });
      return bytes;
    },
    forget: () => made.clear(),
  };
}
