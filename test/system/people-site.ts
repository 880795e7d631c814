// What the tests of people being told share: a site with contacts, channels and plans of its own, a mail server, and a
// line on which a mail server's thanks are lost. Knows no daemon.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { type Receiver, startReceiver } from '../notify/web-receiver.ts';
import { until } from '../support/broker.ts';
import type { Place, SiteFile } from '../support/daemon.ts';
import { haveTools } from '../support/need.ts';
import { alarmSite } from './site.ts';

/** Debian's, for which its packages are */
const python = '/usr/bin/python3';

export function haveMailServer(): boolean {
  return haveTools([python, '-c', 'import aiosmtpd']);
}

export interface Mail {
  readonly to: readonly string[];
  /** Message-ID */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly Mail[];
  /** mails to this address */
  to(address: string): readonly Mail[];
}

export async function startMailServer(place: Place): Promise<MailServer> {
  const file = path.join(import.meta.dirname, '../notify/mail-server.py');
  const child = spawn(python, [file, 'none'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  place.later(child, () => {
    child.kill('SIGKILL');
    return gone;
  });
  const mails: Mail[] = [];
  let port: number | undefined;
  let errors = '';
  let rest = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const said = JSON.parse(line);
      if (typeof said.port === 'number') port = said.port;
      else mails.push({ to: said.to, ...readMail(said.data) });
    }
  });
  await until('the mail server listens', () => port !== undefined || child.exitCode !== null);
  if (port === undefined) throw new Error(errors);
  return { port, mails, to: (address) => mails.filter(({ to }) => to.includes(address)) };
}

/** The parts of a mail that are compared (RFC 2045, 2047), without their codes. */
function readMail(data: string): Omit<Mail, 'to'> {
  const end = data.indexOf('\r\n\r\n');
  const head = data.slice(0, end).replace(/\r\n[ \t]+/g, ' ');
  const header = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
  const body = data.slice(end + 4);
  const code = header('Content-Transfer-Encoding').toLowerCase();
  const text =
    code === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : code === 'quoted-printable'
        ? unquoted(body.replace(/=\r\n/g, ''))
        : body;
  const subject = header('Subject')
    .replace(/\?= +=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?(.*?)\?=/gi, (_all, kind: string, word: string) =>
      kind.toLowerCase() === 'b'
        ? Buffer.from(word, 'base64').toString('utf8')
        : unquoted(word.replaceAll('_', ' ')),
    );
  return { id: header('Message-ID'), subject, text: text.replaceAll('\r\n', '\n') };
}

function unquoted(text: string): string {
  const octets = text.replace(/=([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(octets, 'latin1').toString('utf8');
}

export interface Line {
  readonly port: number;
  /** What the server says is lost from when it asks for the mail itself: it has the mail, and nobody learns of it. */
  deaf: boolean;
  close(): Promise<void>;
}

/** A line to a mail server. */
export async function startLine(to: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const line = { deaf: false };
  const server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1' });
    let asked = false;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    }
    near.on('data', (bytes) => far.write(bytes)).once('close', () => far.end());
    far.on('data', (bytes) => {
      if (!(line.deaf && asked)) near.write(bytes);
      asked ||= bytes.toString('latin1').startsWith('354');
    });
    far.once('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(line, {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

export async function startWeb(place: Place): Promise<Receiver> {
  const web = await startReceiver();
  return place.later(web, () => web.close());
}

export const hookTo = (port: number, more: SiteFile = {}): SiteFile => ({
  type: 'webhook',
  url: `http://127.0.0.1:${port}/`,
  ...more,
});

export const mailTo = (port: number, more: SiteFile = {}): SiteFile => ({
  type: 'email',
  host: '127.0.0.1',
  port,
  tls: 'none',
  from: 'keepwatch@shop.example',
  ...more,
});

/** Wang reads Chinese and manages the store; Li reads English and guards. */
export const people: SiteFile = {
  wang_fang: {
    name: { zh: '王芳', en: 'Wang Fang' },
    phone: '+86 138 0000 0001',
    email: 'wang@example.com',
    language: 'zh',
    roles: ['store_manager'],
    channels: ['hook', 'mail'],
  },
  li_qiang: {
    name: { zh: '李强', en: 'Li Qiang' },
    phone: '+86 139 0000 0002',
    email: 'li@example.com',
    language: 'en',
    roles: ['guard'],
    channels: ['hook', 'mail'],
  },
};

/** Writes the contacts and these plans beside the site file; JSON is YAML. */
export function writePeople(
  { folder }: Place,
  plans: readonly SiteFile[] = [],
  contacts: SiteFile = { people },
): void {
  writeFileSync(path.join(folder, 'contacts.yaml'), `${JSON.stringify(contacts, null, 2)}\n`);
  mkdirSync(path.join(folder, 'plans'), { recursive: true });
  for (const plan of plans)
    writeFileSync(path.join(folder, 'plans', `${plan.id}.yaml`), `${JSON.stringify(plan, null, 2)}\n`);
}

/** The alarm site with these channels, the contacts and the plans beside it. */
export function peopleSite(port: number, channels: SiteFile, more: SiteFile = {}): SiteFile {
  return { contacts: 'contacts.yaml', plans: 'plans/', channels, ...alarmSite(port, more) };
}

/** A plan that tells by these rungs and asks for nothing. */
export const planOf = (
  id: string,
  level: string,
  notify: readonly SiteFile[],
  more: SiteFile = {},
): SiteFile => ({
  id,
  title: titles[id],
  category: 'alarm',
  level,
  closing: 'person',
  notify,
  steps: [{ id: 'look', text: { zh: '到现场查看', en: 'Go and look' }, role: 'guard' }],
  ...more,
});

const titles: SiteFile = {
  fire: { zh: '火灾', en: 'Fire' },
  'water-leak': { zh: '漏水', en: 'Water leak' },
};

/** What an incident's record says became of its messages: `rung roles channel person state`. */
// biome-ignore lint/suspicious/noExplicitAny: the contract is checked from outside
export function deliveriesOf(incident: any): string[] {
  return incident.told.flatMap((told: SiteFile) =>
    told.deliveries.map((one: SiteFile) =>
      [told.kind, one.channel, one.person ?? one.role, one.state].join(' '),
    ),
  );
}
