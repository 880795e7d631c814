// A site's identity: the hash that stands for it in the journal, where a `reloaded` fact names the site
// that was in force from then on. Knows no tables.

import { createHash } from 'node:crypto';
import type { Site } from '../core/types.ts';
import { canonicalJson } from '../lib/canonical-json.ts';
import { storeFault } from './faults.ts';

/** sha256 of the site's canonical JSON, in hex. */
export function siteHash(site: Site): string {
  return createHash('sha256').update(canonicalJson(site)).digest('hex');
}

/** A stored site that is what its hash says. Throws StoreFault where it was changed since, and SyntaxError for no JSON. */
export function provenSite(hash: string, body: string): Site {
  const site = JSON.parse(body) as Site;
  if (siteHash(site) !== hash) throw storeFault('damaged', 'a stored site is not the one that was in force');
  return site;
}
