// Outputs are brought to what is wanted and kept there: driven at once, read back, driven again when the device
// loses its state, reported when they change or can't be driven. Stations in memory on a virtual clock.

import { expect, test } from 'vitest';
import { virtualClock } from '../support/clock.ts';
import { answerRtu, answerTcp, memoryLinks } from '../support/modbus/memory.ts';
import { config, lan1, line1, rig } from './rig.ts';

function station(options: { serial?: boolean; readable?: boolean } = {}) {
  const clock = virtualClock();
  const coils = new Map<number, boolean>();
  const writes: string[] = [];
  const state = { dead: false, deaf: false };
  const cells = {
    register: (at: number) => at,
    bit: (at: number) => (options.readable === false ? undefined : (coils.get(at) ?? false)),
    write: (at: number, value: number) => {
      writes.push(
        `${Math.round(clock.steadyMs())} ${at}=${value === 0xff00 ? 'on' : value === 0 ? 'off' : value}`,
      );
      if (!state.deaf) coils.set(at, value === 0xff00);
    },
  };
  const links = memoryLinks(clock, (frame, far) => {
    if (state.dead) return;
    far.send(options.serial ? answerRtu(frame, cells) : answerTcp(frame, cells), 5);
  });
  const r = rig({ clock, openLink: links.open });
  const devices = [{ id: 'd', settings: { unit: 1 }, everyMs: 100, points: { a: 'input:1' } }];
  const outputs = {
    siren: { unit: 1, write: 'coil:0' },
    valve: { unit: 1, write: 'coil:1', activeLow: true },
  };
  const site = config(options.serial ? line1(devices, { outputs }) : lan1(devices, { outputs }));
  return { clock, coils, writes, state, memory: links, site, ...r };
}

const wanted = (siren: boolean | 'keep', valve: boolean | 'keep') =>
  new Map([
    ['siren', siren],
    ['valve', valve],
  ] as const);

test('driven at once on a change, verified, and left alone while it holds', async () => {
  const s = station();
  await s.devices.use(s.site);
  await s.clock.advance(50);
  expect(s.outputs()).toEqual(['siren false', 'valve true']);
  expect(s.writes).toEqual([]);
  s.devices.drive(wanted(true, true));
  await s.clock.advance(60_000);
  expect(s.writes).toEqual(['50 0=on', '55 1=off']);
  expect(s.outputs()).toEqual(['siren false', 'valve true', 'siren true']);
  await s.devices.stop();
});

test('changed from outside: seen within five seconds and put right', async () => {
  const s = station();
  await s.devices.use(s.site);
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(1000);
  s.coils.set(0, false);
  s.coils.set(1, true);
  await s.clock.advance(5200);
  expect(s.coils.get(0)).toBe(true);
  expect(s.outputs().filter((text) => text.startsWith('siren'))).toEqual([
    'siren true',
    'siren false',
    'siren true',
  ]);
  // `keep` is told and not touched
  expect(s.coils.get(1)).toBe(true);
  expect(s.outputs().filter((text) => text.startsWith('valve'))).toEqual(['valve true', 'valve false']);
  await s.devices.stop();
});

test('a relay that does not follow is a fault, and it is still tried', async () => {
  const s = station();
  await s.devices.use(s.site);
  await s.clock.advance(100);
  s.state.deaf = true;
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(30_000);
  expect(s.outputs().at(-1)).toBe('siren false wanted on, reads back off');
  expect(s.writes.length).toBeGreaterThan(7);
  expect(s.writes.length).toBeLessThan(20);
  s.state.deaf = false;
  await s.clock.advance(5100);
  expect(s.outputs().at(-1)).toBe('siren true');
  await s.devices.stop();
});

test('a device without read-back is written again every five seconds', async () => {
  const s = station({ readable: false });
  await s.devices.use(s.site);
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(21_000);
  expect(s.writes).toHaveLength(5);
  expect(s.outputs().filter((text) => text.startsWith('siren'))).toEqual(['siren true']);
  await s.devices.stop();
});

test('a dead device is a fault after three tries; the line lives on; it is driven on return', async () => {
  const s = station({ serial: true });
  await s.devices.use(s.site);
  await s.clock.advance(1000);
  s.state.dead = true;
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(20_000);
  expect(
    s
      .outputs()
      .filter((text) => text.startsWith('siren'))
      .at(-1),
  ).toBe('siren null no answer from unit 1 within 1 s, 3 times');
  s.state.dead = false;
  await s.clock.advance(8000);
  expect(s.coils.get(0)).toBe(true);
  expect(
    s
      .outputs()
      .filter((text) => text.startsWith('siren'))
      .at(-1),
  ).toBe('siren true');
  await s.devices.stop();
});

test('after a reconnect the wanted level is driven again', async () => {
  const s = station();
  await s.devices.use(s.site);
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(1000);
  s.coils.clear();
  s.memory.cut('10.0.0.5:502 closed the connection');
  await s.clock.advance(300);
  expect(s.coils.get(0)).toBe(true);
  await s.devices.stop();
});

test('a change while the drive is out wins', async () => {
  const s = station();
  await s.devices.use(s.site);
  await s.clock.advance(50);
  s.devices.drive(wanted(true, 'keep'));
  await s.clock.advance(2);
  s.devices.drive(wanted(false, 'keep'));
  await s.clock.advance(100);
  expect(s.writes).toEqual(['50 0=on', '55 0=off']);
  expect(s.outputs().filter((text) => text.startsWith('siren'))).toEqual(['siren false']);
  await s.devices.stop();
});
