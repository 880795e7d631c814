// A gateway made up of a few facts, on which a real update runs with its real note, and which can be cut off at any moment:
// what is done half stays half done, and nothing after it is done any more.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Gateway } from '../../src/update/gateway.ts';
import { resume } from '../../src/update/resume.ts';
import { type Look, type Outcome, Refused, type Resumed } from '../../src/update/types.ts';
import { update } from '../../src/update/update.ts';
import { signFile } from '../../systemd/package/release.mjs';

export const from = '1.0.0';
export const to = '1.1.0';
const look: Look = {
  ...{ state: 'active', pid: 10, restarts: 0, version: from },
  ...{ devices: ['panel'], open: ['i1'], known: ['i1'], ill: [] },
};

/** How the new version is. */
export type Kind = 'good' | 'silent' | 'spoils the state';

export interface Facts {
  whole: boolean;
  version: string;
  /** version of the daemon that runs */
  daemon: string | undefined;
  form: number;
  /** what was before is not well either, once it was replaced */
  beforeIsIll: boolean;
}

export interface MadeGateway {
  readonly folder: string;
  readonly facts: Facts;
  /** what was done, in order */
  readonly done: readonly string[];
  readonly told: readonly string[];
  backup: boolean;
  /** the last that was cut off had its note on the disk */
  wasUnderway: boolean;
  /** Undefined: it was cut off at this moment (1: the first there is; 0: never). */
  update(cutAt?: number): Promise<Outcome | undefined>;
  resume(cutAt?: number): Promise<Resumed | undefined>;
  /** as systemd and the script do it: the daemon starts, and a package that is half there is put back */
  boot(script: boolean): void;
  leave(): void;
}

const pair = generateKeyPairSync('ed25519');
const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' });
const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' });

/** In memory where there is such a folder: it is synced some thousand times. */
const quick = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function makeGateway(kind: Kind): MadeGateway {
  const place = mkdtempSync(path.join(quick, 'keepwatch-cut-'));
  const folder = path.join(place, 'update');
  const keys = path.join(place, 'keys');
  const file = path.join(place, 'new.deb');
  mkdirSync(keys, { mode: 0o755 });
  writeFileSync(path.join(place, 'key'), privateKey);
  writeFileSync(path.join(keys, 'ours.pem'), publicKey, { mode: 0o644 });
  writeFileSync(file, to);
  signFile(file, path.join(place, 'key'));

  const facts: Facts = { whole: true, version: from, daemon: from, form: 1, beforeIsIll: false };
  const done: string[] = [];
  const told: string[] = [];
  let moment = 0;
  let cutAt = 0;
  let cut: () => void = () => {};
  let isLocked = false;

  /** Each effect may be the last that comes to pass. */
  async function act<T>(name: string, ...effects: readonly (() => T)[]): Promise<T> {
    let last: T | undefined;
    for (const effect of [...effects, undefined]) {
      moment += 1;
      if (moment === cutAt) {
        cut();
        await new Promise(() => {});
      }
      if (effect === undefined) done.push(name);
      else last = effect();
    }
    return last as T;
  }
  const startDaemon = (): void => {
    if (facts.version === to && kind === 'spoils the state') facts.form = 99;
    // an older program does not touch a state of a newer one
    facts.daemon = facts.version === from && facts.form !== 1 ? undefined : facts.version;
  };
  const gateway: Gateway = {
    async lock() {
      if (isLocked) throw new Refused('another update is under way', 'wait until it has ended');
      isLocked = true;
      return () => {
        isLocked = false;
      };
    },
    installed: async () => ({ whole: facts.whole, version: facts.version }),
    examine: async () => to,
    repack: (where, version) =>
      act('repack', () => {
        const made = path.join(where, `keepwatch_${version}.deb`);
        writeFileSync(made, version);
        return made;
      }),
    install: (given) =>
      act(
        `install ${readFileSync(given, 'utf8')}`,
        () => {
          facts.whole = false;
        },
        () => {
          facts.version = readFileSync(given, 'utf8');
        },
        startDaemon,
        () => {
          facts.whole = true;
        },
      ),
    look: async () => look,
    hasSite: async () => true,
    missing: () =>
      act('judge', () => {
        if (facts.daemon === undefined) return 'the daemon is failed';
        if (facts.daemon !== facts.version) return `version ${facts.daemon} answers`;
        if (facts.version === to && kind !== 'good') return 'the daemon does not answer';
        return facts.version === from && facts.beforeIsIll ? 'devices are silent' : undefined;
      }),
    stop: () =>
      act('stop', () => {
        facts.daemon = undefined;
      }),
    start: (anew) =>
      act(anew ? 'restart' : 'start', () => {
        if (anew || facts.daemon === undefined) startDaemon();
      }),
    formOf: async () => facts.form,
    backUp: (copy) => act('back up', () => writeFileSync(copy, '1')),
    bringBack: (copy) =>
      act('bring back', () => {
        facts.form = Number(readFileSync(copy, 'utf8'));
      }),
  };

  /** Undefined where it was cut off. */
  async function until<T>(at: number, work: () => Promise<T>): Promise<T | undefined> {
    [moment, cutAt] = [0, at];
    const isCut = new Promise<undefined>((resolve) => {
      cut = () => resolve(undefined);
    });
    const ended = await Promise.race([work(), isCut]);
    if (ended === undefined) {
      // the kernel's locks go with the process
      isLocked = false;
      made.wasUnderway = existsSync(path.join(folder, 'underway.json'));
    }
    return ended;
  }
  const world = { folder, gateway, tell: (text: string) => void told.push(text) };
  const made: MadeGateway = {
    ...{ folder, facts, done, told, backup: true, wasUnderway: true },
    update: (at = 0) =>
      until(at, () =>
        update(
          {
            ...{ file, signature: `${file}.sig`, keys, folder, data: place, older: false },
            ...{ backup: made.backup, withinMs: 1000, steadyMs: 10, tell: world.tell },
          },
          gateway,
        ),
      ),
    resume: (at = 0) => until(at, () => resume(world)),
    boot(script) {
      facts.daemon = undefined;
      startDaemon();
      if (!script || facts.whole || !existsSync(path.join(folder, 'underway.json'))) return;
      writeFileSync(path.join(folder, 'put-back'), '');
      facts.version = readFileSync(path.join(folder, 'back.deb'), 'utf8');
      startDaemon();
      facts.whole = true;
    },
    leave: () => rmSync(place, { recursive: true, force: true }),
  };
  return made;
}
