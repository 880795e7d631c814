// RS-485 direction by the kernel: the very call that Linux documents, seen by strace, and a port that can't do it
// named as such. A pty has no transceiver, so that the call's success is for real ports to show.

import { execFile, execFileSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLink } from '../../src/devices/link.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { haveTools } from '../support/need.ts';
import { serialPair } from '../support/serial-line.ts';

const able = haveTools(['socat', '-V'], ['strace', '-V'], ['perl', '-v']);
let pair: Awaited<ReturnType<typeof serialPair>>;

beforeEach(async () => {
  if (able) pair = await serialPair();
});
afterEach(async () => {
  if (able) await pair.stop();
});

test.skipIf(!able)(
  'a port that can not is refused with the reason, and its descriptor is closed',
  async () => {
    const settings = {
      kind: 'serial',
      path: pair.a,
      baudRate: 9600,
      parity: 'none',
      dataBits: 8,
      stopBits: 1,
    } as const;
    const host = { clock: systemClock(), signal: new AbortController().signal, lost() {} };
    await expect(openLink({ ...settings, rs485: true }, host)).rejects.toThrow(
      /can't switch an RS-485 line's direction by the kernel: .*ioctl/,
    );
    const link = await openLink(settings, host); // the lock of the refused opening is gone
    await link.close();
  },
);

test.skipIf(!able)('the kernel is asked what <linux/serial.h> says', async () => {
  const module = path.resolve('src/devices/rs485.ts');
  const script = execFileSync('npx', ['esbuild', module, '--format=esm', '--platform=node'], {
    encoding: 'utf8',
  });
  const call = `${script}
import { openSync } from 'node:fs';
await switchDirectionByKernel(openSync(process.argv[1], 'r+'), 'x').catch(() => {});`;
  const { stderr } = await promisify(execFile)(
    'strace',
    ['-f', '-e', 'trace=ioctl', process.execPath, '--input-type=module', '-e', call, pair.a],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  expect(stderr).toMatch(/ioctl\(3, TIOCSRS485/);
});
