// The directions of the house, walked on its import graph: who may name whom. A rule that is broken names the
// file and what it imports; the rules themselves are put to the test on small made-up graphs.

import { describe, expect, it } from 'vitest';
import { type Import, importsIn, importsOf, ringIn } from './support/imports.ts';

const root = new URL('..', import.meta.url).pathname;
const imports = importsOf(root, 'src', 'drivers');
const apart = ['store', 'notify', 'devices', 'config', 'console', 'control', 'telemetry'];

type Forbidden = (one: Import) => boolean;

function folderOf(file: string): string {
  return /^src\/([^/]+)\//.exec(file)?.[1] ?? '';
}

const rules: Readonly<Record<string, Forbidden>> = {
  'core imports only core and the language of conditions': ({ from, to }) =>
    from.startsWith('src/core/') && !to.startsWith('src/core/') && to !== '@marcbachmann/cel-js',
  'lib imports only lib, packages, and types of the driver contract': ({ from, to, ours, typeOnly }) =>
    from.startsWith('src/lib/') &&
    ours &&
    !to.startsWith('src/lib/') &&
    !(typeOnly && to === 'src/driver.ts'),
  'the driver contract imports nothing by value': ({ from, typeOnly }) =>
    from === 'src/driver.ts' && !typeOnly,
  'rights import only core, lib and packages: every door asks them': ({ from, to, ours }) =>
    from.startsWith('src/rights/') && ours && !/^src\/(rights|core|lib)\//.test(to),
  'drivers import the driver contract, lib, drivers and packages': ({ from, to, ours }) =>
    from.startsWith('drivers/') &&
    ours &&
    to !== 'src/driver.ts' &&
    !to.startsWith('src/lib/') &&
    !to.startsWith('drivers/'),
  'store, notify, devices, config, console and control know each other by types.ts alone': ({
    from,
    to,
    ours,
  }) => {
    const [here, there] = [folderOf(from), folderOf(to)];
    return (
      ours && apart.includes(here) && apart.includes(there) && here !== there && !to.endsWith('/types.ts')
    );
  },
  'none of these imports the engine by value, but config': ({ from, to, typeOnly }) =>
    apart.includes(folderOf(from)) &&
    folderOf(from) !== 'config' &&
    to.startsWith('src/core/') &&
    // (words are no engine)
    !['src/core/vocabulary.ts', 'src/core/because-words.ts'].includes(to) &&
    !typeOnly,
  'none of these imports commands, the terminal, the loop or main': ({ from, to, typeOnly }) =>
    apart.includes(folderOf(from)) &&
    !typeOnly &&
    // (the page says the same words as the terminal, and words are no terminal)
    !(from.startsWith('src/console/page/') && /^src\/terminal\/(ladder-)?words\.ts$/.test(to)) &&
    (['commands', 'terminal'].includes(folderOf(to)) || ['src/loop.ts', 'src/main.ts'].includes(to)),
  'nothing imports app.ts but commands': ({ from, to, typeOnly }) =>
    to === 'src/app.ts' && !typeOnly && !from.startsWith('src/commands/'),
  'only app.ts imports the list of drivers, only the demo one of them: the simulator': ({ from, to }) =>
    from.startsWith('src/') &&
    to.startsWith('drivers/') &&
    !(from === 'src/app.ts' && to === 'drivers/index.ts') &&
    !(from === 'src/demo.ts' && to.startsWith('drivers/simulator/')),
  'nothing outside tests imports tests': ({ to }) => to.startsWith('test/'),
};

function broken(forbidden: Forbidden, graph: readonly Import[]): string[] {
  return graph.filter(forbidden).map(({ from, to }) => `${from} → ${to}`);
}

describe('the import graph', () => {
  it('is there to be walked', () => {
    expect(imports.length).toBeGreaterThan(100);
    expect(imports).toContainEqual({
      from: 'src/core/engine.ts',
      to: 'src/core/points.ts',
      ours: true,
      typeOnly: false,
      late: false,
    });
  });

  it.each(Object.entries(rules))('%s', (_name, forbidden) => {
    expect(broken(forbidden, imports)).toEqual([]);
  });

  it('has no ring of files that need each other', () => {
    expect(ringIn(imports)).toBeUndefined();
  });
});

describe('the rules themselves', () => {
  it.each<[string, string, string]>([
    [
      'core imports only core and the language of conditions',
      'src/core/a.ts',
      `import { join } from 'node:path';`,
    ],
    [
      'core imports only core and the language of conditions',
      'src/core/a.ts',
      `import type { Log } from '../driver.ts';`,
    ],
    [
      'lib imports only lib, packages, and types of the driver contract',
      'src/lib/a.ts',
      `import { step } from '../core/engine.ts';`,
    ],
    ['the driver contract imports nothing by value', 'src/driver.ts', `import { z } from 'zod';`],
    [
      'drivers import the driver contract, lib, drivers and packages',
      'drivers/a/driver.ts',
      `import type { Point } from '../../src/core/types.ts';`,
    ],
    [
      'store, notify, devices, config, console and control know each other by types.ts alone',
      'src/store/a.ts',
      `import { send } from '../notify/mqtt.ts';`,
    ],
    [
      'none of these imports the engine by value, but config',
      'src/notify/a.ts',
      `import { step } from '../core/engine.ts';`,
    ],
    [
      'none of these imports commands, the terminal, the loop or main',
      'src/store/a.ts',
      `import { paint } from '../terminal/paint.ts';`,
    ],
    ['nothing imports app.ts but commands', 'src/loop.ts', `import { createApp } from './app.ts';`],
    [
      'only app.ts imports the list of drivers, only the demo one of them: the simulator',
      'src/devices/a.ts',
      `import { drivers } from '../../drivers/index.ts';`,
    ],
    [
      'nothing outside tests imports tests',
      'src/store/a.ts',
      `import { clock } from '../../test/support/clock.ts';`,
    ],
  ])('%s: sees %s with %s', (name, file, text) => {
    expect(broken(rules[name]!, importsIn(file, text))).toHaveLength(1);
  });

  it('imports are read in all their forms', () => {
    const text = `
      import a, { b } from './a.ts';
      import type { C } from './c.ts';
      import { type D, type E } from './d.ts';
      import { type F, g } from './f.ts';
      export * from './h.ts';
      import './i.ts';
      import {
        j,
      } from './j.ts';
      const k = await import('./k.ts');
      // import { no } from './comment.ts';
    `;
    const read = importsIn('src/x/here.ts', text).map(
      ({ to, typeOnly, late }) => `${to.slice(6)}${typeOnly ? ' type' : ''}${late ? ' late' : ''}`,
    );
    expect(read).toEqual(['a.ts', 'c.ts type', 'd.ts type', 'f.ts', 'h.ts', 'i.ts', 'j.ts', 'k.ts late']);
  });

  it('a ring is found, one of types alone is none', () => {
    const ring = [
      ...importsIn('src/a.ts', `import { b } from './b.ts';`),
      ...importsIn('src/b.ts', `import { c } from './c.ts';`),
    ];
    expect(ringIn([...ring, ...importsIn('src/c.ts', `import { a } from './a.ts';`)])).toEqual([
      'src/a.ts',
      'src/b.ts',
      'src/c.ts',
      'src/a.ts',
    ]);
    expect(ringIn([...ring, ...importsIn('src/c.ts', `import type { A } from './a.ts';`)])).toBeUndefined();
  });
});
