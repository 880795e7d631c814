// Long answers that are seldom another, compressed once for all who ask. Knows neither what is in them nor who asks.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Gives the text compressed; of each name the last text is kept. */
export type Pressed = (name: string, text: string) => Promise<Buffer>;

export function createPressed(): Pressed {
  const kept = new Map<string, { readonly text: string; readonly bytes: Promise<Buffer> }>();
  return (name, text) => {
    const before = kept.get(name);
    // (who is on duty changes by itself, so the text is compared and not when it was made)
    if (before?.text === text) return before.bytes;
    const bytes = promisify(gzip)(text) as Promise<Buffer>;
    kept.set(name, { text, bytes });
    bytes.catch(() => kept.delete(name));
    return bytes;
  };
}
