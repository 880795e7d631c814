// The plans that ship, by the loader that the daemon uses, of a site that has none of its own.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import type { Plan } from '../../src/core/types.ts';

export function shippedPlans(): readonly Plan[] {
  const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-catalogue-'));
  try {
    const file = path.join(root, 'site.yaml');
    writeFileSync(file, 'premises: { id: a, name: A, timezone: Asia/Shanghai }\n');
    const { config, faults } = loadConfig(file, { drivers: [], environment: {} });
    if (config === undefined) throw new Error(faults.map(formatFault).join('\n'));
    return config.site.plans;
  } finally {
    rmSync(root, { recursive: true });
  }
}
