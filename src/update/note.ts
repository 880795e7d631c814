// The durable note of an update that is under way: from where to where, what to go back to, and how well the daemon was.
// It is written before dpkg is touched and taken away when the end is known, so that a power cut in between leaves word
// for the next boot. Knows folders and files; judges nothing.

import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../lib/assets.ts';
import { syncFile, syncFolder } from '../lib/sync.ts';
import type { Look } from './types.ts';

export interface Note {
  /** of the note itself */
  readonly form: 1;
  /** `takingBack`: it is known that the new version does not stay */
  readonly step: 'installing' | 'takingBack';
  /** why it is taken back */
  readonly because?: string;
  readonly from: string;
  readonly to: string;
  readonly signer: string;
  /** the package to go back to */
  readonly back: string;
  /** of the state, where one was made */
  readonly copy: string;
  /** form of the state before; absent: there was no state */
  readonly stateForm?: number;
  readonly data: string;
  /** without a site no daemon runs, and there is nothing to judge */
  readonly site: boolean;
  /** how the daemon was */
  readonly before: Look;
  readonly withinMs: number;
  readonly steadyMs: number;
  /** how often it was gone on with after an interruption */
  readonly resumed: number;
}

const noteName = 'underway.json';
/** The names that the script knows too. */
const backName = 'back.deb';
const scriptName = 'finish';
/** Left by the script where it has put the package of before in place. */
const putBackName = 'put-back';
const besides = [putBackName, backName, scriptName, 'program', 'incoming.deb', `${noteName}.new`];

export const isUnderway = (folder: string): boolean => existsSync(path.join(folder, noteName));
export const wasPutBack = (folder: string): boolean => existsSync(path.join(folder, putBackName));

/** Everything that the way back needs is on the disk first, the note last. Throws where the disk can't take it. */
export function begin(folder: string, note: Note): void {
  const at = (name: string): string => path.join(folder, name);
  for (const name of [putBackName, backName, scriptName]) rmSync(at(name), { force: true });
  linkSync(note.back, at(backName));
  copyFileSync(path.join(packageRoot, 'systemd/finish-update'), at(scriptName));
  chmodSync(at(scriptName), 0o700);
  for (const file of [note.back, note.copy, at(scriptName)]) if (existsSync(file)) syncFile(file);
  writeNote(folder, note);
}

/** The old note or the new one is there at any moment, and whole. */
export function writeNote(folder: string, note: Note): void {
  const file = path.join(folder, noteName);
  const descriptor = openSync(`${file}.new`, 'w', 0o600);
  try {
    writeFileSync(descriptor, `${JSON.stringify(note, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${file}.new`, file);
  syncFolder(folder);
}

/** Undefined: none is there. Throws for one that can't be read. */
export function readNote(folder: string): Note | undefined {
  if (!isUnderway(folder)) return undefined;
  const note = JSON.parse(readFileSync(path.join(folder, noteName), 'utf8')) as Note;
  const texts = [note.from, note.to, note.back, note.copy, note.data];
  if (
    note.form !== 1 ||
    texts.some((text) => typeof text !== 'string') ||
    !Array.isArray(note.before?.devices)
  )
    throw new Error('it is of another form');
  return note;
}

/** The note first: what else lies there says nothing without it. */
export function dropNote(folder: string): void {
  rmSync(path.join(folder, noteName), { force: true });
  syncFolder(folder);
  for (const name of besides) rmSync(path.join(folder, name), { recursive: true, force: true });
}

/** A note that can't be read must not come up at each boot; it stays for whoever looks. Gives where. */
export function putNoteAside(folder: string): string {
  const aside = path.join(folder, 'underway.unreadable.json');
  renameSync(path.join(folder, noteName), aside);
  dropNote(folder);
  return aside;
}
