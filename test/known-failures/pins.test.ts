// Pins that a kernel moved: the numbers by which sysfs knows the lines of a header changed with kernel 6.6, and differ
// from board to board. One site file must mean the same screws on all of them. A folder shaped like sysfs stands for
// the kernel's; edges of a real one are in test/drivers/gpio-vm.test.ts.

import { rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installed } from '../support/broker.ts';
import { event, eventually, siteOf } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { type ChipShape, makeSysfs, pi4, pi5New, pi5Old, type Sysfs } from '../support/sysfs.ts';
import { type Json, newScene, openIncidents, type Scene } from './scene.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let scene: Scene;
beforeEach(async () => {
  if (able) scene = await newScene();
});
afterEach(() => scene?.place.leave());

const boards: Readonly<Record<string, { readonly base: number; readonly chips: readonly ChipShape[] }>> = {
  'a Pi 4, kernel before 6.6': {
    base: 0,
    chips: pi4.map((chip) => ({ ...chip, base: chip.base - 512 })),
  },
  'the same Pi 4, kernel 6.6': { base: 512, chips: pi4 },
  'a Pi 5, kernel 6.6': { base: 399, chips: pi5Old },
  'a Pi 5, a newer kernel': { base: 571, chips: pi5New },
};

describe.skipIf(!able)('pins', () => {
  test('pins moved by a kernel (fivdi/onoff #200)', { timeout: 240_000 }, async () => {
    const { place, broker, seen } = scene;
    const folder = path.join(place.folder, 'gpio');
    place.write(
      siteOf(broker, {
        buses: { header: { driver: 'gpio', sysfs: folder } },
        zones: { hall: { name: { zh: '大厅', en: 'Hall' } } },
        devices: {
          contacts: {
            bus: 'header',
            zone: 'hall',
            every: '100ms',
            points: { smoke: { line: 'GPIO17', kind: 'smoke', rule: 'none' }, door: { line: 'GPIO27' } },
          },
        },
        outputs: { siren: { bus: 'header', line: 'GPIO22' } },
        rules: {
          smoke: { when: 'contacts.smoke', plan: 'fire', zone: 'hall', outputs: { siren: 'on' } },
        },
      }),
    );
    const fires: string[] = [];
    for (const [name, { base, chips }] of Object.entries(boards)) {
      // the card with site file and state is put into another board, or its kernel is updated
      const sysfs: Sysfs = makeSysfs(chips);
      place.later(sysfs, () => sysfs.close());
      rmSync(folder, { force: true });
      symlinkSync(sysfs.folder, folder);
      const daemon = await place.start();
      await scene.known('contacts.smoke', 'contacts.door');
      await eventually(
        `${name}: read by this daemon`,
        () => place.json('points'),
        (points) => points.every(({ quality, value }: Json) => quality === 'good' && value === false),
      );
      await eventually(
        `${name}: the siren's line is driven`,
        () => sysfs.exists(base + 22) && sysfs.read(base + 22, 'direction') !== 'in',
        (driven) => driven,
      );

      sysfs.set(base + 17, 1);
      const fire = await event(
        seen,
        `${name}: fire`,
        ({ type, incident }) =>
          type === 'incident.opened' && incident.plan === 'fire' && !fires.includes(incident.id),
      );
      fires.push(fire.incident.id);
      expect(fire.incident.cause.rule).toBe('smoke');
      await eventually(
        `${name}: the siren`,
        () => sysfs.read(base + 22, 'value'),
        (value) => value === '1',
      );
      expect([name, scene.point('contacts.door').value]).toEqual([name, false]);
      // the three that are wired, and nothing else was touched
      const touched = Array.from({ length: 700 }, (_, number) => number).filter((number) =>
        sysfs.exists(number),
      );
      expect([name, touched]).toEqual([name, [17, 22, 27].map((line) => base + line)]);

      sysfs.set(base + 17, 0);
      await event(
        seen,
        `${name}: over`,
        ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
      );
      expect((await place.cli('ack', fire.incident.id, '--by', 'li')).code).toBe(0);
      expect((await place.cli('close', fire.incident.id, '--by', 'li', '--verdict', 'test')).code).toBe(0);
      expect(await daemon.stop()).toBe(0);
    }
    expect(fires).toHaveLength(4);
  });

  test('a line that is on no chip is a trouble with its name, and no other line is taken for it (fivdi/onoff #200)', {
    timeout: 120_000,
  }, async () => {
    const { place, broker } = scene;
    // the number that was right on an older kernel names nothing here
    const sysfs = makeSysfs(pi4);
    place.later(sysfs, () => sysfs.close());
    place.write(
      siteOf(broker, {
        buses: { header: { driver: 'gpio', sysfs: sysfs.folder } },
        devices: { contacts: { bus: 'header', points: { smoke: { line: 'GPIO99', kind: 'smoke' } } } },
      }),
    );
    await place.start();
    await scene.troubled(/^bus_lost bus:header$/);
    const [trouble] = await openIncidents(place);
    expect(JSON.stringify(trouble)).toMatch(/GPIO99/);
    expect(
      Array.from({ length: 700 }, (_, number) => number).filter((number) => sysfs.exists(number)),
    ).toEqual([]);
    expect(scene.point('contacts.smoke')).toMatchObject({ value: null });
  });
});
