// New files go to their place whole or not at all: never over one that is there, and nothing stays behind.

import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { draftOf } from '../../src/setup/place.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-place-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = [
  { name: 'contacts.yaml', text: 'people: {}\n' },
  { name: 'keepwatch.yaml', text: 'premises: {}\n' },
];

test('all of them, into a folder that had to be made', () => {
  const deep = path.join(folder, 'a', 'b');
  const draft = draftOf(deep, files);
  expect(readdirSync(draft.folder).sort()).toEqual(['contacts.yaml', 'keepwatch.yaml']);
  draft.put();
  draft.drop();
  expect(readdirSync(deep).sort()).toEqual(['contacts.yaml', 'keepwatch.yaml']);
  expect(readFileSync(path.join(deep, 'keepwatch.yaml'), 'utf8')).toBe('premises: {}\n');
});

const asRoot = process.getuid?.() === 0;
test.runIf(asRoot)('what root writes into the package’s folder is open to the daemon’s group', () => {
  chownSync(folder, 0, 4242);
  const draft = draftOf(folder, files);
  draft.put();
  draft.drop();
  const { gid, mode } = statSync(path.join(folder, 'keepwatch.yaml'));
  expect({ gid, mode: mode & 0o777 }).toEqual({ gid: 4242, mode: 0o640 });
});

test('none where one came in between', () => {
  const draft = draftOf(folder, files);
  writeFileSync(path.join(folder, 'keepwatch.yaml'), 'mine');
  expect(() => draft.put()).toThrow(/EEXIST/);
  draft.drop();
  expect(readdirSync(folder)).toEqual(['keepwatch.yaml']);
  expect(readFileSync(path.join(folder, 'keepwatch.yaml'), 'utf8')).toBe('mine');
});

test('given up: the folders that were made for it go as well', () => {
  const draft = draftOf(path.join(folder, 'a', 'b'), files);
  draft.drop();
  expect(existsSync(path.join(folder, 'a'))).toBe(false);
  expect(existsSync(folder)).toBe(true);
});
