// The gpio driver on a kernel's own chip, through onoff and through the tools of libgpiod: runs test/vm/gpio, which
// starts a virtual machine and takes three minutes. KEEPWATCH_VM names the command `vm` of the test rigs; without
// it this one test is skipped.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const vm = process.env.KEEPWATCH_VM;
const script = path.join(import.meta.dirname, '../vm/gpio');

describe('a GPIO chip of the kernel', () => {
  const why = vm ? '' : ' (skipped: KEEPWATCH_VM does not name the virtual machine)';
  it.skipIf(!vm)(`gives every edge and holds outputs${why}`, { timeout: 500_000 }, () => {
    const run = spawnSync(script, [vm!], { encoding: 'utf8' });
    expect(run.stdout + run.stderr).toContain('gpio: all good');
    expect(run.status).toBe(0);
  });
});
