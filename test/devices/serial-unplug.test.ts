// Serial ports that vanish and come back: at rest, with a question out, during a reload, two hundred times with
// never more than one descriptor open, and two adapters that swap their places.

import { mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { answerRtu } from '../support/modbus/memory.ts';
import { haveSocat, serialEnd } from '../support/serial-line.ts';
import { config, line1, rig, until } from './rig.ts';

const socat = haveSocat();
const clock = systemClock();

/** Descriptors of this process on pseudo terminals; those of the test's own terminal are no `/dev/pts` of socat's. */
function ttys(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`).startsWith('/dev/pts/')) count += 1;
    } catch {
      // closed meanwhile
    }
  }
  return count;
}

const at = (path: string, everyMs: number) =>
  config(
    line1([{ id: 'd', settings: { unit: 1 }, everyMs, timeoutMs: 3000, points: { a: 'input:5' } }], {
      settings: { path, baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1 },
    }),
  );

describe.skipIf(!socat)('unplugged', () => {
  test('vanishing two hundred times while a request is out: one descriptor, always back', async () => {
    const before = ttys();
    let most = 0;
    let answers = true;
    const end = await serialEnd((bytes, each) => {
      if (answers && bytes.length === 8) each.send(answerRtu(bytes, { register: (address) => address }));
    });
    // time in the house runs ten times as fast, so that its waits do not make the test long
    const hurried = {
      ...clock,
      steadyMs: () => clock.steadyMs() * 10,
      after: (ms: number, run: () => void) => clock.after(ms / 10, run),
    };
    const r = rig({ clock: hurried });
    await r.devices.use(at(end.path, 50));
    for (let index = 0; index < 200; index += 1) {
      const ups = r.values('d.a').length;
      await until(() => r.values('d.a').length > ups);
      most = Math.max(most, ttys() - before);
      answers = index % 2 === 0;
      if (!answers) await new Promise((resolve) => setTimeout(resolve, 6));
      r.pushed.length = 0;
      await end.unplug();
      await until(() => r.links().some((text) => text.startsWith('line1 down')));
      answers = true;
      await end.plug();
    }
    await until(() => r.links().at(-1) === 'd up: it answers');
    expect(most).toBe(1);
    expect(ttys() - before).toBe(1);
    await r.devices.stop();
    expect(ttys()).toBe(before);
    await end.stop();
  }, 120_000);

  test('unplugged two hundred times: idle, in mid-request and during a reload', async () => {
    const before = ttys();
    const end = await serialEnd((bytes, each) => {
      if (bytes.length === 8) setTimeout(() => each.send(answerRtu(bytes, { register: (to) => to })), 2);
    });
    const hurried = {
      ...clock,
      steadyMs: () => clock.steadyMs() * 10,
      after: (ms: number, run: () => void) => clock.after(ms / 10, run),
    };
    const r = rig({ clock: hurried });
    await r.devices.use(at(end.path, 50));
    for (let index = 0; index < 200; index += 1) {
      const readings = r.values('d.a').length;
      await until(() => r.values('d.a').length > readings);
      r.pushed.length = 0;
      if (index % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 3)); // a question is out
      const reloading = index % 3 === 1 ? r.devices.use(at(end.path, 50 + index)) : undefined;
      await end.unplug();
      await reloading;
      if (!reloading) await until(() => r.links().some((text) => text.startsWith('line1 down')));
      await end.plug();
      expect(ttys() - before).toBeLessThanOrEqual(1);
    }
    await until(() => r.links().at(-1) === 'd up: it answers');
    expect(ttys() - before).toBe(1);
    await r.devices.stop();
    expect(ttys()).toBe(before);
    await end.stop();
  }, 120_000);

  test('two adapters that come back under each other’s names keep their own devices', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keepwatch-by-id-'));
    const answering = (unit: number) =>
      serialEnd((bytes, each) => {
        if (bytes.length === 8 && bytes[0] === unit) each.send(answerRtu(bytes, { register: () => unit }));
      });
    const adapters = [await answering(1), await answering(2)];
    const names = [join(folder, 'usb-one'), join(folder, 'usb-two')];
    const point = (which: readonly [number, number]): void =>
      which.forEach((adapter, name) => {
        rmSync(names[name]!, { force: true });
        symlinkSync(adapters[adapter]!.path, names[name]!);
      });
    point([0, 1]);
    const bus = (unit: number) => ({
      ...line1(
        [{ id: `u${unit}`, settings: { unit }, everyMs: 20, timeoutMs: 100, points: { a: 'input:5' } }],
        {
          settings: { path: names[unit - 1], baudRate: 115_200, parity: 'none', dataBits: 8, stopBits: 1 },
        },
      ),
      id: `line${unit}`,
    });
    const r = rig();
    await r.devices.use(config(bus(1), bus(2)));
    const read = (unit: number) => until(() => r.values(`u${unit}.a`).includes(unit));
    await Promise.all([read(1), read(2)]);
    await Promise.all(adapters.map((each) => each.unplug()));
    await until(() => r.links().filter((text) => /^line. down/.test(text)).length === 2);
    // the system numbers them the other way round, and the names by id follow the adapters
    adapters.reverse();
    r.pushed.length = 0;
    for (const each of adapters) await each.plug();
    point([1, 0]);
    const beganMs = performance.now();
    await Promise.all([read(1), read(2)]);
    expect(performance.now() - beganMs).toBeLessThan(5000);
    for (const unit of [1, 2]) expect(new Set(r.values(`u${unit}.a`))).toEqual(new Set([unit]));
    await r.devices.stop();
    for (const each of adapters) await each.stop();
    rmSync(folder, { recursive: true });
  }, 20_000);
});
