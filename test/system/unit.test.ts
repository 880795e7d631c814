// The systemd unit as systemd itself judges it: it loads without a complaint and is shut in well. The program's
// own path is the packager's: that it is missing here is the one thing to be said.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkout } from '../support/daemon.ts';
import { haveTools } from '../support/need.ts';

const able = haveTools(['systemd-analyze', '--version']);
const unit = path.join(checkout, 'systemd', 'keepwatch.service');

describe.skipIf(!able)('systemd/keepwatch.service', () => {
  test('is verified with no word but of the missing program', () => {
    // exits 0 on an unknown key: only its words tell
    const { stdout, stderr, error } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(error).toBeUndefined();
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    const about = lines.filter(
      (line) =>
        !/^keepwatch\.service: Command \/usr\/bin\/keepwatch is not executable: No such file or directory$/.test(
          line,
        ),
    );
    expect(about).toEqual([]);
  });

  test('a fault in it would be seen', () => {
    const { stderr } = spawnSync(
      'systemd-analyze',
      ['verify', path.join(checkout, 'systemd', 'none.service')],
      { encoding: 'utf8' },
    );
    expect(stderr).not.toBe('');
  });

  test('lets setpriv start the tools of libgpiod', () => {
    // without it no GPIO by the character device; test/torture/vm-gpio.ts shows it with the daemon
    const filters = readFileSync(unit, 'utf8').match(/^SystemCallFilter=.*$/gm) ?? [];
    const denied = filters.findIndex((line) => /=~.*@privileged/.test(line));
    const allowed = filters.findIndex((line) => /=.*\bcapset\b/.test(line) && !line.includes('~'));
    expect(denied).toBeGreaterThanOrEqual(0);
    expect(allowed).toBeGreaterThan(denied);
  });

  test('its exposure is 2.0 or less', () => {
    const { stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--no-pager', unit],
      { encoding: 'utf8' },
    );
    const overall = /Overall exposure level for keepwatch\.service: ([\d.]+)/.exec(stdout);
    expect(overall, `${stdout}${stderr}`).not.toBeNull();
    expect(Number(overall![1]), stdout).toBeLessThanOrEqual(2.0);
  });
});
