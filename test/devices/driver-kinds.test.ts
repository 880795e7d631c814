// Drivers of other kinds on the device layer: those that speak unasked, those that open a chip by themselves, and
// those that throw, hang or never let go. On a virtual clock.

import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Connection, Driver, Host } from '../../src/driver.ts';
import { virtualClock } from '../support/clock.ts';
import { config, rig, type ShortBus } from './rig.ts';

function chip(open: (host: Host) => Promise<Connection>): ShortBus {
  const driver: Driver = {
    id: 'chip',
    summary: 'for tests',
    keys: { bus: {}, device: {}, point: { n: z.int() }, output: {} },
    link: () => undefined,
    limits: { most: 10, gap: 10, even: false },
    claims: () => [],
    point: (_bus, _device, point) => ({
      type: 'bool',
      space: 'all',
      start: point.n as number,
      length: 1,
      detail: {},
    }),
    output: (_bus, output) => ({ detail: output }),
    open: (_bus, host) => open(host),
  };
  return {
    id: 'header',
    driver,
    settings: {},
    devices: [{ id: 'inputs', settings: {}, points: { a: { n: 0 }, b: { n: 1 } } }],
    outputs: { siren: { n: 5 }, valve: { n: 6, activeLow: true } },
  };
}

test('a driver that speaks unasked, also before its open is done', async () => {
  const clock = virtualClock();
  let host!: Host;
  const bus = chip(async (each) => {
    host = each;
    each.emit([[each.points[0]!, false]]);
    return { close: async () => {} };
  });
  const r = rig({ clock, drivers: [bus.driver] });
  await r.devices.use(config(bus));
  await clock.advance(10);
  expect(r.links()).toEqual(['header up: header is open', 'inputs up: it answers']);
  host.emit([
    [host.points[0]!, true],
    [host.points[0]!, false],
  ]);
  expect(r.values('inputs.a')).toEqual([false, true, false]);
  host.fail(new Error('the chip is gone'));
  await clock.advance(1);
  expect(r.links().at(-1)).toBe('header down: the chip is gone');
  await clock.advance(1000);
  expect(r.links().slice(-2)).toEqual(['header up: header is open', 'inputs up: it answers']);
  await r.devices.stop();
});

test('drivers that throw, hang or never let go cost their own bus a reconnect', async () => {
  const clock = virtualClock();
  let opened = 0;
  let closed = 0;
  const bus = chip(async () => {
    opened += 1;
    if (opened === 1) throw new Error('not yet');
    if (opened === 2) return new Promise<never>(() => {});
    const way = opened;
    return {
      read: (request) => {
        if (way === 3) throw new TypeError('a mistake');
        if (way === 4) return new Promise<never>(() => {});
        return Promise.resolve(request.points.map(() => true));
      },
      close: () => {
        closed += 1;
        return way === 4 ? new Promise<never>(() => {}) : Promise.reject(new Error('can not close'));
      },
    };
  });
  const r = rig({ clock, drivers: [bus.driver] });
  await r.devices.use(config(bus));
  await clock.advance(1);
  expect(r.links()).toEqual(['header down: not yet']);
  await clock.advance(10_300);
  expect(opened).toBe(2);
  await clock.advance(1000);
  expect(opened).toBe(3);
  await clock.advance(10_000);
  expect(r.links().at(-1)).toBe('inputs down: a mistake, 3 times');
  expect(r.logged.filter((line) => line === 'warn the driver failed')).toHaveLength(1);
  await r.devices.stop();
  expect(closed).toBe(1);
  // and one that does not let go of a request
  opened = 3;
  const s = rig({ clock, drivers: [bus.driver] });
  await s.devices.use(config(bus));
  await clock.advance(2100);
  expect(s.links().at(-1)).toBe('header down: the driver does not let go of a request');
  await clock.advance(3000);
  expect(s.links().slice(-2)).toEqual(['header up: header is open', 'inputs up: it answers']);
  await s.devices.stop();
});

test("a chip's outputs are driven before drive returns", async () => {
  const clock = virtualClock();
  const driven: string[] = [];
  const bus = chip(async () => ({
    drive: async (output, value) => {
      driven.push(`${output.id} ${value}`);
    },
    close: async () => {},
  }));
  const r = rig({ clock, drivers: [bus.driver] });
  await r.devices.use(config(bus));
  await clock.advance(10);
  expect(driven).toEqual([]);
  r.devices.drive(
    new Map([
      ['siren', true],
      ['valve', true],
    ]),
  );
  expect(driven).toEqual(['siren true', 'valve false']);
  await clock.advance(10);
  expect(r.outputs()).toEqual(['siren true', 'valve true']);
  await r.devices.stop();
});
