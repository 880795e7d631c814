// The examples of docs/serial-devices.md load with the real drivers and the shipped profiles, each by itself.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { protocols } from '../../drivers/serial/protocols.ts';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/lib/assets.ts';

const text = readFileSync(path.join(packageRoot, 'docs/serial-devices.md'), 'utf8');
const blocks = [...text.matchAll(/```yaml\n(buses:\n[\s\S]*?)```/g)].map((match) => match[1]!);
const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-serial-docs-'));
afterAll(() => rmSync(root, { recursive: true }));

it.each(blocks.map((block) => [block.split('\n')[1]!.trim(), block] as const))('%s', (_name, block) => {
  const file = path.join(root, 'site.yaml');
  const zones = [...new Set([...block.matchAll(/zone: (\w+)/g)].map((match) => match[1]!))];
  const named = zones.map((zone) => `${zone}: {}`).join(', ');
  const premises = 'premises: { id: a, name: A, timezone: Asia/Shanghai }';
  writeFileSync(file, `${premises}\nzones: { ${named} }\n${block}`);
  const { config, faults } = loadConfig(file, { drivers, environment: {} });
  expect(faults.filter(({ severity }) => severity === 'fault').map(formatFault)).toEqual([]);
  expect(config!.site.points.length).toBeGreaterThan(0);
});

it('shows every protocol', () => {
  expect(blocks.length).toBeGreaterThan(4);
  for (const { id } of protocols) expect(text).toContain(`\`${id}\``);
});
