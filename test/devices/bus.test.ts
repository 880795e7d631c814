// How a bus shares its line and what it tells, on a virtual clock with stations in memory: schedule, lanes, dead
// and refusing units, link states, reconnects and reloads.

import { expect, test } from 'vitest';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, answerTcp, type Cells, memoryLinks } from '../support/modbus/memory.ts';
import { config, lan1, line1, rig, type ShortBus } from './rig.ts';

/** Units that answer after 20 ms; `dead` ones never. */
function serialRig(cells: Cells, dead: ReadonlySet<number> = new Set(), afterMs = 20) {
  const clock = virtualClock();
  const asked: { unit: number; atMs: number; address: number; length: number }[] = [];
  const links = memoryLinks(clock, (frame, far) => {
    asked.push({
      unit: frame[0]!,
      atMs: clock.steadyMs(),
      address: frame.readUInt16BE(2),
      length: frame.readUInt16BE(4),
    });
    if (!dead.has(frame[0]!)) far.send(answerRtu(frame, cells), afterMs);
  });
  return { clock, asked, memory: links, ...rig({ clock, openLink: links.open }) };
}

const counting: Cells = { register: (at) => at, bit: (at) => at % 2 === 1 };

test('first contact, one reading for each reply, a steady schedule', async () => {
  const r = serialRig(counting);
  const points = { a: 'input:1', b: 'input:2', c: 'input:40' };
  await r.devices.use(config(line1([{ id: 'd', settings: { unit: 3 }, points }])));
  await r.clock.advance(5500);
  expect(r.links()).toEqual(['line1 up: /dev/line1 is open', 'd up: it answers']);
  expect(r.pushed.filter((input) => input.type === 'reading').slice(0, 2)).toEqual([
    {
      type: 'reading',
      values: [
        ['d.a', 1],
        ['d.b', 2],
      ],
    },
    { type: 'reading', values: [['d.c', 40]] },
  ]);
  const first = r.asked.filter((each) => each.address === 1).map((each) => each.atMs);
  expect(first.map((atMs) => Math.round(atMs / 1000))).toEqual([0, 1, 2, 3, 4, 5]);
  expect(first.every((atMs) => atMs % 1000 < 1)).toBe(true);
  const [figures] = r.devices.figures();
  expect(figures).toMatchObject({ id: 'line1', driver: 'modbus-rtu', up: true, requests: 12 });
  expect(figures!.utilisation).toBeCloseTo((12 * 20) / 5500, 2);
  expect(figures!.oldestMs).toBeLessThan(1000);
  expect(figures!.devices).toEqual([{ id: 'd', up: true, lastGoodMs: expect.any(Number) }]);
  await r.devices.stop();
  expect(r.memory.alive()).toBe(0);
  expect(r.clock.pending()).toBe(0);
});

test('a line keeps 3.5 characters of silence between frames', async () => {
  const r = serialRig(counting);
  const points = { a: 'input:0', b: 'input:100', c: 'input:200' };
  await r.devices.use(config(line1([{ id: 'd', settings: { unit: 3 }, points }])));
  await r.clock.advance(900);
  const times = r.asked.map((each) => each.atMs);
  expect(times[1]! - times[0]!).toBeCloseTo(20 + 3.646, 2);
  expect(times[2]! - times[1]!).toBeCloseTo(20 + 3.646, 2);
  await r.devices.stop();
});

test('alarm points go before meters, and meters are not starved', async () => {
  const r = serialRig(counting);
  await r.devices.use(
    config(
      line1([
        {
          id: 'meter',
          settings: { unit: 1 },
          everyMs: 100,
          points: { a: 'input:0', b: 'input:100', c: 'input:200' },
        },
        { id: 'smoke', settings: { unit: 2 }, everyMs: 0, lane: 'alarm', points: { a: 'discrete:0' } },
      ]),
    ),
  );
  await r.clock.advance(10_000);
  const share = r.asked.filter((each) => each.unit === 2).length / r.asked.length;
  expect(share).toBeGreaterThan(0.75);
  expect(share).toBeLessThan(0.85);
  expect(r.values('meter.c').length).toBeGreaterThan(20);
  await r.devices.stop();
});

test('a dead unit: said once, after three failures, and the living do not starve', async () => {
  const dead = new Set([2]);
  const r = serialRig(counting, dead);
  const device = { everyMs: 500, timeoutMs: 1000 };
  await r.devices.use(
    config(
      line1([
        { id: 'one', settings: { unit: 1 }, ...device, points: { a: 'input:1' } },
        { id: 'two', settings: { unit: 2 }, ...device, points: { a: 'input:1', b: 'input:50' } },
        { id: 'three', settings: { unit: 3 }, ...device, points: { a: 'input:1' } },
      ]),
    ),
  );
  await r.clock.advance(600_000);
  expect(r.links()).toEqual([
    'line1 up: /dev/line1 is open',
    'one up: it answers',
    'three up: it answers',
    'two down: no answer from unit 2 within 1 s, 3 times',
  ]);
  const toDead = r.asked.filter((each) => each.unit === 2);
  expect(toDead.length).toBeLessThan(35);
  const last = toDead.slice(-3).map((each) => each.atMs);
  expect(last[2]! - last[1]!).toBeGreaterThan(25_000);
  expect(r.values('one.a').length).toBeGreaterThan(1100);
  expect(r.values('three.a').length).toBeGreaterThan(1100);
  dead.clear();
  await r.clock.advance(31_500);
  expect(r.links().at(-1)).toBe('two up: it answers again');
  expect(r.values('two.b').length).toBeGreaterThan(0);
  await r.devices.stop();
});

test('an exception leaves the device up and gives its points no value', async () => {
  const r = serialRig({ register: (at) => (at === 7 ? undefined : at) });
  await r.devices.use(
    config(
      line1([{ id: 'd', settings: { unit: 1 }, points: { a: 'input:6', b: 'input:7', c: 'holding:1' } }]),
    ),
  );
  await r.clock.advance(3500);
  expect(r.links().at(-1)).toBe('d up: it answers');
  expect(r.values('d.b')).toEqual([null, null, null, null]);
  expect(r.values('d.c')).toEqual([1, 1, 1, 1]);
  expect(r.devices.figures()[0]!.errors.exception).toBe(4);
  await r.devices.stop();
});

test('a request across a hole that the device refuses is asked for in parts', async () => {
  const r = serialRig({ register: (at) => (at === 3 ? undefined : at) });
  await r.devices.use(
    config(line1([{ id: 'd', settings: { unit: 1 }, points: { a: 'input:2', b: 'input:4' } }])),
  );
  await r.clock.advance(2500);
  expect(r.values('d.a')).toEqual([2, 2, 2]);
  expect(r.values('d.b')).toEqual([4, 4, 4]);
  await r.devices.stop();
});

test('a bus that can not be opened: said once, tried for ever, found within five seconds', async () => {
  const clock = virtualClock();
  const links = memoryLinks(clock, (frame, far) => far.send(answerRtu(frame, counting), 5));
  const s = rig({ clock, openLink: links.open });
  links.refuse('/dev/line1 is missing');
  await s.devices.use(config(line1([{ id: 'd', settings: { unit: 1 }, points: { a: 'input:1' } }])));
  await clock.advance(120_000);
  expect(s.links()).toEqual(['line1 down: /dev/line1 is missing']);
  expect(s.devices.figures()[0]).toMatchObject({ up: false, because: '/dev/line1 is missing' });
  expect(s.logged.filter((line) => line.startsWith('warn')).length).toBeLessThanOrEqual(3);
  links.refuse(undefined);
  await clock.advance(5000);
  expect(s.links().slice(1)).toEqual(['line1 up: /dev/line1 is open', 'd up: it answers']);
  links.cut('/dev/line1 vanished');
  await clock.advance(1);
  expect(s.links().at(-1)).toBe('line1 down: /dev/line1 vanished');
  expect(links.alive()).toBe(0);
  await clock.advance(300);
  expect(s.links().slice(-2)).toEqual(['line1 up: /dev/line1 is open', 'd up: it answers']);
  await s.devices.stop();
  expect(links.alive()).toBe(0);
});

test('TCP: garbage breaks the connection; a silent peer is connected to anew without a word', async () => {
  const clock = virtualClock();
  let mode: 'good' | 'garbage' | 'silent' = 'good';
  const links = memoryLinks(clock, (frame, far) => {
    if (mode === 'good') far.send(answerTcp(frame, counting), 2);
    else if (mode === 'garbage') far.send(Buffer.alloc(40, 0xff), 2);
  });
  const r = rig({ clock, openLink: links.open });
  await r.devices.use(config(lan1([{ id: 'd', settings: { unit: 1 }, points: { a: 'input:1' } }])));
  await clock.advance(2500);
  expect(r.links()).toEqual(['lan1 up: connected to 10.0.0.5:502', 'd up: it answers']);
  mode = 'garbage';
  await clock.advance(600);
  mode = 'good';
  await clock.advance(1000);
  expect(r.links().slice(2)).toEqual([
    'lan1 down: 10.0.0.5:502: bytes that are no Modbus TCP (protocol 65535, length 65535)',
    'lan1 up: connected to 10.0.0.5:502',
    'd up: it answers',
  ]);
  mode = 'silent';
  const before = links.opened();
  await clock.advance(4500);
  expect(r.links().at(-1)).toBe('d down: no answer from unit 1 within 1 s, 3 times');
  expect(links.opened()).toBe(before + 1);
  links.refuse('no answer from 10.0.0.5:502');
  await clock.advance(60_000);
  expect(r.links().at(-1)).toBe('lan1 down: no answer from 10.0.0.5:502');
  mode = 'good';
  links.refuse(undefined);
  await clock.advance(5000);
  expect(r.links().at(-1)).toBe('d up: it answers');
  await r.devices.stop();
  expect(clock.pending()).toBe(0);
});

test('TCP: the reading is pushed and the next request written in the tick of the reply', async () => {
  const clock = virtualClock();
  const writes: number[] = [];
  const links = memoryLinks(clock, (frame, far) => {
    writes.push(clock.steadyMs());
    far.send(answerTcp(frame, counting), 7);
  });
  const pushes: number[] = [];
  const r = rig({
    clock,
    openLink: links.open,
    onPush: (input) => input.type === 'reading' && pushes.push(clock.steadyMs()),
  });
  await r.devices.use(
    config(lan1([{ id: 'd', settings: { unit: 1 }, everyMs: 0, points: { a: 'input:1' } }])),
  );
  await clock.advance(70);
  expect(writes).toEqual([0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70]);
  expect(pushes).toEqual([7, 14, 21, 28, 35, 42, 49, 56, 63, 70]);
  await r.devices.stop();
});

test('an unchanged reading is pushed as the same array', async () => {
  const r = serialRig(counting);
  await r.devices.use(
    config(line1([{ id: 'd', settings: { unit: 1 }, points: { a: 'input:1', b: 'input:2' } }])),
  );
  await r.clock.advance(2500);
  const readings = r.pushed.filter((input) => input.type === 'reading');
  expect(readings).toHaveLength(3);
  expect(readings[1]!.values).toBe(readings[0]!.values);
  await r.devices.stop();
});

test('a reload reopens only what changed', async () => {
  const clock = virtualClock();
  const links = memoryLinks(clock, (frame, far) => far.send(answerTcp(frame, counting), 2));
  const r = rig({ clock, openLink: links.open });
  const bus = (id: string, unit: number, host: string): ShortBus => ({
    ...lan1([{ id: `dev_${id}`, settings: { unit }, points: { a: 'input:1' } }]),
    id,
    settings: { host, port: 502 },
  });
  await r.devices.use(config(bus('x', 1, 'x'), bus('y', 1, 'y')));
  await clock.advance(100);
  expect(links.opened()).toBe(2);
  await r.devices.use(config(bus('x', 1, 'x'), bus('y', 2, 'y'), bus('z', 1, 'z')));
  await clock.advance(100);
  expect(links.opened()).toBe(4);
  expect(links.alive()).toBe(3);
  expect(
    r.devices
      .figures()
      .map((each) => `${each.id} ${each.up}`)
      .sort(),
  ).toEqual(['x true', 'y true', 'z true']);
  await r.devices.use(config(bus('x', 1, 'x')));
  expect(links.alive()).toBe(1);
  await r.devices.stop();
  expect(links.alive()).toBe(0);
});

test('a device that is back is asked at once for all that it was lost with, however slow its polls', async () => {
  const clock = virtualClock();
  let deaf = false;
  const memory = memoryLinks(clock, (frame, far) => {
    if (!(deaf && frame[1] === 2)) far.send(answerRtu(frame, counting), 20);
  });
  const r = rig({ clock, openLink: memory.open });
  const points = { a: 'input:1', b: 'discrete:1' };
  await r.devices.use(
    config(line1([{ id: 'd', settings: { unit: 3 }, everyMs: 60_000, timeoutMs: 200, points }])),
  );
  await clock.advance(59_000);
  deaf = true;
  await clock.advance(5000);
  expect(r.links().at(-1)).toMatch(/^d down: /);
  deaf = false;
  const before = r.pushed.length;
  await clock.advance(7000);
  const back = r.pushed.slice(before);
  expect(back.flatMap((input) => (input.type === 'link' ? [input.because] : []))).toEqual([
    'it answers again',
  ]);
  const read = back.flatMap((input) => (input.type === 'reading' ? input.values.map(([id]) => id) : []));
  expect(read.sort()).toEqual(['d.a', 'd.b']);
  await r.devices.stop();
});
