// The file of users as `keepwatch user` changes it: one user put in, changed or taken out, with everything else of it left
// as people wrote it. Written beside and put in place whole. Knows no passwords, only their hashes.

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Document, isMap, parseDocument } from 'yaml';
import { writeWholeFile } from '../lib/sync.ts';
import type { Role } from '../rights/roles.ts';
import { readUsers, usualUsers } from './console-form.ts';
import { faultList, formatFault } from './faults.ts';
import type { ConsoleUser } from './types.ts';

/** Whose passwords' hashes are in it: its owner and the daemon's group only. */
const mode = 0o640;

/** `console.users` of a site file, or `users.yaml` beside it. Reads nothing else of it. Throws the system's errors. */
export function usersFileOf(site: string): string {
  const document = parseDocument(readFileSync(site, 'utf8'), { logLevel: 'silent' });
  const named = 'getIn' in document ? document.getIn(['console', 'users']) : undefined;
  return path.resolve(path.dirname(site), typeof named === 'string' && named !== '' ? named : usualUsers);
}

/** The users of a file; none where there is no file. Throws an Error with every fault of it, a line each. */
export function usersIn(file: string): ConsoleUser[] {
  if (!existsSync(file)) return [];
  // an empty one is as good as none
  if (readFileSync(file, 'utf8').trim() === '') return [];
  const faults = faultList(file);
  const users = readUsers(file, { file, line: 1, column: 1 }, faults);
  if (!faults.broken()) return users;
  const lines = faults.sorted().filter(({ severity }) => severity === 'fault');
  throw new Error(lines.map(formatFault).join('\n'));
}

/** Puts a user in, or in the place of the one of this id. */
export function putUser(
  file: string,
  id: string,
  user: { readonly name: string; readonly role: Role; readonly hash: string },
): void {
  const document = documentOf(file);
  if (document.has(id)) for (const [key, value] of Object.entries(user)) document.setIn([id, key], value);
  else document.set(id, document.createNode(user, { flow: true }));
  write(file, document);
}

export function takeUserOut(file: string, id: string): void {
  const document = documentOf(file);
  document.delete(id);
  write(file, document);
}

function documentOf(file: string): Document {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const document: Document = parseDocument(text, { version: '1.2', schema: 'core', logLevel: 'silent' });
  if (!isMap(document.contents)) {
    const comment = document.commentBefore;
    const fresh = parseDocument('{}') as Document;
    (fresh.contents as { flow?: boolean }).flow = false;
    fresh.commentBefore =
      comment ??
      ' Who may log in to the console; changed by `keepwatch user`, taken up by a reload (SIGHUP).';
    return fresh;
  }
  return document;
}

function write(file: string, document: Document): void {
  const before = statSync(file, { throwIfNoEntry: false });
  // the group of the folder is the daemon's, who must be able to read it (made by root in /etc/keepwatch)
  const owner = process.getuid?.() === 0 ? (before ?? statSync(path.dirname(file))) : undefined;
  writeWholeFile(file, document.toString({ lineWidth: 0 }), {
    mode: before === undefined ? mode : before.mode & 0o7640,
    ...(owner && { owner }),
  });
}
