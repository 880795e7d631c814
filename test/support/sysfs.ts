// A directory shaped like /sys/class/gpio: chips of real boards, and lines that appear when they are exported.
// Plain files stand for the kernel's; what a test writes into `value` is what a contact does to a line.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface ChipShape {
  readonly label: string;
  readonly base: number;
  readonly lines: number;
  /** in the device tree */
  readonly names?: readonly string[];
  /** chips with the same word are banks of one device, and share its names */
  readonly device?: string;
}

const headerNames = (lines: number): string[] => [
  'ID_SDA',
  'ID_SCL',
  ...Array.from({ length: lines - 2 }, (_, n) => `GPIO${n + 2}`),
];

/** A Pi 4 with kernel 6.6: base 512, where older documents have 0. */
export const pi4: readonly ChipShape[] = [
  { label: 'pinctrl-bcm2711', base: 512, lines: 58, names: headerNames(58) },
  {
    label: 'raspberrypi-exp-gpio',
    base: 570,
    lines: 8,
    names: ['BT_ON', 'WL_ON', 'PWR_LED_OFF', 'ANT1', 'ANT2', 'VDD_SD_IO_SEL', 'CAM_GPIO', 'SD_PWR_ON'],
  },
];

/** The header of a Pi 5 is on a chip beside four banks of the processor's own lines. */
const pi5 = (base: number): ChipShape[] => {
  const banks = ['-', '2712_BOOT_CS_N', '2712_BOOT_MISO'];
  return [
    { label: 'gpio-brcmstb@107d508500', base: 512, lines: 32, names: banks, device: 'brcmstb-a' },
    { label: 'gpio-brcmstb@107d508520', base: 544, lines: 4, names: banks, device: 'brcmstb-a' },
    {
      label: 'gpio-brcmstb@107d517c00',
      base: 548,
      lines: 17,
      names: ['RP1_SDA', 'RP1_SCL', 'RP1_RUN'],
      device: 'brcmstb-b',
    },
    {
      label: 'gpio-brcmstb@107d517c20',
      base: 565,
      lines: 6,
      names: ['RP1_SDA', 'RP1_SCL', 'RP1_RUN'],
      device: 'brcmstb-b',
    },
    { label: 'pinctrl-rp1', base, lines: 54, names: headerNames(54) },
  ];
};

export const pi5New: readonly ChipShape[] = pi5(571);
export const pi5Old: readonly ChipShape[] = pi5(399);

export interface Sysfs {
  readonly folder: string;
  /** what a contact does */
  set(number: number, level: 0 | 1): void;
  read(number: number, file: 'value' | 'direction' | 'edge'): string;
  exists(number: number): boolean;
  /** a line as it was found: exported before, with this direction and level */
  preset(number: number, direction: 'in' | 'out', level: 0 | 1): void;
  unplug(number: number): void;
  close(): void;
}

export function makeSysfs(chips: readonly ChipShape[]): Sysfs {
  const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-sysfs-'));
  const folder = path.join(root, 'class/gpio');
  mkdirSync(folder, { recursive: true });
  for (const file of ['export', 'unexport']) writeFileSync(path.join(folder, file), '');
  for (const chip of chips) {
    const place = path.join(folder, `gpiochip${chip.base}`);
    const device = path.join(root, 'devices', chip.device ?? chip.label);
    mkdirSync(place);
    mkdirSync(path.join(device, 'of_node'), { recursive: true });
    symlinkSync(device, path.join(place, 'device'));
    writeFileSync(path.join(place, 'label'), `${chip.label}\n`);
    writeFileSync(path.join(place, 'base'), `${chip.base}\n`);
    writeFileSync(path.join(place, 'ngpio'), `${chip.lines}\n`);
    if (chip.names) writeFileSync(path.join(device, 'of_node/gpio-line-names'), `${chip.names.join('\0')}\0`);
  }
  const line = (number: number): string => path.join(folder, `gpio${number}`);

  function preset(number: number, direction: 'in' | 'out', level: 0 | 1): void {
    mkdirSync(line(number), { recursive: true });
    writeFileSync(path.join(line(number), 'value'), `${level}\n`);
    writeFileSync(path.join(line(number), 'direction'), `${direction}\n`);
  }

  // what the kernel does when a number is written to these files
  const kernel = setInterval(() => {
    const take = (file: string): number | undefined => {
      const text = readFileSync(path.join(folder, file), 'utf8').trim();
      if (text === '') return undefined;
      writeFileSync(path.join(folder, file), '');
      return Number(text);
    };
    const wanted = take('export');
    if (wanted !== undefined) preset(wanted, 'in', 0);
    const given = take('unexport');
    if (given !== undefined) rmSync(line(given), { recursive: true, force: true });
  }, 2);
  return {
    folder,
    set: (number, level) => writeFileSync(path.join(line(number), 'value'), `${level}\n`),
    read: (number, file) => readFileSync(path.join(line(number), file), 'utf8').trim(),
    exists: (number) => existsSync(line(number)),
    preset,
    unplug: (number) => rmSync(line(number), { recursive: true, force: true }),
    close() {
      clearInterval(kernel);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
