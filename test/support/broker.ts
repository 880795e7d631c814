// Real brokers for tests, each on a free port with a configuration made for the case: mosquitto, nats-server,
// a proxy to cut and stall the line to them, and witnesses that see what any subscriber would. Knows nothing
// of the code under test.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Debian puts daemons where a user's PATH may not lead. */
const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];

function find(program: string): string | undefined {
  return places
    .map((place) => join(place, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** True where all of these are installed; in CI a missing one is a failure, elsewhere it says what is skipped. */
export function installed(...programs: string[]): boolean {
  const missing = programs.filter((program) => find(program) === undefined);
  if (missing.length === 0) return true;
  if (process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
  console.warn(`skipped, not installed: ${missing.join(', ')}`);
  return false;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until it holds; the error names what was waited for. */
export async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(5);
  }
}

async function listening(port: number, child: ChildProcess, output: () => string): Promise<void> {
  const endMs = performance.now() + 10_000;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    if (child.exitCode !== null || performance.now() > endMs) throw new Error(`no broker:\n${output()}`);
    await pause(20);
  }
}

export interface Broker {
  readonly port: number;
  /** a folder for its files, gone at `stop` */
  readonly folder: string;
  output(): string;
  /** kill -9 */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

async function run(
  program: string,
  configure: (folder: string, port: number) => { file: string; text: string; args(path: string): string[] },
): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), `keepwatch-${program}-`));
  const port = await freePort();
  const { file, text, args } = configure(folder, port);
  const path = join(folder, file);
  writeFileSync(path, text);
  let child: ChildProcess | undefined;
  let output = '';
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
    const gone = new Promise((resolve) => ending.once('exit', resolve));
    ending.kill(signal);
    await gone;
  };
  const broker: Broker = {
    port,
    folder,
    output: () => output,
    kill: () => end('SIGKILL'),
    async start() {
      const starting = spawn(find(program) ?? program, args(path), { stdio: ['ignore', 'pipe', 'pipe'] });
      child = starting;
      for (const stream of [starting.stdout, starting.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      await listening(port, starting, broker.output);
    },
    async stop() {
      await end('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await broker.start();
  return broker;
}

/** mosquitto with these lines of configuration beside the listener; `prepare` may write files for it. */
export function startMosquitto(lines: string[] | ((folder: string) => string[]) = []): Promise<Broker> {
  return run('mosquitto', (folder, port) => {
    const extra = typeof lines === 'function' ? lines(folder) : lines;
    const common = [
      `listener ${port} 127.0.0.1`,
      'persistence false',
      'log_dest stderr',
      'set_tcp_nodelay true',
    ];
    // started as root it would change to a user who cannot read the folder
    if (process.getuid?.() === 0) common.push('user root');
    if (!extra.some((line) => line.startsWith('allow_anonymous'))) common.push('allow_anonymous true');
    return {
      file: 'mosquitto.conf',
      text: `${[...common, ...extra].join('\n')}\n`,
      args: (path) => ['-c', path],
    };
  });
}

/** nats-server with JetStream and an MQTT listener: a broker that speaks 3.1.1 only. */
export async function startNats(): Promise<Broker> {
  const clientPort = await freePort();
  return run('nats-server', (folder, port) => ({
    file: 'nats.conf',
    text: `server_name: keepwatch_test
listen: 127.0.0.1:${clientPort}
jetstream { store_dir: "${join(folder, 'store')}" }
mqtt { listen: "127.0.0.1:${port}" }
`,
    args: (path) => ['-c', path],
  }));
}

export interface Certificates {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** of an authority that nobody knows */
  readonly strangerCert: string;
  readonly strangerKey: string;
}

/** Makes authorities and certificates by openssl, as PEM files `NAME.pem` and `NAME.key` in a folder. */
export function certificateMaker(folder: string) {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  return {
    openssl,
    authority: (name: string): void =>
      openssl(
        'req',
        '-x509',
        ...curve,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
        '-subj',
        `/CN=${name}`,
      ),
    certificate(file: string, subject: string, by: string, extension: string, days = 2): void {
      writeFileSync(join(folder, `${file}.ext`), extension);
      openssl('req', ...curve, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${subject}`);
      const signer = [
        '-CA',
        `${by}.pem`,
        '-CAkey',
        `${by}.key`,
        '-CAcreateserial',
        '-extfile',
        `${file}.ext`,
      ];
      openssl('x509', '-req', '-in', `${file}.csr`, '-out', `${file}.pem`, ...signer, '-days', String(days));
    },
  };
}

/** Paths of PEM files: an authority, a server for `host`, a client named `gateway`, and a stranger. */
export function makeCertificates(
  folder: string,
  host = 'IP:127.0.0.1,DNS:localhost',
  days = 2,
): Certificates {
  const at = (name: string): string => join(folder, name);
  const { authority, certificate } = certificateMaker(folder);
  authority('authority');
  authority('unknown');
  certificate('server', 'server', 'authority', `subjectAltName=${host}`, days);
  certificate('gateway', 'gateway', 'authority', 'extendedKeyUsage=clientAuth');
  certificate('stranger', 'stranger', 'unknown', 'extendedKeyUsage=clientAuth');
  return {
    ca: at('authority.pem'),
    serverCert: at('server.pem'),
    serverKey: at('server.key'),
    clientCert: at('gateway.pem'),
    clientKey: at('gateway.key'),
    strangerCert: at('stranger.pem'),
    strangerKey: at('stranger.key'),
  };
}

export interface Seen {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface Witness {
  readonly seen: readonly Seen[];
  /** payloads of one topic, parsed where they are JSON */
  // biome-ignore lint/suspicious/noExplicitAny: a witness knows no types
  json(topic: string): any[];
  until(what: string, holds: (seen: readonly Seen[]) => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** A mosquitto_sub that has subscribed when this resolves. */
export async function witness(port: number, topic = '#', args: string[] = []): Promise<Witness> {
  const common = ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-q', '1', '-d', '-F', '%j'];
  // into a pipe it would keep its lines to itself until a buffer is full
  const child = spawn('stdbuf', ['-oL', 'mosquitto_sub', ...common, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen: Seen[] = [];
  let ready = false;
  let rest = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('Subscribed')) ready = true;
      if (!line.startsWith('{"tst"')) continue;
      const { topic: on, payload, retain } = JSON.parse(line);
      seen.push({ topic: on, payload: payload ?? '', retain: retain === 1 });
    }
  });
  try {
    await until('a witness subscribes', () => ready);
  } catch (fault) {
    child.kill('SIGKILL');
    throw new Error(`${String(fault)}\n${errors}`);
  }
  return {
    seen,
    json: (on) =>
      seen.filter((one) => one.topic === on && one.payload !== '').map((one) => JSON.parse(one.payload)),
    until: (what, holds, withinMs) => until(what, () => holds(seen), withinMs),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** What lies retained at a broker now, by topic. */
export async function retainedAt(
  port: number,
  topic = '#',
  args: string[] = [],
): Promise<Map<string, string>> {
  const watching = await witness(port, topic, args);
  await pause(300);
  await watching.close();
  return new Map(watching.seen.filter((one) => one.retain).map((one) => [one.topic, one.payload]));
}

/** mosquitto_pub, QoS 1; not synchronous, because the broker may live in this process. */
export async function publish(
  port: number,
  topic: string,
  payload: string | Buffer,
  args: string[] = [],
): Promise<void> {
  const common = ['-h', '127.0.0.1', '-p', String(port), '-t', topic, '-q', '1', '-s'];
  const child = spawn('mosquitto_pub', [...common, ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end(payload);
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`mosquitto_pub: ${errors}`);
}

export interface Proxy {
  readonly port: number;
  connections(): number;
  /** bytes stop in both directions, the sockets stay open */
  stall(on: boolean): void;
  /** every socket is torn down */
  cut(): void;
  close(): Promise<void>;
}

/** A line to a broker that can be stalled and cut. */
export function startProxy(to: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let stalled = false;
  let connections = 0;
  const server: Server = createServer((near) => {
    connections += 1;
    const far = connect({ port: to, host: '127.0.0.1' });
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => undefined);
      from.on('data', (chunk) => into.write(chunk));
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      if (stalled) from.pause();
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({
        port,
        connections: () => connections,
        stall(on) {
          stalled = on;
          for (const socket of sockets) on ? socket.pause() : socket.resume();
        },
        cut() {
          for (const socket of sockets) socket.resetAndDestroy();
        },
        close() {
          for (const socket of sockets) socket.destroy();
          return new Promise((done) => server.close(() => done()));
        },
      });
    });
  });
}
