// Simulated chips in the virtual machine that are labelled and named as the header of a Raspberry Pi: made and taken
// away, a contact on a line of theirs pulled, the level of an output seen from outside. Knows no gateway.

import { readFileSync, writeFileSync } from 'node:fs';
import { sh } from './container-parts.ts';

export interface Board {
  readonly name: string;
  /** as the kernel labels the chip of the header */
  readonly label: string;
  /** by offset, as `gpioinfo` shows them on that board */
  readonly lines: readonly string[];
}

const header = ['ID_SDA', 'ID_SCL', ...Array.from({ length: 26 }, (_, at) => `GPIO${at + 2}`)];

export const pi4: Board = { name: 'Pi 4', label: 'pinctrl-bcm2711', lines: header };

/** Beyond its header: the kernel's device tree of the board, `bcm2712-rpi-5-b.dts`. */
const onBoard = [
  ...['PCIE_RP1_WAKE', 'FAN_TACH', 'HOST_SDA', 'HOST_SCL', 'ETH_RST_N', '-'],
  ...['CD0_IO0_MICCLK', 'CD0_IO0_MICDAT0', 'RP1_PCIE_CLKREQ_N', '-', 'CD0_SDA', 'CD0_SCL', 'CD1_SDA'],
  ...['CD1_SCL', 'USB_VBUS_EN', 'USB_OC_N', 'RP1_STAT_LED', 'FAN_PWM', 'CD1_IO0_MICCLK', '2712_WAKE'],
  ...['CD1_IO1_MICDAT1', 'EN_MAX_USB_CUR', '-', '-', '-', '-'],
];
export const pi5: Board = { name: 'Pi 5', label: 'pinctrl-rp1', lines: [...header, ...onBoard] };

export interface Chip {
  readonly board: Board;
  /** such as `gpiochip0` */
  readonly device: string;
  readonly contact: (line: string) => Contact;
  readonly output: (line: string) => Output;
  remove(): void;
}

export interface Contact {
  pull(level: 0 | 1): void;
}

export interface Output {
  level(): 0 | 1;
  /** Waits for a level without giving the processor's time to anything else here; ms, or undefined: not in time. */
  reaches(level: 0 | 1, sinceMs: number, withinMs: number): number | undefined;
}

const nap = new Int32Array(new SharedArrayBuffer(4));
const glanceMs = 1;

export function plugIn(board: Board): Chip {
  const device = sh('gpio-sim-chip', board.label, ...board.lines).replace('/dev/', '');
  const folder = (line: string): string => sh('gpio-read-output', '--path', line);
  return {
    board,
    device,
    contact(line) {
      const pull = `${folder(line)}/pull`;
      return { pull: (level) => writeFileSync(pull, level === 1 ? 'pull-up' : 'pull-down') };
    },
    output(line) {
      const value = `${folder(line)}/value`;
      const level = (): 0 | 1 => (readFileSync(value, 'utf8').startsWith('1') ? 1 : 0);
      return {
        level,
        reaches(wanted, sinceMs, withinMs) {
          for (;;) {
            const reached = level() === wanted;
            const tookMs = performance.now() - sinceMs;
            if (reached) return tookMs;
            if (tookMs > withinMs) return undefined;
            Atomics.wait(nap, 0, 0, glanceMs);
          }
        },
      };
    },
    remove: () => void sh('gpio-sim-chip', '-r', board.label),
  };
}
