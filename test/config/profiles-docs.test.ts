// docs/profiles.md has a row for every product, as its file says, and no other.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadAllProfiles } from '../../src/config/profiles.ts';
import { packageRoot } from '../../src/lib/assets.ts';

test('the table of products', () => {
  const text = readFileSync(path.join(packageRoot, 'docs/profiles.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| `[a-z0-9-]+` \| .* \| (yes|no) \|$/.test(line));
  const { profiles } = loadAllProfiles();
  const wanted = profiles.map(
    ({ id, maker, model, drivers, verified }) =>
      `| \`${id}\` | ${maker} | ${model} | ${drivers.join(', ')} | ${verified ? 'yes' : 'no'} |`,
  );
  expect(rows).toEqual(wanted);
});

test('at least twenty products, each with its source and, where it is not verified, what is not certain', () => {
  const { profiles, faults } = loadAllProfiles();
  expect(faults).toEqual([]);
  expect(profiles.length).toBeGreaterThanOrEqual(20);
  for (const { id, verified, source, caveats } of profiles) {
    expect(source.length, id).toBeGreaterThan(0);
    if (!verified) expect(caveats.length, id).toBeGreaterThan(0);
    for (const text of caveats) expect((text as { zh?: string }).zh, id).toMatch(/\p{Script=Han}/u);
  }
});
