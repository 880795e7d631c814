// What a failing disk may cost: time, and nothing else. The short form of the disk's torture, on the built daemon.

import { describe, expect, test, vi } from 'vitest';
import { installed } from '../support/broker.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { cases, haveFaults, killedInSync, killedWhileFailing, runCase } from './disk-faults.ts';
import { deleted, full, garbled, haveOwnMounts } from './disk-space.ts';
import { type Figure, isGood } from './scenario.ts';

// each starts the daemon two or three times
vi.setConfig({ testTimeout: 90_000 });

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');
/** figures beyond their limit */
const bad = (figures: readonly Figure[]) => figures.filter((one) => !isGood(one));

describe.skipIf(!able || !haveFaults())('a disk on which', () => {
  test.each(cases.filter(({ long }) => !long))('$name: nothing is lost, doubled or dark', async (each) => {
    expect(bad(await runCase(each, 2))).toEqual([]);
  });

  test('the daemon is killed in the middle of a sync: nothing is lost or doubled', async () => {
    expect(bad(await killedInSync(2))).toEqual([]);
  });

  test('the daemon is killed while nothing can be stored: all is told once, and no ghosts stay', async () => {
    expect(bad(await killedWhileFailing(2))).toEqual([]);
  });
});

describe.skipIf(!able || !haveOwnMounts())('a disk that', () => {
  test('is full, and has space again', async () => expect(bad(await full(3))).toEqual([]));
});

describe.skipIf(!able)('a data folder', () => {
  test('that is deleted is begun again', async () => expect(bad(await deleted(3))).toEqual([]));
  test('that has rotted is set aside', async () => expect(bad(await garbled(2))).toEqual([]));
});
