// The gpio driver: which line a name means on the boards we know, and how points and outputs behave on a
// folder shaped like sysfs. Edges of a real kernel are in gpio-vm.test.ts.

import { afterEach, describe, expect, it } from 'vitest';
import type { Tools } from '../../drivers/gpio/children.ts';
import { listChips, withToolNames } from '../../drivers/gpio/chips.ts';
import { createGpio, gpio } from '../../drivers/gpio/driver.ts';
import { resolveLine } from '../../drivers/gpio/lines.ts';
import { namesOf, parseTools, type ToolChip } from '../../drivers/gpio/tools.ts';
import type { Driver, Host, OutputAddress, PointAddress, Raw, ReadRequest } from '../../src/driver.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type ChipShape, makeSysfs, pi4, pi5New, pi5Old, type Sysfs } from '../support/sysfs.ts';
import { until } from '../support/ups.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUps.splice(0).reverse()) await clean();
});

function sysfsOf(chips: readonly ChipShape[]): Sysfs {
  const sysfs = makeSysfs(chips);
  cleanUps.push(() => sysfs.close());
  return sysfs;
}

async function resolve(chips: readonly ChipShape[], line: string, chip?: string): Promise<number> {
  return resolveLine(await listChips(sysfsOf(chips).folder), line, chip).number;
}

describe('a line', () => {
  it('is found by name, whatever the base', async () => {
    expect(await resolve(pi4, 'GPIO17')).toBe(512 + 17);
    expect(await resolve(pi4, 'GPIO5')).toBe(517); // talkkonnect #129
    expect(await resolve(pi5New, 'GPIO17')).toBe(571 + 17); // onoff #199
    expect(await resolve(pi5Old, 'GPIO17')).toBe(399 + 17);
    expect(await resolve(pi4, 'WL_ON')).toBe(571);
    expect(await resolve(pi4, 'ID_SDA')).toBe(512);
  });

  it('is found without a device tree, on chips of the header only', async () => {
    const bare = pi5New.map(({ label, base, lines }) => ({ label, base, lines }));
    expect(await resolve(bare, 'GPIO17')).toBe(571 + 17);
    expect(await resolve([{ label: 'pinctrl-bcm2835', base: 0, lines: 54 }], 'GPIO4')).toBe(4);
    await expect(resolve([{ label: 'pca9535', base: 600, lines: 16 }], 'GPIO4')).rejects.toThrow(
      /no line is called GPIO4/,
    );
  });

  it('is found where an older device tree gives other names to GPIO14 and 15', async () => {
    const names = ['ID_SDA', 'ID_SCL', 'SDA1', 'SCL1', 'GPIO_GCLK', 'GPIO5', 'GPIO6', 'SPI_CE1_N'];
    expect(await resolve([{ label: 'pinctrl-bcm2711', base: 512, lines: 58, names }], 'GPIO2')).toBe(514);
  });

  it('is found by chip and offset', async () => {
    expect(await resolve(pi5New, 'pinctrl-rp1:17')).toBe(588);
    expect(await resolve(pi5New, '17', 'pinctrl-rp1')).toBe(588);
    expect(await resolve(pi5New, 'gpio-brcmstb@107d508520:3')).toBe(547);
    expect(await resolve([pi4[0]!], '17')).toBe(529);
  });

  it('that is none, or several, is refused with what there is', async () => {
    const refusal = async (chips: readonly ChipShape[], line: string, chip?: string): Promise<string> => {
      const error = await resolve(chips, line, chip).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ name: 'AddressFault', key: 'line' });
      return `${(error as Error).message}; ${(error as { hint: string }).hint}`;
    };
    expect(await refusal(pi4, 'GPIO99')).toMatch(/no line is called GPIO99; .*GPIO17.*BT_ON/);
    expect(await refusal(pi5New, 'pinctrl-bcm2711:17')).toMatch(/no chip pinctrl-bcm2711; .*pinctrl-rp1/);
    expect(await refusal(pi5New, '17')).toMatch(/CHIP:OFFSET/);
    expect(await refusal(pi4, 'pinctrl-bcm2711:58')).toMatch(/58 lines only/);
    const twins = ['relay-a', 'relay-b'].map((label, n) => ({
      label,
      base: 600 + 8 * n,
      lines: 8,
      names: ['RELAY1'],
    }));
    expect(await refusal(twins, 'RELAY1')).toMatch(/relay-a:0, relay-b:0/);
    expect(await resolve(twins, 'RELAY1', 'relay-b')).toBe(608);
    expect(await refusal([], 'GPIO17')).toMatch(/no chip at all/);
  });

  it('of a second bank is not taken by the names of the first', async () => {
    // the device tree's list begins at the first bank: 2712_BOOT_CS_N is not line 1 of both
    await expect(resolve(pi5New, '2712_BOOT_CS_N')).rejects.toThrow(/no line is called/);
  });

  it('is claimed under one name', () => {
    const claim = (line: unknown, bus = {}) => gpio.claims({ bus, point: { line } });
    expect(claim('GPIO17')).toEqual(['line GPIO17']);
    expect(gpio.claims({ bus: {}, output: { line: 'GPIO17' } })[0]).toBe('line GPIO17');
    expect(claim('pinctrl-rp1:17')).toEqual(['line GPIO17']);
    expect(claim(17, { chip: 'pinctrl-bcm2711' })).toEqual(['line GPIO17']);
    expect(claim('RELAY1')).toEqual(['line RELAY1']);
    expect(claim('pca9535:1')).not.toEqual(claim('pca9535:2'));
    expect(gpio.claims({ bus: {}, device: {} })).toEqual([]);
  });
});

function named(label: string, lines: number, ...names: string[]): ToolChip {
  return { device: 'gpiochip9', label, lines, infos: names.map((name) => ({ name, direction: 'input' })) };
}

/** Tools that only know names. */
function toolsWith(chips: () => readonly ToolChip[]): Tools {
  const unused = (): never => {
    throw new Error('sysfs needs no tools');
  };
  return {
    version: async () => undefined,
    chips: async () => chips(),
    ask: unused,
    start: unused,
    holds: unused,
    identity: unused,
  };
}

describe("libgpiod's tools", () => {
  const detect = 'gpiochip0 [pinctrl-bcm2711] (58 lines)\ngpiochip1 [raspberrypi-exp-gpio] (8 lines)\n';
  const version1 = [
    'gpiochip0 - 58 lines:',
    '\tline   0:     "ID_SDA"       unused   input  active-high ',
    '\tline   1:      unnamed       unused   input  active-high ',
    '\tline  17:     "GPIO17"      "smoke"   input  active-high [used]',
    'gpiochip1 - 8 lines:',
    '\tline   0:      "BT_ON"   "shutdown"  output  active-high [used]',
  ].join('\n');
  const version2 = [
    'gpiochip0 - 58 lines:',
    '\tline   0:\t"ID_SDA"        \tinput',
    '\tline   1:\tunnamed         \tinput',
    '\tline  17:\t"GPIO17"        \tinput consumer="smoke"',
    'gpiochip1 - 8 lines:',
    '\tline   0:\t"BT_ON"         \toutput consumer="shutdown"',
  ].join('\n');

  it('are understood in both versions', () => {
    for (const info of [version1, version2]) {
      const [header, expander] = parseTools(detect, info);
      expect(header).toMatchObject({ label: 'pinctrl-bcm2711', lines: 58 });
      const names = namesOf(header!);
      expect([names[0], names[1], names[17]]).toEqual(['ID_SDA', '', 'GPIO17']);
      expect(expander).toMatchObject({ label: 'raspberrypi-exp-gpio', lines: 8 });
      expect(namesOf(expander!)).toEqual(['BT_ON']);
    }
  });

  it('fill in names by label, never between twins', () => {
    const chip = { label: 'relay', base: 600, lines: 8, names: [] };
    const tool = named('relay', 8, 'RELAY1');
    expect(withToolNames([chip], [tool])[0]!.names).toEqual(['RELAY1']);
    expect(withToolNames([chip], [tool, tool])[0]!.names).toEqual([]);
    expect(withToolNames([chip, { ...chip, base: 608 }], [tool]).map((each) => each.names)).toEqual([[], []]);
    expect(withToolNames([{ ...chip, names: ['A'] }], [tool])[0]!.names).toEqual(['A']);
  });
});

const never = new AbortController().signal;
const driver: Driver = createGpio({ clock: systemClock(), tools: toolsWith(() => []) });

function point(id: string, line: string | number): PointAddress {
  return { id, device: 'inputs', ...driver.point({}, {}, { line }) };
}

function output(id: string, line: string): OutputAddress {
  return { id, ...driver.output({}, { line }) };
}

function request(points: readonly PointAddress[]): ReadRequest {
  return { device: 'inputs', space: 'chip', start: 0, length: 1, points };
}

async function open(sysfs: Sysfs, points: PointAddress[], outputs: OutputAddress[], using = driver) {
  const emitted: [string, Raw][] = [];
  const failures: Error[] = [];
  const quiet = (): void => {};
  const host: Host = {
    points,
    outputs,
    emit: (values) => emitted.push(...values.map(([each, value]): [string, Raw] => [each.id, value])),
    fail: (fault) => failures.push(fault),
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  };
  const connection = await using.open({ sysfs: sysfs.folder }, host);
  cleanUps.push(() => connection.close());
  return { connection, emitted, failures };
}

describe('a chip', () => {
  it('emits edges and reads levels', async () => {
    const sysfs = sysfsOf(pi5New);
    const points = [point('inputs.smoke', 'GPIO17'), point('inputs.panic', 'pinctrl-rp1:27')];
    const { connection, emitted } = await open(sysfs, points, []);
    expect(await connection.read!(request(points), never)).toEqual([false, false]);
    sysfs.set(588, 1);
    await until(() => emitted.length === 1);
    sysfs.set(598, 1);
    await until(() => emitted.length === 2);
    sysfs.set(588, 0);
    await until(() => emitted.length === 3);
    expect(emitted).toEqual([
      ['inputs.smoke', true],
      ['inputs.panic', true],
      ['inputs.smoke', false],
    ]);
    expect(await connection.read!(request(points), never)).toEqual([false, true]);
    expect(sysfs.read(588, 'direction')).toBe('in');
  });

  it('drives an output in the same turn, and reads it back', async () => {
    const sysfs = sysfsOf(pi4);
    const siren = output('siren', 'GPIO22');
    const { connection } = await open(sysfs, [], [siren]);
    const driven = connection.drive!(siren, true, never);
    expect(sysfs.read(534, 'value')).toBe('1'); // before anything was awaited
    await driven;
    expect(await connection.observe!(siren, never)).toBe(true);
    sysfs.set(534, 0); // somebody else
    expect(await connection.observe!(siren, never)).toBe(false);
  });

  it('leaves an output as it finds it, at opening and at closing', async () => {
    const sysfs = sysfsOf(pi4);
    sysfs.preset(534, 'out', 1);
    sysfs.preset(535, 'in', 1); // pulled up: to be an output that is high
    const [siren, valve, lamp] = [
      output('siren', 'GPIO22'),
      output('valve', 'GPIO23'),
      output('lamp', 'GPIO24'),
    ];
    const smoke = point('inputs.smoke', 'GPIO17');
    const { connection } = await open(sysfs, [smoke], [siren, valve, lamp]);
    expect([sysfs.read(534, 'direction'), sysfs.read(534, 'value')]).toEqual(['out', '1']);
    expect(sysfs.read(535, 'direction')).toBe('high');
    expect(sysfs.read(536, 'direction')).toBe('low');
    await connection.drive!(lamp, true, never);
    await connection.close();
    await until(() => !sysfs.exists(529));
    expect([534, 535, 536].map((number) => sysfs.exists(number))).toEqual([true, true, true]);
    expect(sysfs.read(536, 'value')).toBe('1');
    await connection.close(); // twice does no harm
  });

  it('that is unplugged is reported once, and refuses from then on', async () => {
    const sysfs = sysfsOf(pi4);
    const points = [point('inputs.smoke', 'GPIO17')];
    const siren = output('siren', 'GPIO22');
    const { connection, failures } = await open(sysfs, points, [siren]);
    sysfs.unplug(529);
    await until(() => failures.length > 0);
    await expect(connection.read!(request(points), never)).rejects.toMatchObject({
      name: 'DeviceFault',
      kind: 'link',
    });
    await expect(connection.drive!(siren, true, never)).rejects.toMatchObject({ kind: 'link' });
    await expect(connection.observe!(siren, never)).rejects.toMatchObject({ kind: 'link' });
    expect(failures).toHaveLength(1);
  });

  it('can not be opened where there is none, or a line is unknown or taken twice', async () => {
    const sysfs = sysfsOf(pi4);
    await expect(open({ ...sysfs, folder: '/nowhere' }, [], [])).rejects.toMatchObject({ kind: 'link' });
    await expect(open(sysfs, [point('a.b', 'GPIO99')], [])).rejects.toThrow(/GPIO99.*names here.*GPIO17/);
    await expect(
      open(sysfs, [point('a.b', 'ID_SDA')], [output('siren', 'pinctrl-bcm2711:0')]),
    ).rejects.toThrow(/a\.b and siren are the same line/);
    expect(sysfs.exists(512)).toBe(false);
  });

  it('asks the tools for names that sysfs does not have, and only then', async () => {
    const sysfs = sysfsOf([{ label: 'relay-board', base: 700, lines: 4 }]);
    let asked = 0;
    const using = createGpio({
      clock: systemClock(),
      tools: toolsWith(() => {
        asked++;
        return [named('relay-board', 4, '', 'RELAY1')];
      }),
    });
    const { connection } = await open(sysfs, [point('board.relay', 'RELAY1')], [], using);
    expect(sysfs.exists(701)).toBe(true);
    expect(asked).toBe(1);
    await connection.close();
    await open(sysfsOf(pi4), [point('inputs.smoke', 'GPIO17')], [], using);
    expect(asked).toBe(1);
  });
});
