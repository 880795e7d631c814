// New files go to their place whole or not at all: never over one that is there, and nothing stays behind.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
