// A store in front of another that may be replaced while it is used. Knows nothing of why.

import type { Store } from './types.ts';

/** Hands every call on to the store of that moment; the epoch is that of the first, which its successors keep. */
export function forwarding(current: () => Store): Store {
  const first = current();
  const calls = Object.keys(first).map((name) => [
    name,
    (...given: unknown[]) =>
      (current() as unknown as Record<string, (...given: unknown[]) => unknown>)[name]!(...given),
  ]);
  return { ...(Object.fromEntries(calls) as Store), epoch: first.epoch };
}
