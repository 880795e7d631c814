// A bus over several connections, and RTU frames over TCP: how devices are spread, what is said when one connection
// or all of them go, and that an untagged stream is treated as a serial line. Links in memory, virtual clock.

import { expect, test } from 'vitest';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, answerTcp, type Cells, type FarEnd, memoryLinks } from '../support/modbus/memory.ts';
import { config, lan1, rig } from './rig.ts';

const counting: Cells = { register: (at) => at };
const devices = [1, 2, 3, 4].map((unit) => ({
  id: `u${unit}`,
  settings: { unit },
  everyMs: 100,
  points: { a: 'input:1' },
}));

function spreadRig(settings: object) {
  const clock = virtualClock();
  const ends = new Map<FarEnd, Set<number>>();
  const links = memoryLinks(clock, (frame, far) => {
    ends.set(far, (ends.get(far) ?? new Set()).add(frame[6]!));
    far.send(answerTcp(frame, counting), 5);
  });
  const bus = lan1(devices, { settings: { host: '10.0.0.5', port: 502, ...settings } });
  return { clock, ends, memory: links, site: config(bus), ...rig({ clock, openLink: links.open }) };
}

test('devices are spread over the connections, and the bus is one', async () => {
  const r = spreadRig({ connections: 2 });
  await r.devices.use(r.site);
  await r.clock.advance(2000);
  expect(r.memory.opened()).toBe(2);
  expect([...r.ends.values()].map((units) => [...units])).toEqual([
    [1, 3],
    [2, 4],
  ]);
  expect(r.links().filter((text) => text.startsWith('lan1'))).toEqual(['lan1 up: connected to 10.0.0.5:502']);
  const [figures, ...more] = r.devices.figures();
  expect(more).toEqual([]);
  expect(figures!.devices.map(({ id }) => id)).toEqual(['u1', 'u2', 'u3', 'u4']);
  expect(figures!.utilisation).toBeCloseTo(0.1, 1);
  expect(figures!.lastGoodMs).toBeLessThan(100);
  await r.devices.stop();
  expect(r.memory.alive()).toBe(0);
  await r.clock.advance(10); // answers on their way
  expect(r.clock.pending()).toBe(0);
});

test('one lost connection costs its devices, the last one the bus', async () => {
  const r = spreadRig({ connections: 2 });
  await r.devices.use(r.site);
  await r.clock.advance(1000);
  r.pushed.length = 0;
  r.memory.refuse('no more connections');
  [...r.ends.keys()][0]!.cut('reset');
  await r.clock.advance(1000);
  expect(r.links()).toEqual(['u1 down: no more connections', 'u3 down: no more connections']);
  const before = r.values('u2.a').length;
  await r.clock.advance(500);
  expect(r.values('u2.a').length).toBeGreaterThan(before + 3);
  r.pushed.length = 0;
  [...r.ends.keys()][1]!.cut('reset too');
  await r.clock.advance(1000);
  expect(r.links()).toEqual(['lan1 down: no more connections']);
  r.memory.refuse(undefined);
  await r.clock.advance(5000);
  expect(r.links().slice(1)[0]).toBe('lan1 up: connected to 10.0.0.5:502');
  for (const id of ['u1', 'u2', 'u3', 'u4'])
    expect(
      r
        .links()
        .filter((text) => text.startsWith(`${id} `))
        .at(-1),
    ).toBe(`${id} up: it answers`);
  await r.devices.stop();
});

test('no server at all is said once', async () => {
  const r = spreadRig({ connections: 3 });
  r.memory.refuse('connection refused');
  await r.devices.use(r.site);
  await r.clock.advance(60_000);
  expect(r.links()).toEqual(['lan1 down: connection refused']);
  await r.devices.stop();
});

test('RTU frames over TCP: read, and a late answer is nobody’s', async () => {
  const clock = virtualClock();
  let late = 0;
  const asked: number[] = [];
  const links = memoryLinks(clock, (frame, far) => {
    asked.push(clock.steadyMs());
    const address = frame.readUInt16BE(2);
    late += 1;
    // every fifth answer comes after its time, as from behind a serial device server
    far.send(answerRtu(frame, { register: () => address }), late % 5 === 0 ? 150 : 10);
  });
  const r = rig({ clock, openLink: links.open });
  const points = { a: 'input:100', b: 'input:200', c: 'input:300' };
  await r.devices.use(
    config(
      lan1([{ id: 'd', settings: { unit: 1 }, everyMs: 50, timeoutMs: 100, points }], {
        settings: { host: '10.0.0.5', port: 4001, framing: 'rtu' },
      }),
    ),
  );
  await clock.advance(60_000);
  for (const [point, value] of [
    ['a', 100],
    ['b', 200],
    ['c', 300],
  ] as const)
    expect(new Set(r.values(`d.${point}`))).toEqual(new Set([value]));
  expect(r.values('d.a').length).toBeGreaterThan(100);
  expect(r.devices.figures()[0]!.errors.timeout).toBeGreaterThan(10);
  expect(r.links()).toEqual(['lan1 up: connected to 10.0.0.5:4001', 'd up: it answers']);
  await r.devices.stop();
});
