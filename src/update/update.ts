// The whole of an update: checks the package, keeps a way back, leaves a note of it on the disk, installs, and sees to its
// end. What is known of dpkg, systemd and the state is in gateway.ts and the files behind it.

import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { judge, takeBack } from './end.ts';
import { type Gateway, thisGateway } from './gateway.ts';
import { begin, isUnderway, type Note } from './note.ts';
import { versionOf } from './package.ts';
import { digestOf, signerOf } from './signature.ts';
import { type Outcome, Refused } from './types.ts';

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

/** Packages and copies of the state of so many updates are kept. */
const kept = 2;

/** Throws Refused where nothing was changed. */
export async function update(options: UpdateOptions, gateway: Gateway = thisGateway): Promise<Outcome> {
  const { folder, tell } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (statSync(folder).uid !== process.getuid?.())
    throw new Refused(`${folder} does not belong to root`, `chown root ${folder}`);
  const release = await gateway.lock(folder);
  const world = { folder, gateway, tell };
  const incoming = path.join(folder, 'incoming.deb');
  try {
    if (isUnderway(folder))
      throw new Refused(
        'an update before this one was interrupted, and is not finished yet',
        'run `systemctl start keepwatch-update`, then try again',
      );
    const note = await prepare(incoming, options, gateway);
    tell('installing');
    try {
      await gateway.install(incoming);
    } catch (error) {
      return await takeBack(note, (error as Error).message, world);
    }
    return await judge(note, world);
  } finally {
    rmSync(incoming, { force: true });
    release();
  }
}

/** Everything up to the moment in which dpkg is touched. */
async function prepare(incoming: string, options: UpdateOptions, gateway: Gateway): Promise<Note> {
  const { folder, data, withinMs, steadyMs, tell } = options;
  // what is checked is what is installed, whatever becomes of the file that was given
  copyFileSync(options.file, incoming);
  const signer = signerOf(await digestOf(incoming), options.signature, options.keys);
  const from = versionOf(await gateway.installed());
  const to = await gateway.examine(incoming, from, options.older);
  tell(`${from} → ${to}, signed with ${signer}`);
  const look = await gateway.look();
  const site = await gateway.hasSite();
  const back = await gateway.repack(folder, from);
  const copy = path.join(folder, `state-${from}.backup`);
  if (site && options.backup) await gateway.backUp(copy);
  // one of an update before this one is of another moment
  else rmSync(copy, { force: true });
  const stateForm = await gateway.formOf(data);
  prune(folder);
  const note: Note = {
    form: 1,
    step: 'installing',
    ...{ from, to, signer, back, copy, data, site, withinMs, steadyMs },
    ...(stateForm !== undefined && { stateForm }),
    // what is compared is what was open
    before: { ...look, known: [] },
    resumed: 0,
  };
  try {
    begin(folder, note);
  } catch (error) {
    throw new Refused(
      `the way back can't be kept in ${folder}: ${(error as Error).message}`,
      'make room there, then try again; nothing was installed',
    );
  }
  return note;
}

function prune(folder: string): void {
  for (const form of [/\.deb$/, /\.backup$/]) {
    const found = readdirSync(folder)
      .filter((name) => form.test(name) && !['incoming.deb', 'back.deb'].includes(name))
      .map((name) => ({ file: path.join(folder, name), ms: statSync(path.join(folder, name)).mtimeMs }))
      .sort((one, other) => other.ms - one.ms);
    for (const { file } of found.slice(kept)) rmSync(file, { force: true });
  }
}
