// Roles: every verb of the engine is judged, what could silence or blind asks for the right to operate, and the table in
// the documentation is the one in the code.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { leastRole, leastRoles, mayRun, type Role, roles } from '../../src/rights/roles.ts';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');

/** The verbs of the public type, read from its source: a new one must be judged. */
const verbs = [
  ...(/export type Verb =([\s\S]*?);/.exec(read('src/core/types.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g),
].map((match) => match[1]!);

describe('the table', () => {
  test('judges every verb that there is, and none that there is not', () => {
    expect(verbs.length).toBeGreaterThan(15);
    expect(Object.keys(leastRoles).sort()).toEqual([...verbs, 'replay'].sort());
  });

  test.each([
    'silence',
    'shelve',
    'disable',
    'enable',
    'output',
    'close',
    'reset',
    'level',
    'drill',
    'walktest',
  ])('%s can silence, blind or move something', (verb) => {
    expect(mayRun(verb, 'acknowledge')).toBe(false);
    expect(mayRun(verb, 'operate')).toBe(true);
  });

  test.each(['', 'reload', '__proto__', 'constructor', 'toString', 'ACK', 'ack '])(
    'what nobody has judged asks for the highest: %j',
    (verb) => {
      expect(leastRole(verb)).toBe('configure');
      expect(mayRun(verb, 'operate')).toBe(false);
    },
  );

  test('who only looks runs nothing that changes anything', () => {
    expect(verbs.filter((verb) => mayRun(verb, 'view'))).toEqual([]);
    expect(mayRun('replay', 'view')).toBe(true);
  });

  test('each role may all that the one before it may', () => {
    const allowed = (role: Role): string[] => Object.keys(leastRoles).filter((verb) => mayRun(verb, role));
    for (const [index, role] of roles.entries()) {
      const before = index === 0 ? [] : allowed(roles[index - 1]!);
      expect(allowed(role)).toEqual(expect.arrayContaining(before));
    }
    expect(allowed('configure')).toHaveLength(Object.keys(leastRoles).length);
  });

  test('stands in the documentation as it is in the code', () => {
    const rows = [
      ...read('docs/security.md').matchAll(/^\| `(view|acknowledge|operate|configure)` \| (.*?) \|/gm),
    ];
    const documented = Object.fromEntries(
      rows.flatMap(([, role, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, verb]) => [verb!, role!])),
    );
    expect(documented).toEqual(leastRoles);
  });
});
