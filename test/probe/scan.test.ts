// Looking for units, against real libmodbus: a gateway over TCP and several units on one serial line. Exactly the
// units that are there are found, they are taken for what they are, and nothing is ever written.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modbusRtu, modbusTcp } from '../../drivers/modbus/driver.ts';
import { loadAllProfiles } from '../../src/config/profiles.ts';
import { type LinkOpener, openLink } from '../../src/devices/link.ts';
import type { Driver, Settings } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openLine } from '../../src/probe/ask.ts';
import { type Guess, guessProfile } from '../../src/probe/guess.ts';
import { type SweepOptions, type SweepResult, sweep } from '../../src/probe/sweep.ts';
import { answerRtu, memoryLinks } from '../support/modbus/memory.ts';
import { haveLibmodbus, startSlave } from '../support/modbus/slave.ts';
import { haveSocat } from '../support/serial-line.ts';
import {
  contacts,
  dtsu666,
  type PartyLine,
  partyLine,
  pzem,
  sdm120,
  sdm630,
  startUnits,
  type Units,
  xyMd02,
} from './units.ts';

const clock = systemClock();
const { profiles } = loadAllProfiles();

interface Scanned extends SweepResult {
  readonly guesses: ReadonlyMap<number, readonly Guess[]>;
}

async function scan(
  driver: Driver,
  bus: Settings,
  more: Partial<SweepOptions> = {},
  opener: LinkOpener = openLink,
): Promise<Scanned> {
  const signal = more.signal ?? new AbortController().signal;
  const guesses = new Map<number, readonly Guess[]>();
  const swept = await sweep({
    settings: [undefined],
    units: Array.from({ length: 20 }, (_, index) => index + 1),
    timeoutMs: 60,
    exhaustive: false,
    open: (setting) =>
      openLine({ driver, settings: { ...bus, ...setting }, openLink: opener, clock, signal }),
    async look(line, found) {
      for (const { unit } of found) guesses.set(unit, await guessProfile(line, unit, profiles, 500));
    },
    ...more,
    signal,
  });
  return { ...swept, guesses };
}

const best = ({ guesses }: Scanned): (string | undefined)[] =>
  [...guesses.entries()].map(
    ([unit, [first]]) => `${unit} ${first ? `${first.profile} ${first.sureness}` : 'unknown'}`,
  );

describe.skipIf(!haveLibmodbus())('over TCP', () => {
  let gateway: Units;
  beforeAll(async () => {
    gateway = await startUnits('tcp');
    await gateway.fill(2, sdm120);
    await gateway.fill(3, xyMd02);
    await gateway.fill(9, dtsu666);
    await gateway.fill(12, contacts);
    await gateway.fill(13, sdm630);
  }, 60_000);
  afterAll(() => gateway?.stop());

  test('exactly the units behind a gateway, each for what it is', async () => {
    const scanned = await scan(modbusTcp, { host: '127.0.0.1', port: gateway.port });
    expect(scanned.found.map(({ unit }) => unit)).toEqual([2, 3, 9, 12, 13]);
    expect(scanned).toMatchObject({ anyUnit: false, noise: [] });
    expect(best(scanned)).toEqual([
      '2 eastron-sdm120 sure',
      '3 xy-md02 likely',
      '9 chint-dtsu666 sure',
      '12 waveshare-io-8ch possible',
      '13 eastron-sdm630 sure',
    ]);
    expect(scanned.guesses.get(2)![0]).toMatchObject({ agrees: true, fitting: 9, of: 10 });
    expect(await gateway.writes()).toBe(0);
  }, 30_000);

  test('a device that answers as any unit is one device', async () => {
    const slave = await startSlave('tcp');
    const scanned = await scan(modbusTcp, { host: '127.0.0.1', port: slave.port });
    expect(scanned.found.map(({ unit }) => unit)).toEqual([1]);
    expect(scanned.anyUnit).toBe(true);
    await slave.stop();
  });

  test('a port where nobody is', async () => {
    await expect(scan(modbusTcp, { host: '127.0.0.1', port: 1 })).rejects.toThrow(
      'connection to 127.0.0.1:1 refused',
    );
  });

  test('stopped on the way, with what was found so far', async () => {
    const controller = new AbortController();
    const scanned = await scan(
      modbusTcp,
      { host: '127.0.0.1', port: gateway.port },
      { signal: controller.signal, onFound: ({ unit }) => unit === 3 && controller.abort() },
    );
    expect(scanned.found.map(({ unit }) => unit)).toEqual([2, 3]);
    expect(scanned.stopped).toBe('stopped');
  });
});

describe('settings of the line', () => {
  /** A unit that hears and is heard at one setting; at any other both sides see rubbish. */
  const only = (baudRate: number, parity: string) => {
    let now = '';
    const links = memoryLinks(clock, (frame, far) => {
      if (frame[0] !== 5) return;
      const cells = { register: (address: number) => (address < 4 ? 1 : undefined) };
      far.send(now === `${baudRate} ${parity}` ? answerRtu(frame, cells) : Buffer.from([0xf8, 0x00, 0x80]));
    });
    const open: LinkOpener = (settings, host) => {
      now = settings.kind === 'serial' ? `${settings.baudRate} ${settings.parity}` : '';
      return links.open(settings, host);
    };
    return { open, links };
  };
  const bus = { path: '/dev/x', baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 };
  const settings = (['none', 'even'] as const).flatMap((parity) =>
    [9600, 4800].map((baudRate) => ({ baudRate, parity })),
  );

  test('one after another until a unit answers; rubbish is told', async () => {
    const { open, links } = only(4800, 'even');
    const scanned = await scan(modbusRtu, bus, { settings, units: [4, 5] }, open);
    expect(scanned.found).toMatchObject([{ unit: 5, setting: { baudRate: 4800, parity: 'even' } }]);
    expect(scanned.tried).toEqual(settings);
    expect(new Set(scanned.noise.map(({ unit }) => unit))).toEqual(new Set([5]));
    expect([links.alive(), links.opened()]).toEqual([0, 4]);
  }, 30_000);

  test('all of them where that is asked for', async () => {
    const { open } = only(9600, 'none');
    const two = settings.slice(0, 2);
    const first = await scan(modbusRtu, bus, { settings: two, units: [5] }, open);
    expect(first.tried).toEqual([two[0]]);
    const all = await scan(modbusRtu, bus, { settings: two, units: [5], exhaustive: true }, open);
    expect(all.tried).toEqual(two);
    expect(all.found).toHaveLength(1);
  }, 30_000);

  test('a line that goes ends the scan, with its words', async () => {
    const { open, links } = only(9600, 'none');
    const onFound = (): void => links.cut('/dev/x vanished');
    const scanned = await scan(modbusRtu, bus, { settings, units: [5, 6], onFound }, open);
    expect(scanned.stopped).toBe('/dev/x vanished');
    expect(scanned.found).toHaveLength(1);
  });
});

describe.skipIf(!haveLibmodbus() || !haveSocat())('on a serial line', () => {
  let line: PartyLine;
  beforeAll(async () => {
    line = await partyLine({ 1: sdm120, 4: xyMd02, 5: pzem, 17: dtsu666 });
  }, 60_000);
  afterAll(() => line?.stop());
  const bus = (path: string) => ({ path, baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 });

  test('exactly the units that are there, each for what it is', async () => {
    const settings = [
      { baudRate: 9600, parity: 'none' } as const,
      { baudRate: 19_200, parity: 'none' } as const,
    ];
    const scanned = await scan(modbusRtu, bus(line.path), { settings });
    expect(scanned.found.map(({ unit }) => unit)).toEqual([1, 4, 5, 17]);
    // where units were found, no other setting is tried
    expect(scanned.tried).toEqual([settings[0]]);
    const guessed = best(scanned);
    expect(guessed.filter((text) => !text!.startsWith('5 '))).toEqual([
      '1 eastron-sdm120 sure',
      '4 xy-md02 likely',
      '17 chint-dtsu666 sure',
    ]);
    // two products of one map: no telling which
    expect(scanned.guesses.get(5)!.map(({ profile, sureness }) => `${profile} ${sureness}`)).toEqual([
      'pzem-016 likely',
      'pzem-004t likely',
    ]);
    for (const unit of line.units.values()) expect(await unit.writes()).toBe(0);
  }, 60_000);

  test('a unit that answers later than the limit is found all the same, under its own number', async () => {
    await line.units.get(4)!.delay(90);
    const scanned = await scan(modbusRtu, bus(line.path), { units: [2, 3, 4, 6, 7] });
    await line.units.get(4)!.delay(0);
    expect(scanned.found).toMatchObject([{ unit: 4, slow: true }]);
  }, 30_000);

  test('units that lose their place after a request to somebody else, given the time that they need', async () => {
    const deaf = await partyLine({ 3: xyMd02, 6: pzem }, true);
    const scanned = await scan(modbusRtu, bus(deaf.path), { units: [1, 2, 3, 4, 5, 6, 7], timeoutMs: 600 });
    expect(scanned.found.map(({ unit }) => unit)).toEqual([3, 6]);
    await deaf.stop();
  }, 60_000);
});
