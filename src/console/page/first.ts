// What the page draws first, in one answer for which the HTML has asked already while the scripts were on their way.
// Knows no signal and no view; where it does not come, the page asks for one thing after the other.

import { apiBase, type Start } from '../api.ts';

export interface First {
  readonly start: Start;
  /** the page's own clock, ms: when the answer was there, which on a slow tablet is well before it is read */
  readonly heardMs: number;
}

const patienceMs = 3000;
/** has the HTML asked, and nobody read the answer yet? */
let askedByHtml = true;

/** undefined: it did not come, for whatever reason. */
export async function askFirst(): Promise<First | undefined> {
  try {
    return await Promise.race([
      ask(),
      new Promise<undefined>((resolve) => setTimeout(resolve, patienceMs, undefined)),
    ]);
  } catch {
    return undefined;
  }
}

async function ask(): Promise<First | undefined> {
  // (just as the link in index.html has it: with a header more it would be asked for twice)
  const response = await fetch(`${apiBase}/start`, { credentials: 'same-origin' });
  if (!response.ok) return undefined;
  const start = (await response.json()) as Start;
  const waitedMs = askedByHtml ? lyingMs(response.url) : 0;
  askedByHtml = false;
  return { start, heardMs: Date.now() - waitedMs };
}

/** How long the answer has been there. */
function lyingMs(url: string): number {
  const [entry] = performance.getEntriesByName(url, 'resource') as PerformanceResourceTiming[];
  return entry === undefined ? 0 : Math.max(0, performance.now() - entry.responseEnd);
}
