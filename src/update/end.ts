// How an update comes to its end, from its note on: judged, and taken back where the daemon is not as well as before. The
// same for one that went through and for one that was interrupted; each part can be done again from its beginning.

import { existsSync } from 'node:fs';
import type { Gateway } from './gateway.ts';
import { dropNote, type Note, wasPutBack, writeNote } from './note.ts';
import type { Outcome } from './types.ts';

export interface World {
  readonly folder: string;
  readonly gateway: Gateway;
  tell(text: string): void;
}

/** What is missing to being as well as before. Without a site no daemon runs, and nothing can be missing. */
async function missingIn({ site, before, withinMs, steadyMs }: Note, gateway: Gateway) {
  return site ? gateway.missing(before, { withinMs, steadyMs }) : undefined;
}

/** The new version lies there: it stays, or is taken back. */
export async function judge(note: Note, world: World): Promise<Outcome> {
  const failed = await missingIn(note, world.gateway).catch((error: Error) => error.message);
  if (failed !== undefined) return takeBack(note, failed, world);
  dropNote(world.folder);
  const { from, to, signer } = note;
  return { result: 'updated', from, to, signer };
}

export async function takeBack(note: Note, because: string, world: World): Promise<Outcome> {
  const { folder, gateway, tell } = world;
  const { from, to } = note;
  tell(`going back to ${from}: ${because}`);
  try {
    writeNote(folder, { ...note, step: 'takingBack', because });
  } catch (error) {
    // the old note leads back as well
    tell(`the note of the update can't be written: ${(error as Error).message}`);
  }
  const went = await goBack(note, world);
  const { whole, version } = await gateway.installed();
  // else it is tried again: by the unit, and at the next boot
  if (whole && version === from) dropNote(folder);
  return { ...went, from, to, because };
}

interface Went {
  readonly result: 'rolledBack' | 'notHealthy';
  readonly state: 'kept' | 'restored';
  readonly still?: string;
}

async function goBack(note: Note, { folder, gateway }: World): Promise<Went> {
  const { from, to, back, copy, data } = note;
  let state: 'kept' | 'restored' = 'kept';
  try {
    const { whole, version } = await gateway.installed();
    // of two packages with one version nothing tells which it is
    const isThere = whole && version === from && from !== to;
    // the state must stand still while it is looked at, and no daemon be started on one that it refuses
    if (!isThere || (await gateway.formOf(data)) !== note.stateForm) await gateway.stop();
    if (!isThere) await gateway.install(back);
    if ((await gateway.formOf(data)) !== note.stateForm) {
      if (!existsSync(copy)) throw new Error('the state is of the newer version, and there is no copy of it');
      await gateway.stop();
      await gateway.bringBack(copy, data);
      state = 'restored';
    }
    if (note.site) await gateway.start(!isThere || wasPutBack(folder));
    const still = await missingIn(note, gateway);
    return still === undefined ? { result: 'rolledBack', state } : { result: 'notHealthy', state, still };
  } catch (error) {
    return { result: 'notHealthy', state, still: (error as Error).message };
  }
}
