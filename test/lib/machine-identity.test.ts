// Which machine this is, from folders shaped like /proc, /sys and /etc: the same on every start of one machine, another
// on a board that got a copied card, and nothing where nothing stays the same.

import { afterEach, expect, test } from 'vitest';
import { machineIdentity } from '../../src/lib/machine-identity.ts';
import { newTree, type Tree } from '../support/tree.ts';

const trees: Tree[] = [];
const identityOf = (files: Readonly<Record<string, string>>): string | undefined => {
  const tree = newTree(files);
  trees.push(tree);
  return machineIdentity(tree.root);
};
afterEach(() => {
  for (const tree of trees.splice(0)) tree.remove();
});

const card = { '/etc/machine-id': '3d1219c7c4c5404aaa1f6d2a48adfda4\n' };
const other = { '/etc/machine-id': '00d1219c7c4c5404aaa1f6d2a48adfda\n' };
const board = (serial: string) => ({ '/proc/device-tree/serial-number': `${serial}\0` });

test('one card in two boards is two machines; the board tells more than the card', () => {
  const first = identityOf({ ...card, ...board('10000000a1b2c3d4') });
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(identityOf({ ...card, ...board('10000000a1b2c3d5') })).not.toBe(first);
  expect(identityOf({ ...other, ...board('10000000a1b2c3d4') })).toBe(first);
});

test('without a board’s number the machine id tells', () => {
  const first = identityOf(card);
  expect(first).toMatch(/^[0-9a-f]{32}$/);
  expect(first).not.toContain('3d1219c7');
  expect(identityOf({ ...card, ...board('0000000000000000') })).toBe(first);
  expect(identityOf(other)).not.toBe(first);
});

test.each([
  [{}],
  [{ '/etc/machine-id': 'uninitialized\n' }],
  [{ '/etc/machine-id': '' }],
  [{ ...card, '/run/machine-id': card['/etc/machine-id'] }],
])('nothing stays the same: %j', (files) =>
  expect(identityOf(files as Record<string, string>)).toBeUndefined(),
);
