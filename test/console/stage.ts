// A whole daemon in the test's process with its console on a free port, and a client that sends what it is told to, byte
// for byte. Knows no route.

import { randomBytes, scryptSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type App, createApp } from '../../src/app.ts';
import { apiBase, csrfHeader, type Session, type Told } from '../../src/console/api.ts';
import type { Log } from '../../src/driver.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { SiteFile } from '../support/daemon.ts';

export const password = 'a long enough password';

/** As `keepwatch user` makes it, but cheap: a test logs in a hundred times. */
export function cheapHash(of: string): string {
  const salt = randomBytes(16);
  const text = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=10,r=8,p=1$${text(salt)}$${text(scryptSync(of, salt, 32, { N: 1024, r: 8, p: 1 }))}`;
}

export const users = {
  wu: { name: '吴看', role: 'view', hash: cheapHash(password) },
  an: { name: '安确', role: 'acknowledge', hash: cheapHash(password) },
  li: { name: '李娜', role: 'operate', hash: cheapHash(password) },
  zhao: { name: '赵总', role: 'configure', hash: cheapHash(password) },
} as const;

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of whatever was asked for
  readonly json: any;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** a token of the session's own is put in unless this is false */
  readonly token?: boolean;
}

/** Somebody who asks, with a cookie of their own. */
export interface Client {
  ask(method: string, route: string, more?: Asking): Promise<Answer>;
  get(route: string): Promise<Answer>;
  /** Logs in; rejects unless that was good. */
  logIn(name: string, given?: string): Promise<Session>;
  session(): Promise<Session>;
  command(fields: object): Promise<Answer>;
  readonly cookie: string | undefined;
  /** Opens the stream. */
  listen(lastEventId?: string): Promise<Ear>;
}

export interface Ear {
  readonly told: (Told & { readonly id?: string })[];
  readonly status: number;
  readonly ended: Promise<void>;
  over(): boolean;
  close(): void;
}

export interface Stage {
  readonly app: App;
  readonly folder: string;
  readonly file: string;
  readonly log: { code?: string; [field: string]: unknown }[];
  port(): number;
  client(): Client;
  write(site: SiteFile): void;
  stop(): Promise<void>;
}

export function siteWith(console: object | undefined, more: SiteFile = {}): SiteFile {
  return {
    premises: {
      id: 'store_0042',
      name: { zh: '人民路店', en: 'Renmin Road' },
      timezone: 'Asia/Shanghai',
      language: 'en',
    },
    ...(console && { console: { listen: '127.0.0.1:0', ...console } }),
    ...more,
  };
}

export async function openStage(
  site: SiteFile,
  more: { users?: object; tls?: boolean; program?: string; clock?: Clock } = {},
): Promise<Stage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-console-'));
  const file = path.join(folder, 'keepwatch.yaml');
  const write = (given: SiteFile): void => writeFileSync(file, JSON.stringify(given, null, 1));
  write(site);
  if (more.users) writeFileSync(path.join(folder, 'users.yaml'), JSON.stringify(more.users), { mode: 0o640 });
  const log: Stage['log'] = [];
  const note = (fields: object, message: string): void => void log.push({ ...fields, message });
  const quiet: Log = { debug: () => {}, info: note, warn: note, error: note };
  const app = createApp({
    file,
    demo: false,
    log: quiet,
    ...(more.program && { program: more.program }),
    ...(more.clock && { clock: more.clock }),
  });
  try {
    await app.start();
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const port = (): number => Number(new URL(app.reach().console ?? 'http://nowhere:1').port);
  return {
    app,
    folder,
    file,
    log,
    port,
    client: () => clientOf(port, more.tls ?? false),
    write,
    async stop() {
      await app.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function clientOf(port: () => number, tls = false): Client {
  let cookie: string | undefined;
  let session: Session | undefined;
  const request = tls ? https.request : http.request;
  const agent = tls ? new https.Agent({ rejectUnauthorized: false }) : new http.Agent();

  const options = (method: string, route: string, headers: Record<string, string>) => ({
    host: '127.0.0.1',
    port: port(),
    method,
    path: route.startsWith('//') ? route.slice(1) : route.startsWith('http:') ? route : `${apiBase}${route}`,
    headers: { ...(cookie && { cookie }), ...headers },
    agent,
  });

  const client: Client = {
    get cookie() {
      return cookie;
    },
    async ask(method, route, { headers = {}, body, token = true } = {}) {
      const own: Record<string, string> = { ...headers };
      if (token && method !== 'GET') {
        session ??= await client.session();
        own[csrfHeader] ??= session.csrf;
      }
      const raw = Buffer.isBuffer(body) || typeof body === 'string';
      const sent = body === undefined ? undefined : raw ? (body as Buffer) : JSON.stringify(body);
      if (sent !== undefined && !raw) own['content-type'] ??= 'application/json';
      if (sent !== undefined) own['content-length'] ??= String(Buffer.byteLength(sent));
      return new Promise((resolve, reject) => {
        const asked = request(options(method, route, own), (response) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(piece));
          response.on('error', reject);
          response.on('end', () => {
            const set = response.headers['set-cookie']?.[0]?.split(';')[0];
            if (set !== undefined) {
              cookie = set.endsWith('=') ? undefined : set;
              session = undefined;
            }
            const bytes = Buffer.concat(pieces);
            const text = bytes.toString('utf8');
            let json: unknown;
            try {
              json = JSON.parse(text);
            } catch {
              // no JSON
            }
            resolve({ status: response.statusCode!, headers: response.headers, bytes, text, json });
          });
        });
        asked.on('error', reject);
        asked.end(sent);
      });
    },
    get: (route) => client.ask('GET', route),
    async logIn(name, given = password) {
      const answer = await client.ask('POST', '/login', { body: { name, password: given } });
      if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.text}`);
      session = answer.json as Session;
      return session;
    },
    async session() {
      return (await client.get('/session')).json as Session;
    },
    command: (fields) => client.ask('POST', '/command', { body: fields }),
    listen: (lastEventId) =>
      new Promise((resolve, reject) => {
        const headers: Record<string, string> = lastEventId ? { 'last-event-id': lastEventId } : {};
        const asked = request(
          {
            ...options('GET', '/stream', headers),
            agent: undefined,
            ...(tls && { rejectUnauthorized: false }),
          },
          (response) => {
            const told: Ear['told'] = [];
            let rest = '';
            let over = false;
            response.setEncoding('utf8').on('data', (piece: string) => {
              const frames = (rest + piece).split('\n\n');
              rest = frames.pop() ?? '';
              for (const frame of frames) {
                const id = /^id: (.*)$/m.exec(frame)?.[1];
                const data = /^data: (.*)$/m.exec(frame)?.[1];
                if (data !== undefined) told.push({ ...JSON.parse(data), ...(id && { id }) });
              }
            });
            const ended = new Promise<void>((done) => {
              response.once('close', () => {
                over = true;
                done();
              });
            });
            response.on('error', () => {});
            resolve({
              told,
              status: response.statusCode!,
              ended,
              over: () => over,
              close: () => void asked.destroy(),
            });
          },
        );
        asked.on('error', reject);
        asked.end();
      }),
  };
  return client;
}
