// That what stands still is found, started anew alone, and told: parts of every kind on a virtual clock, then a bus
// whose port hangs while another on the same gateway goes on.

import { describe, expect, test } from 'vitest';
import type { LinkOpener } from '../src/devices/link.ts';
import { supervise, type Watched } from '../src/lib/supervisor.ts';
import { config, lan1, line1, rig } from './devices/rig.ts';
import { virtualClock } from './support/clock.ts';
import { answerRtu, answerTcp, memoryLinks } from './support/modbus/memory.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function house() {
  const clock = virtualClock();
  const open = new Set<string>();
  const told: string[] = [];
  const parts: (Watched & { atMs: number | undefined; begun: number })[] = [];
  const add = (id: string, mostMs = 30_000) => {
    const part = {
      id,
      mostMs,
      atMs: clock.steadyMs() as number | undefined,
      begun: 0,
      progressMs: () => part.atMs,
      restart() {
        part.begun += 1;
      },
    };
    parts.push(part);
    return part;
  };
  const supervisor = supervise({
    clock,
    log: quiet,
    watched: () => parts,
    failing: (check) => open.has(check),
    open: () => open,
    health(check, ok, because) {
      told.push(`${check} ${ok ? 'well' : 'fails'}: ${because}`);
      if (ok) open.delete(check);
      else open.add(check);
    },
  });
  return { clock, told, parts, add, supervisor, open };
}

describe('parts that go on by themselves', () => {
  test('only the one that stands still is started anew; it is told, and ends when it has gone on for a minute', async () => {
    const { clock, add, told, supervisor } = house();
    const [good, stuck] = [add('bus_a'), add('bus_b')];
    for (let second = 0; second < 60; second += 1) {
      await clock.advance(1000);
      good.atMs = clock.steadyMs();
      if (stuck.begun > 0) stuck.atMs = clock.steadyMs();
    }
    expect([good.begun, stuck.begun]).toEqual([0, 1]);
    expect(told).toEqual(['stuck_bus_b fails: bus_b stood still for 35 s and was started anew']);
    for (let second = 0; second < 90; second += 1) {
      await clock.advance(1000);
      good.atMs = stuck.atMs = clock.steadyMs();
    }
    expect(told[1]).toBe('stuck_bus_b well: bus_b goes on');
    expect(supervisor.state()).toEqual([
      { id: 'bus_a', ageMs: 0, restarts: 0 },
      { id: 'bus_b', ageMs: 0, restarts: 1 },
    ]);
    expect(supervisor.alive()).toBe(true);
  });

  test('one that stays stuck is started again and again, but not faster than its own limit', async () => {
    const { clock, add, told } = house();
    const stuck = add('bus_a', 60_000);
    await clock.advance(600_000);
    expect(stuck.begun).toBeGreaterThanOrEqual(9);
    expect(stuck.begun).toBeLessThanOrEqual(10);
    expect(told.every((line) => line.startsWith('stuck_bus_a fails'))).toBe(true);
  });

  test('one that gets stuck again after each new beginning is one trouble, not many', async () => {
    const { clock, add, told, open } = house();
    const stuck = add('mqtt', 150_000);
    const { restart } = stuck;
    Object.assign(stuck, {
      restart() {
        restart();
        stuck.atMs = clock.steadyMs();
      },
    });
    await clock.advance(3_600_000);
    expect(stuck.begun).toBeGreaterThan(20);
    expect(told.filter((line) => line.includes(' well'))).toEqual([]);
    expect([...open]).toEqual(['stuck_mqtt']);
  });

  test('the trouble of a part that is there no more ends', async () => {
    const { clock, parts, add, told, open } = house();
    add('bus_a');
    await clock.advance(40_000);
    open.add('stuck_bus_of_an_earlier_run').add('storage');
    parts.splice(0);
    await clock.advance(10_000);
    expect(told.slice(1).sort()).toEqual([
      'stuck_bus_a well: removed from the configuration',
      'stuck_bus_of_an_earlier_run well: removed from the configuration',
    ]);
    expect([...open]).toEqual(['storage']);
  });

  test('nothing is expected of a part that says so, and a restart that fails does no harm', async () => {
    const { clock, parts, add } = house();
    add('quiet').atMs = undefined;
    parts.push({ ...add('broken'), restart: () => Promise.reject(new Error('no')) });
    await clock.advance(300_000);
    expect(parts.find(({ id }) => id === 'quiet')!.begun).toBe(0);
  });

  test('a trouble from before a restart of the daemon ends after a minute', async () => {
    const { clock, add, told, open } = house();
    open.add('stuck_bus_a');
    const part = add('bus_a');
    for (let second = 0; second < 90; second += 1) {
      await clock.advance(1000);
      part.atMs = clock.steadyMs();
    }
    expect(told).toEqual(['stuck_bus_a well: bus_a goes on']);
  });

  test('a process that was stopped for minutes finds nobody stuck', async () => {
    const clock = virtualClock();
    let jumpMs = 0;
    const part = { id: 'bus_a', mostMs: 30_000, atMs: 0, begun: 0 };
    const stopped = { ...clock, steadyMs: () => clock.steadyMs() + jumpMs };
    supervise({
      clock: stopped,
      log: quiet,
      watched: () => [
        {
          ...part,
          progressMs: () => part.atMs,
          restart() {
            part.begun += 1;
          },
        },
      ],
      failing: () => false,
      open: () => [],
      health: () => {},
    });
    await clock.advance(10_000);
    part.atMs = stopped.steadyMs();
    jumpMs = 200_000;
    await clock.advance(20_000);
    expect(part.begun).toBe(0);
    await clock.advance(30_000);
    expect(part.begun).toBe(1);
  });
});

test('a port whose opening hangs for ever is given up alone, and opened anew; late it has nothing to say', async () => {
  const clock = virtualClock();
  const cells = { register: (at: number) => at, bit: () => true };
  const serial = memoryLinks(clock, (frame, far) => far.send(answerRtu(frame, cells), 20));
  const network = memoryLinks(clock, (frame, far) => far.send(answerTcp(frame, cells), 20));
  let hangs = true;
  let late: (() => void) | undefined;
  const openLink: LinkOpener = (settings, host) => {
    if (settings.kind === 'tcp') return network.open(settings, host);
    if (!hangs) return serial.open(settings, host);
    return new Promise((resolve, reject) => {
      late = () => serial.open(settings, host).then(resolve, reject);
    });
  };
  const house = rig({ clock, openLink });
  const told: string[] = [];
  supervise({
    clock,
    log: quiet,
    watched: () => house.devices.watched(),
    failing: () => false,
    open: () => [],
    health: (check, ok) => told.push(`${check} ${ok}`),
  });
  const points = { a: 'input:1' };
  await house.devices.use(
    config(
      line1([{ id: 'd', settings: { unit: 3 }, points }]),
      lan1([{ id: 'e', settings: { unit: 1 }, points }]),
    ),
  );
  await clock.advance(20_000);
  expect(house.links()).toEqual(['lan1 up: connected to 10.0.0.5:502', 'e up: it answers']);
  hangs = false;
  await clock.advance(60_000);
  expect(told).toEqual(['stuck_bus_line1 false']);
  expect(house.links()).toContain('line1 up: /dev/line1 is open');
  const before = house.links().length;
  late?.();
  await clock.advance(10_000);
  expect(house.links().slice(before)).toEqual([]);
  expect(house.devices.watched().map(({ id }) => id)).toEqual(['bus_line1', 'bus_lan1']);
  await house.devices.stop();
});
