// A site's identity: the hash that stands for it in the journal, where a `reloaded` fact names the site
// that was in force from then on. Knows no tables.

import { createHash } from 'node:crypto';
import type { Site } from '../core/types.ts';

/** JSON with the keys of every object in order, so that equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    const fields = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    // no prototype: a key named __proto__ must stay an ordinary key
    const ordered: Record<string, unknown> = Object.create(null);
    for (const [key, field] of fields) ordered[key] = field;
    return ordered;
  });
}

/** sha256 of the site's canonical JSON, in hex. */
export function siteHash(site: Site): string {
  return createHash('sha256').update(canonicalJson(site)).digest('hex');
}
