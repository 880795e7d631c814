// A look at GPIO lines that takes none: the way the driver would go, lines that are not found, lines that somebody holds.
// The chips are folders shaped like /sys/class/gpio, and what libgpiod's tools printed on a board.

import { afterEach, describe, expect, test } from 'vitest';
import type { Tools } from '../../drivers/gpio/children.ts';
import { holderInSysfs } from '../../drivers/gpio/chips.ts';
import { lookAtGpio } from '../../drivers/gpio/look.ts';
import { parseTools } from '../../drivers/gpio/tools.ts';
import { makeSysfs, pi4, pi5New, type Sysfs } from '../support/sysfs.ts';

const detect = 'gpiochip0 [pinctrl-rp1] (4 lines)\n';
const info = `gpiochip0 - 4 lines:
	line   0:	"ID_SDA"        	input
	line   1:	"GPIO1"         	input consumer="lirc"
	line   2:	"GPIO2"         	input
	line   3:	"GPIO3"         	output
`;
const none = (): never => {
  throw new Error('must not be asked: a look starts nothing');
};
const toolsOf = (chips: ReturnType<typeof parseTools>): Tools => ({
  version: async () => (chips.length > 0 ? 2 : undefined),
  chips: async () => chips,
  ask: none,
  start: none,
  holds: none,
  identity: none,
});

const opened: Sysfs[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

describe.each([
  ['a Pi 4', pi4, 'pinctrl-bcm2711'],
  ['a Pi 5', pi5New, 'pinctrl-rp1'],
])('%s by sysfs', (_, shape, label) => {
  test('finds lines by name and by offset, and exports none', async () => {
    const sysfs = makeSysfs(shape);
    opened.push(sysfs);
    const wanted = [{ line: 'GPIO17' }, { line: '22', chip: label }, { line: `${label}:27` }];
    const look = await lookAtGpio(wanted, { sysfs: sysfs.folder }, toolsOf([]));
    expect(look).toMatchObject({ through: 'sysfs', wrong: [] });
    expect(look.names).toContain('GPIO17');
    const wrong = await lookAtGpio(
      [{ line: 'GPIO99' }, { line: '99', chip: label }],
      { sysfs: sysfs.folder },
      toolsOf([]),
    );
    expect(wrong.wrong.map(({ line }) => line)).toEqual(['GPIO99', '99']);
    expect(look.chips.some(({ base }) => sysfs.exists(base + 17))).toBe(false);
  });
});

describe('by the character device', () => {
  test('a line that another program holds', async () => {
    const look = await lookAtGpio(
      [{ line: 'GPIO2' }, { line: 'GPIO1' }],
      { access: 'chardev' },
      toolsOf(parseTools(detect, info)),
    );
    expect(look.through).toBe('chardev');
    expect(look.wrong).toEqual([
      { line: 'GPIO1', what: 'GPIO1: "lirc" holds it', hint: 'end that program', holder: 'lirc' },
    ]);
  });

  test('`access: sysfs` on a kernel without it: there is no other way', async () => {
    const look = await lookAtGpio(
      [{ line: 'GPIO2' }],
      { access: 'sysfs', sysfs: '/nowhere' },
      toolsOf(parseTools(detect, info)),
    );
    expect(look).toMatchObject({ through: 'none', chips: [] });
  });

  test('without the tools it says so, and nothing of sysfs', async () => {
    const look = await lookAtGpio([{ line: 'GPIO2' }], { access: 'chardev' }, toolsOf([]));
    expect(look).toMatchObject({ through: 'none', because: "libgpiod's tools are not installed" });
  });
});

describe('a line of sysfs that somebody holds', () => {
  const chip = { label: 'pinctrl-rp1', base: 571, lines: 4, names: [] };
  const tools = parseTools(
    detect,
    info.replace('"GPIO2"         \tinput', '"GPIO2"         \tinput consumer="sysfs"'),
  );
  test.each([
    [1, 'lirc'],
    [2, undefined], // handed out already, which keeps nobody from it
    [3, undefined],
  ])('line %i: %s', (offset, holder) =>
    expect(holderInSysfs({ chip, offset, number: 571 + offset }, [chip], tools)).toBe(holder),
  );
  test('of two chips alike none is guessed', () =>
    expect(holderInSysfs({ chip, offset: 1, number: 572 }, [chip, { ...chip, base: 600 }], tools)).toBe(
      undefined,
    ));
});

test('no chip at all', async () => {
  const look = await lookAtGpio([{ line: 'GPIO2' }], { sysfs: '/nowhere/at/all' }, toolsOf([]));
  expect(look).toMatchObject({ through: 'none', wrong: [] });
  expect(look.because).toContain('/nowhere/at/all');
});
