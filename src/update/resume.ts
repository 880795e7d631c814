// Goes on with an update that a power cut or a kill has interrupted, as its note says: what was not judged yet is judged,
// what was not taken back in full is taken back. Cut off itself, it does the same again.

import { existsSync } from 'node:fs';
import { judge, takeBack, type World } from './end.ts';
import { dropNote, isUnderway, type Note, putNoteAside, readNote, wasPutBack, writeNote } from './note.ts';
import type { Installed, Resumed } from './types.ts';

/** A version that takes the whole machine down each time is not judged without end. */
const mostResumes = 3;

export async function resume(world: World): Promise<Resumed> {
  const { folder } = world;
  if (!existsSync(folder) || !isUnderway(folder)) return { result: 'nothing' };
  const release = await world.gateway.lock(folder);
  try {
    const note = noteIn(folder);
    return note === undefined ? { result: 'nothing' } : await goOn(note, world);
  } finally {
    release();
  }
}

function noteIn(folder: string): Note | undefined {
  try {
    return readNote(folder);
  } catch (error) {
    const hint = 'the package is whole; look whether its daemon runs: keepwatch doctor';
    const message = `the note of an interrupted update can't be read: ${(error as Error).message}; it is kept as ${putNoteAside(folder)}`;
    throw Object.assign(new Error(message), { hint });
  }
}

async function goOn(note: Note, world: World): Promise<Resumed> {
  const { folder, gateway, tell } = world;
  const { from, to } = note;
  const counted: Note = { ...note, resumed: note.resumed + 1 };
  try {
    writeNote(folder, counted);
  } catch (error) {
    // a full disk must not keep a bad version in its place
    tell(`the note of the update can't be written: ${(error as Error).message}`);
  }
  const found = await gateway.installed();
  const { whole, version } = found;
  if (whole && version !== undefined && version !== from && version !== to) {
    dropNote(folder);
    return { result: 'superseded', from, to, installed: version };
  }
  const because = whyBack(counted, found, wasPutBack(folder));
  if (because !== undefined) return takeBack(counted, because, world);
  tell(`${to} is installed and was not judged yet`);
  // (after a boot it runs already)
  if (note.site) await gateway.start(false);
  return judge(counted, world);
}

/** Undefined: the new version is there in full, and is still to be judged. */
function whyBack(note: Note, { whole, version }: Installed, putBack: boolean): string | undefined {
  const { step, because, from, to, resumed } = note;
  if (step === 'takingBack') return because ?? 'it was being taken back';
  if (!whole || putBack) return 'it was interrupted while it was being installed';
  if (version === from && from !== to) return 'it was interrupted before it was installed';
  if (resumed > mostResumes) return `it was interrupted ${resumed} times while it was being judged`;
  return undefined;
}
