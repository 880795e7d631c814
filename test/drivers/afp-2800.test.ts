// The AFP-2800 preset against the event lines that its document prints, and lines made of its words: cut at every
// position, in noise, run together, filtered by zone and point, and reset.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLine } from '../../drivers/serial/afp-2800/codec.ts';
import type { Raw } from '../../src/driver.ts';
import { chop, openSerialBus, pointOf } from '../support/serial-bus.ts';

const bus = { protocol: 'afp-2800', path: '/dev/ttyUSB0' };
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

// Firesense, Printer & Modem Interface V3
const alarm = ':ALARM Z001 1.1.Z1 AZF 1 ON MODULE 1 (28 CHAR) 12/08 01:23;';
const mains = ':MAINS FAIL Z000 0.2.I5 MAINS FAIL 11/12 15:08;';

const at = (word: string, zone = 'Z001', point = '1.1.Z1'): string =>
  `:${word.padEnd(18)} ${zone} ${point.padEnd(8)} ${'AZF 1'.padEnd(28)} 12/08 01:25;`;

const keysOf = {
  alarm: { read: 'alarm' },
  zone1: { read: 'alarm', panelZone: 1 },
  zone2: { read: 'alarm', panelZone: 'Z002' },
  one: { read: 'alarm', panelZone: 1, panelPoint: '1.1.Z1' },
  fault: { read: 'fault' },
  isolate: { read: 'isolate' },
  mains: { read: 'mainsFail' },
  charger: { read: 'chargerLow' },
  battery: { read: 'batteryLow' },
  comms: { read: 'commsFail' },
  label: { read: 'alarmLabel' },
  last: { read: 'lastEvent' },
};

async function panel(...names: (keyof typeof keysOf)[]) {
  const points = names.map((name) => pointOf(bus, `panel.${name}`, keysOf[name]));
  const opened = await openSerialBus(bus, points);
  const heard = (...lines: string[]): Record<string, Raw> => {
    opened.emitted.length = 0;
    opened.link.arrive(latin1(lines.join('')));
    return Object.fromEntries(opened.emitted.flat().map(([id, value]) => [id.slice(6), value]));
  };
  return { ...opened, points, heard };
}

describe('an event line', () => {
  it('of the document has its fields', () => {
    expect(parseLine(alarm.slice(1, -1)).events).toEqual([
      {
        word: 'ALARM',
        zone: 1,
        point: '1.1.Z1',
        label: 'AZF 1 ON MODULE 1 (28 CHAR)',
        at: '12/08 01:23',
      },
    ]);
    expect(parseLine(mains.slice(1, -1)).events).toEqual([
      { word: 'MAINS FAIL', zone: 0, point: '0.2.I5', label: 'MAINS FAIL', at: '11/12 15:08' },
    ]);
    expect(parseLine(at('ALARM SELF CLEARED').slice(1, -1)).events[0]).toMatchObject({
      word: 'ALARM SELF CLEARED',
      label: 'AZF 1',
    });
    expect(parseLine('FAULT (F12) Z003 1.2.D4 STORE 01/02 03:04').events[0]).toMatchObject({
      word: 'FAULT',
      zone: 3,
    });
    expect(parseLine('CHANGE OF SHIFT').unknown).toEqual(['CHANGE OF SHIFT']);
  });

  it('whose end was lost does not hide the next one', () => {
    const torn = `${at('RESET ALARM').slice(1, -9)}${at('ALARM', 'Z002', '1.1.Z2').slice(0, -1)}`;
    expect(parseLine(torn).events.map(({ word, zone }) => [word, zone])).toEqual([
      ['RESET ALARM', 1],
      ['ALARM', 2],
    ]);
  });
});

describe('a panel', () => {
  it('sets named points by its words, unasked', async () => {
    const { heard, points, connection } = await panel('alarm', 'fault', 'isolate', 'mains', 'comms', 'label');
    expect(connection.read).toBeUndefined();
    expect(points.every((each) => (each.detail as { unasked: boolean }).unasked)).toBe(true);
    expect(points.map((each) => each.type)).toEqual(['bool', 'bool', 'bool', 'bool', 'bool', 'string']);
    expect(heard(alarm, mains)).toEqual({ alarm: true, mains: true, label: 'AZF 1 ON MODULE 1 (28 CHAR)' });
    expect(heard(at('ISOL'))).toEqual({ isolate: true });
    expect(heard(at('DE-ISOLATE'))).toEqual({ isolate: false });
    // isolated by a person: no alarm
    expect(heard(at('ISOL ALARM'))).toEqual({ isolate: true });
    expect(heard(at('ACTIVE SELF CLR'))).toEqual({});
    for (const word of ['COMMS FAIL', 'COMMS PROC FL', 'NO REPLY', 'RING BROKEN'])
      expect(heard(at(word))).toEqual({ comms: true });
    expect(heard(at('FAULT (F07)'))).toEqual({ fault: true });
  });

  it('has battery and charger by themselves', async () => {
    const { heard } = await panel('charger', 'battery', 'last');
    expect(heard(at('BATTERY LOW', 'Z000', '0.2.I6'))).toEqual({
      battery: true,
      last: 'BATTERY LOW Z000 0.2.I6 AZF 1',
    });
    expect(heard(at('CHARGER LOW', 'Z000', '0.2.I7'))).toMatchObject({ charger: true });
    expect(heard(at('FAULT SELF CLEARED', 'Z000', '0.2.I6'))).toMatchObject({
      battery: false,
      charger: true,
    });
  });

  it('stands in alarm until the last place has cleared', async () => {
    const { heard } = await panel('alarm', 'zone1', 'zone2', 'one');
    expect(heard(at('ALARM'))).toEqual({ alarm: true, zone1: true, one: true });
    expect(heard(at('ALARM', 'Z001', '1.1.Z7'))).toEqual({ alarm: true, zone1: true });
    expect(heard(at('ACKD ALARM', 'Z002', '1.1.Z2'))).toEqual({ alarm: true, zone2: true });
    expect(heard(at('ALARM SELF CLEARED'))).toEqual({ alarm: true, zone1: true, one: false });
    expect(heard(at('ALARM SELF CLEARED', 'Z001', '1.1.Z7'))).toEqual({ alarm: true, zone1: false });
    expect(heard(at('RESET ALARM', 'Z002', '1.1.Z2'))).toEqual({ alarm: false, zone2: false });
  });

  it('is cleared by the reset of a zone or of the panel, not by a reset elsewhere', async () => {
    const { heard } = await panel('alarm', 'zone1', 'one');
    heard(at('ALARM'), at('ALARM', 'Z002', '1.1.Z2'));
    expect(heard(at('RESET ALARM', 'Z003', '1.3.Z1'))).toEqual({ alarm: true });
    expect(heard(at('RESET ALARM', 'Z001', 'ZONE'))).toEqual({ alarm: true, zone1: false, one: false });
    heard(at('ALARM'));
    expect(heard(at('RESET ALARM', 'Z000', 'PANEL'))).toEqual({ alarm: false, zone1: false, one: false });
    // alarm and reset in one chunk are both seen, in order
    const both = await panel('one');
    both.link.arrive(latin1(at('ALARM') + at('RESET ALARM')));
    expect(both.emitted).toEqual([
      [
        ['panel.one', true],
        ['panel.one', false],
      ],
    ]);
  });

  it('is heard cut at every position and after any noise', async () => {
    const stream = latin1(alarm + mains);
    const want = [
      ['panel.alarm', true],
      ['panel.mains', true],
    ];
    for (let cut = 0; cut <= stream.length; cut++) {
      const { link, emitted } = await panel('alarm', 'mains');
      link.arrive(stream.subarray(0, cut));
      link.arrive(stream.subarray(cut));
      expect(emitted.flat()).toEqual(want);
    }
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), sizes, async (noise, each) => {
        const { link, emitted } = await panel('alarm', 'mains');
        for (const piece of chop(Buffer.concat([noise, stream]), each)) link.arrive(piece);
        expect(emitted.flat()).toEqual(want);
      }),
    );
  });

  it('says what it does not know, and refuses wrong keys', async () => {
    const { link, warnings } = await panel('alarm');
    link.arrive(latin1(':ALRAM Z001 1.1.Z1 AZF 12/08 01:23;'));
    expect(warnings).toHaveLength(1);
    const key = (keys: object): string => {
      try {
        pointOf(bus, 'panel.x', { ...keys });
      } catch (error) {
        return (error as { key: string }).key;
      }
      return 'accepted';
    };
    expect(key({})).toBe('read');
    expect(key({ read: 'fire' })).toBe('read');
    expect(key({ read: 'alarm', panelZone: 'east' })).toBe('panelZone');
    expect(key({ read: 'alarm', loop: 1 })).toBe('loop');
    expect(key({ read: 'alarm', match: 'A' })).toBe('match');
    expect(key({ read: 'alarm', panelZone: 'Z001', panelPoint: '1.1.Z1' })).toBe('accepted');
  });
});
