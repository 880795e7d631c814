// Letters by e-mail, against a mail server written by others: with TLS from the start, with STARTTLS, with a certificate
// that nobody vouches for, a password that is wrong, recipients that are refused for good or for now, and silence.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EmailConfig } from '../../src/config/types.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Channel, Letter, Outcome } from '../../src/notify/channels/channel.ts';
import { openEmail } from '../../src/notify/channels/email.ts';
import { type Certificates, freePort, makeCertificates, until } from '../support/broker.ts';
import { haveTools } from '../support/need.ts';
import { fastClock } from './house.ts';
import { keptLog, sampleLetter } from './people.ts';

/** Debian's, for which its packages are */
const python = '/usr/bin/python3';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
  readonly tls: boolean;
}

interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
}

const ends: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startMailServer(...args: string[]): Promise<MailServer> {
  const child = spawn(python, [join(import.meta.dirname, 'mail-server.py'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ends.push(() => void child.kill('SIGKILL'));
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
      else mails.push(said);
    }
  });
  await until('the mail server listens', () => port !== undefined || child.exitCode !== null);
  if (port === undefined) throw new Error(errors);
  return { port, mails };
}

const log = keptLog();

function channel(config: Partial<EmailConfig> & { port: number }, clock = systemClock()): Channel {
  const made = openEmail(
    {
      id: 'mail',
      withinMs: 60_000,
      type: 'email',
      host: '127.0.0.1',
      tls: 'none',
      from: 'Keepwatch <keepwatch@shop.example>',
      ...config,
    },
    { clock, log, line: () => {}, onReply: () => {} },
  );
  ends.push(() => made.close());
  return made;
}

const still = new AbortController().signal;
const to = (address: string): Letter =>
  sampleLetter({ to: { id: 'wang_fang', name: '王芳', language: 'zh', address } });
const send = (by: Channel, letter: Letter = to('wang@example.com')): Promise<Outcome> =>
  by.send(letter, still);

describe.runIf(haveTools([python, '-c', 'import aiosmtpd'], ['openssl', 'version']))('a mail server', () => {
  let folder: string;
  let made: Certificates;
  let ca: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keepwatch-mail-'));
    made = makeCertificates(folder);
    ca = readFileSync(made.ca, 'utf8');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is given a letter that can be read and known again', async () => {
    const server = await startMailServer('none');
    const by = channel({ port: server.port });
    expect(await send(by)).toEqual({
      outcome: 'delivered',
      because: `127.0.0.1:${server.port}: 250 2.0.0 taken`,
    });
    expect(await send(by)).toMatchObject({ outcome: 'delivered' });
    await until('both are there', () => server.mails.length === 2);
    const [mail, again] = server.mails;
    expect(mail).toMatchObject({ from: 'keepwatch@shop.example', to: ['wang@example.com'] });
    const header = (name: string, of = mail): string | undefined =>
      new RegExp(`^${name}: (.*(?:\\r?\\n[ \\t].*)*)`, 'mi').exec(of!.data)?.[1]?.replace(/\r?\n\s*/g, ' ');
    expect(decoded(header('Subject')!)).toBe('【紧急】火灾 · 中庭');
    expect(header('Message-ID')).toBe('<store_0042.m7.kdqv@shop.example>');
    expect(header('Message-ID', again)).toBe(header('Message-ID'));
    expect(header('Auto-Submitted')).toBe('auto-generated');
    expect(header('X-Priority')).toMatch(/^1/);
    expect(bodyOf(mail!.data)).toContain('1. 拨打 119');
  });

  it('takes no header from the words', async () => {
    const server = await startMailServer('none');
    const letter = sampleLetter({
      ...to('wang@example.com'),
      title: 'x\r\nBcc: spy@example.com\r\n\r\nhello',
    });
    expect(await send(channel({ port: server.port }), letter)).toMatchObject({ outcome: 'delivered' });
    await until('the mail is there', () => server.mails.length === 1);
    expect(server.mails[0]?.to).toEqual(['wang@example.com']);
    expect(server.mails[0]?.data.split(/\r?\n\r?\n/)[0]).not.toMatch(/^Bcc:/im);
  });

  it('with TLS from the start, a password and an authority of its own', async () => {
    const server = await startMailServer(
      'implicit',
      made.serverCert,
      made.serverKey,
      '--password',
      'shop:pa55word',
    );
    const config = { port: server.port, tls: 'implicit', ca, username: 'shop' } as const;
    expect(await send(channel({ ...config, password: 'pa55word' }))).toMatchObject({
      outcome: 'delivered',
    });
    await until('the mail is there', () => server.mails.length === 1);
    const wrong = await send(channel({ ...config, password: 'wr0ngword' }));
    expect(wrong).toMatchObject({ outcome: 'refused', whole: true });
    expect((wrong as { because: string }).because).toContain('refuses user name and password');
    expect(JSON.stringify([wrong, log.lines])).not.toMatch(/pa55word|wr0ngword/);
  });

  it('with STARTTLS, which is demanded', async () => {
    const server = await startMailServer('starttls', made.serverCert, made.serverKey);
    expect(await send(channel({ port: server.port, tls: 'starttls', ca }))).toMatchObject({
      outcome: 'delivered',
    });
    await until('the mail is there', () => server.mails.length === 1);
    expect(server.mails[0]?.tls).toBe(true);
    const bare = await startMailServer('none');
    const outcome = await send(channel({ port: bare.port, tls: 'starttls', ca }));
    expect(outcome).toMatchObject({ outcome: 'refused', whole: true });
    expect(bare.mails).toEqual([]);
  });

  it.each(['implicit', 'starttls'] as const)(
    'whose certificate nobody vouches for gets nothing: %s',
    async (tls) => {
      const server = await startMailServer(
        tls,
        made.strangerCert,
        made.strangerKey,
        '--password',
        'shop:pa55word',
      );
      const outcome = await send(
        channel({ port: server.port, tls, ca, username: 'shop', password: 'pa55word' }),
      );
      expect(outcome).toMatchObject({ outcome: 'refused', whole: true });
      expect((outcome as { because: string }).because).toMatch(/certificate/);
      expect(server.mails).toEqual([]);
    },
  );

  it('that refuses a recipient for good', async () => {
    const server = await startMailServer('none');
    expect(await send(channel({ port: server.port }), to('nobody@example.com'))).toEqual({
      outcome: 'refused',
      because: `127.0.0.1:${server.port}: it refuses the recipient: 550 5.1.1 no such user here`,
    });
  });

  it('that repeats where somebody can be reached does not bring it into the house', async () => {
    const server = await startMailServer('none');
    const by = channel({ port: server.port });
    // the address stands where it is cut off, too
    for (const name of ['echo', 'echo-long']) {
      const outcome = await send(by, {
        ...to(`${name}@example.com`),
        to: { ...to(`${name}@example.com`).to, phone: '+86 138-0000-0001' },
      });
      expect(outcome).toMatchObject({ outcome: 'refused', because: expect.stringContaining('***') });
      expect((outcome as { because: string }).because).not.toMatch(/echo|example|138/i);
    }
    const taken = await send(by, to('echo-taken@example.com'));
    expect(taken).toEqual({
      outcome: 'delivered',
      because: `127.0.0.1:${server.port}: 250 2.0.0 taken for ***`,
    });
  });

  it('that wants a recipient to be tried again', async () => {
    const server = await startMailServer('none');
    const by = channel({ port: server.port });
    expect(await send(by, to('later@example.com'))).toMatchObject({ outcome: 'retry', whole: false });
    expect(await send(by, to('later@example.com'))).toMatchObject({ outcome: 'delivered' });
  });

  it('that is not there', async () => {
    const port = await freePort();
    expect(await send(channel({ port }))).toEqual({
      outcome: 'retry',
      because: `127.0.0.1:${port}: nothing listens there`,
      whole: true,
    });
  });

  it('that says nothing is left after thirty seconds, and hung up on', async () => {
    const sockets: Socket[] = [];
    let closed = 0;
    const server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        closed += 1;
      });
      socket.write('220 mail.test hello\r\n');
      socket.resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const { port } = server.address() as { port: number };
    expect(await send(channel({ port }, fastClock(60)))).toEqual({
      outcome: 'retry',
      because: `127.0.0.1:${port}: not done within 30 s`,
      whole: true,
    });
    await until('the connection is closed', () => closed === 1);
  });
});

/** An encoded word of a header (RFC 2047), base64 or quoted. */
function decoded(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_all, how: string, words: string) =>
      how.toUpperCase() === 'B'
        ? Buffer.from(words, 'base64').toString('utf8')
        : unquoted(words.replaceAll('_', ' ')),
    );
}

function unquoted(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function bodyOf(data: string): string {
  const at = data.search(/\r?\n\r?\n/);
  const [head, body] = [data.slice(0, at), data.slice(at).trim()];
  if (/Content-Transfer-Encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  return /Content-Transfer-Encoding: quoted-printable/i.test(head) ? unquoted(body) : body;
}
