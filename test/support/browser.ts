// A real Chromium for the tests of the console: started once for a test file, a fresh context for each visitor, and what
// a page complained of kept for the test to look at. Knows nothing of what the pages show.

import { existsSync } from 'node:fs';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** False after a message where there is no Chromium; throws on the build server. */
export function haveBrowser(): boolean {
  if (existsSync(executablePath)) return true;
  if (process.env.CI === 'true') throw new Error('missing: chromium');
  console.warn('left out, missing: chromium');
  return false;
}

/** As root without a sandbox of its own, and silent towards the world. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
}

export const widths = [360, 768, 1920] as const;

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** errors of scripts and lines of the console that are errors or warnings */
  readonly complaints: string[];
  /** hosts that were asked for anything */
  readonly hosts: Set<string>;
}

/** Somebody looks at a page; closed with its context. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  await page.goto(url);
  return { page, context, complaints, hosts };
}
