// The page's own files, read once at the start and given out of memory: what was not there then is not there, so no name
// that is asked for ever becomes a path. Knows neither what is in them nor who asks.

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.mp3': 'audio/mpeg',
  '.wav': 'audio/wav',
};
const mostBytes = 8 * 1024 * 1024;
const smallestToPress = 1024;
const pressed = /^(?:text\/|application\/|image\/svg)/;

export interface Page {
  readonly type: string;
  readonly bytes: Buffer;
  /** compressed, where that is smaller */
  readonly gzip?: Buffer;
  readonly etag: string;
  /** its name changes with its content: it may be kept for good */
  readonly lasting: boolean;
}

/** By path, such as `/assets/index-Ab12.js`; `/` is index.html. Empty where the page was not built. */
export async function readPages(folder: string): Promise<ReadonlyMap<string, Page>> {
  const pages = new Map<string, Page>();
  let bytes = 0;
  for (const name of namesIn(folder)) {
    const file = path.join(folder, name);
    const type = types[path.extname(name)];
    if (type === undefined || !lstatSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    const content = readFileSync(file);
    bytes += content.length;
    if (bytes > mostBytes) throw new Error(`${folder} has more than ${mostBytes} bytes`);
    const page = await pageOf(type, content, name.startsWith('assets/'));
    pages.set(`/${name}`, page);
    if (name === 'index.html') pages.set('/', page);
  }
  return pages;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
      name.replaceAll(path.sep, '/'),
    );
  } catch {
    return [];
  }
}

async function pageOf(type: string, bytes: Buffer, lasting: boolean): Promise<Page> {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const small = bytes.length < smallestToPress || !pressed.test(type);
  const smaller = small ? undefined : await promisify(gzip)(bytes, { level: 9 });
  return { type, bytes, etag, lasting, ...(smaller && smaller.length < bytes.length && { gzip: smaller }) };
}
