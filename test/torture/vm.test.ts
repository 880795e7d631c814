// The short form of what needs a guest: a real systemd in a container, and in the virtual machine a disk that fails, a
// bad line, a clock in 1970 and GPIO. KEEPWATCH_VM names the command `vm` of the test rigs; without it these are skipped.

import { describe, expect, it } from 'vitest';
import * as arm64 from './arm64.ts';
import * as first from './container-install.ts';
import * as packaged from './container-package.ts';
import * as container from './container-unit.ts';
import * as updated from './container-update.ts';
import { haveGuests } from './guest.ts';
import { isGood } from './scenario.ts';
import * as clock from './vm-clock.ts';
import * as disk from './vm-disk.ts';
import * as gpio from './vm-gpio.ts';
import * as network from './vm-network.ts';
import * as unit from './vm-unit.ts';

const why = haveGuests() ? '' : ' (skipped: KEEPWATCH_VM does not name the virtual machine)';

const all = [container, first, packaged, updated, unit, disk, network, clock, gpio, arm64];

describe.each(all)('$what', ({ run }) => {
  it.skipIf(!haveGuests())(`keeps every limit${why}`, { timeout: 1_300_000 }, async () => {
    const figures = await run({ quick: true, tell: () => {} });
    expect(figures.length).toBeGreaterThan(1);
    expect(figures.filter((figure) => !isGood(figure))).toEqual([]);
  });
});
