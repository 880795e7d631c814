// The whole of an update: checks the package, keeps a way back, installs, watches whether the daemon is as well as
// before, and goes the way back where it is not. What is known of dpkg, systemd and the state is in the files beside.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { hasSite, look, wellWithin } from './health.ts';
import { examine, install, installedVersion, repack } from './package.ts';
import { must, run } from './run.ts';
import { digestOf, signerOf } from './signature.ts';
import { backUp, bringBack, formOf } from './state.ts';
import { type Look, Refused } from './types.ts';

export interface UpdateOptions {
  readonly file: string;
  readonly signature: string;
  readonly keys: string;
  /** root's alone; what is gone back to lies here */
  readonly folder: string;
  /** the daemon's state */
  readonly data: string;
  readonly withinMs: number;
  readonly steadyMs: number;
  readonly older: boolean;
  readonly backup: boolean;
  readonly tell: (text: string) => void;
}

export type Outcome =
  | { readonly result: 'updated'; readonly from: string; readonly to: string; readonly signer: string }
  | {
      readonly result: 'rolledBack' | 'notHealthy';
      readonly from: string;
      readonly to: string;
      readonly because: string;
      /** what became of the state */
      readonly state: 'kept' | 'restored';
      /** what is wrong with what was gone back to */
      readonly still?: string;
    };

/** Packages and copies of the state of so many updates are kept. */
const kept = 2;

/** Throws Refused where nothing was changed. */
export async function update(options: UpdateOptions): Promise<Outcome> {
  const { folder, tell } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (statSync(folder).uid !== 0)
    throw new Refused(`${folder} does not belong to root`, `chown root ${folder}`);
  const release = lockIn(folder);
  const incoming = path.join(folder, 'incoming.deb');
  try {
    // what is checked is what is installed, whatever becomes of the file that was given
    copyFileSync(options.file, incoming);
    const signer = signerOf(await digestOf(incoming), options.signature, options.keys);
    const from = await installedVersion();
    const to = await examine(incoming, from, options.older);
    tell(`${from} → ${to}, signed with ${signer}`);
    const before = await look();
    const site = await hasSite();
    const back = await repack(folder, from);
    const copy = path.join(folder, `state-${from}.backup`);
    if (site && options.backup) await backUp(copy);
    const form = formOf(options.data);
    prune(folder);
    tell('installing');
    const failed = await attempt(incoming, { before, site }, options);
    if (failed === undefined) return { result: 'updated', from, to, signer };
    tell(`going back to ${from}: ${failed}`);
    const went = await goBack({ back, copy, form, before, site }, options);
    return { ...went, from, to, because: failed };
  } finally {
    rmSync(incoming, { force: true });
    release();
  }
}

interface Before {
  readonly before: Look;
  readonly site: boolean;
}

/** Installs, and says why it is not as well as before; undefined: it is. */
async function attempt(file: string, given: Before, options: UpdateOptions): Promise<string | undefined> {
  try {
    await install(file);
    return await waitForHealth(given, options);
  } catch (error) {
    return (error as Error).message;
  }
}

async function waitForHealth({ before, site }: Before, options: UpdateOptions): Promise<string | undefined> {
  const version = await must(['/usr/bin/keepwatch', '--version']);
  if (!site) return undefined;
  return wellWithin(before, version, options);
}

interface Back extends Before {
  readonly back: string;
  readonly copy: string;
  readonly form: number | undefined;
}

async function goBack(
  given: Back,
  options: UpdateOptions,
): Promise<{ result: 'rolledBack' | 'notHealthy'; state: 'kept' | 'restored'; still?: string }> {
  const { back, copy, form } = given;
  let state: 'kept' | 'restored' = 'kept';
  try {
    // the state must stand still while it is looked at, and no daemon be started on one that it refuses
    await run(['systemctl', 'stop', 'keepwatch.service']);
    await install(back);
    if (formOf(options.data) !== form) {
      if (!existsSync(copy)) throw new Error('the state is of the newer version, and there is no copy of it');
      await run(['systemctl', 'stop', 'keepwatch.service']);
      await bringBack(copy, options.data);
      state = 'restored';
    }
    if (given.site) await run(['systemctl', 'restart', 'keepwatch.service']);
    const still = await waitForHealth(given, options);
    return still === undefined ? { result: 'rolledBack', state } : { result: 'notHealthy', state, still };
  } catch (error) {
    return { result: 'notHealthy', state, still: (error as Error).message };
  }
}

/** One update at a time; a lock of a process that is gone does not count. */
function lockIn(folder: string): () => void {
  const file = path.join(folder, 'lock');
  for (let tries = 0; ; tries += 1) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch {
      const holder = existsSync(file) ? pidIn(file) : 0;
      if (tries > 0 || (holder > 0 && existsSync(`/proc/${holder}`)))
        throw new Refused('another update runs', 'wait until it has ended');
      rmSync(file, { force: true });
    }
  }
}

const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'));

function prune(folder: string): void {
  for (const form of [/\.deb$/, /\.backup$/]) {
    const found = readdirSync(folder)
      .filter((name) => form.test(name) && name !== 'incoming.deb')
      .map((name) => ({ file: path.join(folder, name), ms: statSync(path.join(folder, name)).mtimeMs }))
      .sort((one, other) => other.ms - one.ms);
    for (const { file } of found.slice(kept)) rmSync(file, { force: true });
  }
}
