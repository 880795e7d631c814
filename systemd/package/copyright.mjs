// The file `copyright` of the package: our own licence, and that of every package that is in it, bundled or beside, with
// its words where they differ from what Debian keeps for all.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageOf } from './modules.mjs';

const common = { 'Apache-2.0': '/usr/share/common-licenses/Apache-2.0' };

/** Every production package of the lock file, with its folder. */
function shipped(root) {
  const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([at, { dev, link }]) => at !== '' && !dev && !link)
    .map(([at]) => path.join(root, at))
    .filter((folder) => existsSync(path.join(folder, 'package.json')));
}

function wordsIn(folder) {
  const name = readdirSync(folder).find((each) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(each));
  return name === undefined ? '' : readFileSync(path.join(folder, name), 'utf8').replaceAll('\r', '').trim();
}

export function copyrightOf(root) {
  const byWords = new Map();
  for (const folder of shipped(root)) {
    const { name, version, license } = packageOf(folder);
    const words = common[license]
      ? `Apache License 2.0: see ${common[license]}`
      : wordsIn(folder) || `Licence: ${license ?? 'MIT'}`;
    const named = byWords.get(words) ?? new Set();
    byWords.set(words, named.add(`${name} ${version}${license ? ` (${license})` : ''}`));
  }
  const line = '-'.repeat(78);
  return `${[
    'Keepwatch',
    '',
    'Copyright 2026 The Keepwatch authors',
    '',
    'Licensed under the Apache License, Version 2.0. On Debian systems its text is in',
    '/usr/share/common-licenses/Apache-2.0.',
    '',
    'The program contains, or brings along, the packages below, each under its own licence.',
    ...[...byWords]
      .map(([words, named]) => ['', line, [...named].sort().join('\n'), '', words].join('\n'))
      .sort(),
  ].join('\n')}\n`;
}
