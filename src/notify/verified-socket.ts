// Opens a TLS connection while the wall clock is known to be wrong. Node judges certificates by that clock and would
// refuse every good one as not yet valid, and alarms would wait for a time server. Here the whole chain is judged by
// OpenSSL at the earliest moment that now can truly be, before a byte is sent. Nothing is ever taken unverified.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls, { type DetailedPeerCertificate, type TLSSocket } from 'node:tls';

const verifyWithinMs = 10_000;
const mostCertificates = 10;

export interface VerifiedSocketOptions {
  readonly host: string;
  readonly port: number;
  /** PEM text; absent: the authorities that Node trusts */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** the least that now can be, wall ms */
  readonly floorMs: number;
  readonly signal: AbortSignal;
}

/** Resolves with a connected socket whose peer is proved; rejects with Node's own errors, or one in words. */
export async function openVerifiedSocket(options: VerifiedSocketOptions): Promise<TLSSocket> {
  const socket = await shakeHands(options);
  let lost: Error | undefined;
  // it stays: a broker that demands a client certificate says so only after the handshake, and any peer may hang up
  socket.on('error', (error) => {
    lost ??= error;
  });
  try {
    await verify(socket, options);
    if (options.signal.aborted || socket.destroyed)
      throw fault('the connection was lost while it was checked');
    return socket;
  } catch (error) {
    socket.destroy();
    throw lost ?? error;
  }
}

function shakeHands({ host, port, ca, cert, key, signal }: VerifiedSocketOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host,
      port,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      // judged below, before anything is written
      rejectUnauthorized: false,
    });
    const giveUp = (): void => void socket.destroy(new Error('given up'));
    signal.addEventListener('abort', giveUp, { once: true });
    const settle = (): void => {
      signal.removeEventListener('abort', giveUp);
      socket.removeListener('error', failed);
    };
    const failed = (error: Error): void => {
      settle();
      reject(error);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      settle();
      resolve(socket);
    });
  });
}

/** Carries a code, so that it is not taken for a packet that can't be read. */
function fault(message: string, code = 'ERR_BROKER_CERTIFICATE'): Error {
  return Object.assign(new Error(message), { code });
}

/** Only dates may be what Node objects to; OpenSSL then judges everything anew, dates included. */
async function verify(socket: TLSSocket, options: VerifiedSocketOptions): Promise<void> {
  // Node gives the word; its type says Error
  const objection = socket.authorized ? undefined : String(socket.authorizationError as unknown);
  if (objection !== undefined && objection !== 'CERT_NOT_YET_VALID')
    throw fault(`the broker's certificate is not valid: ${objection}`, objection);
  const chain = chainOf(socket.getPeerCertificate(true));
  // all of them must be valid at one moment that is not before the floor
  const atMs = Math.max(options.floorMs, ...chain.map(({ valid_from: from }) => Date.parse(from)));
  const folder = await mkdtemp(path.join(tmpdir(), 'keepwatch-tls-'));
  try {
    const write = async (name: string, text: string): Promise<string> => {
      const file = path.join(folder, name);
      await writeFile(file, text);
      return file;
    };
    const [leaf, ...others] = chain;
    if (leaf === undefined) throw fault('the broker showed no certificate');
    const words = [
      'verify',
      '-purpose',
      'sslserver',
      '-attime',
      String(Math.floor(atMs / 1000)),
      isIP(options.host) === 0 ? '-verify_hostname' : '-verify_ip',
      options.host,
      '-no-CApath',
      '-no-CAstore',
      '-CAfile',
      await write('authorities.pem', options.ca ?? tls.rootCertificates.join('\n')),
      ...(others.length > 0 ? ['-untrusted', await write('chain.pem', others.map(pemOf).join(''))] : []),
      await write('broker.pem', pemOf(leaf)),
    ];
    await openssl(words);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function chainOf(first: DetailedPeerCertificate): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  const seen = new Set<string>();
  for (let each: DetailedPeerCertificate | undefined = first; each?.raw; each = each.issuerCertificate) {
    if (seen.has(each.fingerprint256) || chain.length >= mostCertificates) break;
    seen.add(each.fingerprint256);
    chain.push(each);
  }
  return chain;
}

function pemOf({ raw }: DetailedPeerCertificate): string {
  const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function openssl(words: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile('openssl', words, { timeout: verifyWithinMs }, (failed, _stdout, stderr) => {
      if (failed === null) return resolve();
      const missing = (failed as NodeJS.ErrnoException).code === 'ENOENT';
      const why = missing
        ? 'the clock is wrong, and without the program openssl no certificate can be checked; set the clock'
        : `the broker's certificate is not valid, whatever the time: ${reasonIn(stderr)}`;
      reject(fault(why));
    });
  });
}

/** OpenSSL writes `error 10 at 0 depth lookup: certificate has expired`. */
function reasonIn(stderr: string): string {
  return /lookup: *(.+)/.exec(stderr)?.[1]?.trim() ?? stderr.replace(/\s+/g, ' ').trim().slice(0, 200);
}
