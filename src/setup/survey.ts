// What is there to be asked about: serial ports that nobody holds, the units on a line with what they probably are, the
// lines of the board. Only looks and reads; where there is nothing it says so by being empty.

import { loadAllProfiles, profileFolders } from '../config/profiles.ts';
import { openLink } from '../devices/link.ts';
import { holdersOf } from '../doctor/holders.ts';
import type { Machine } from '../doctor/machine.ts';
import { candidates } from '../doctor/serial.ts';
import type { AskGpio } from '../doctor/types.ts';
import type { Driver } from '../driver.ts';
import { systemClock } from '../lib/clock.ts';
import { openLine } from '../probe/ask.ts';
import { guessProfile } from '../probe/guess.ts';
import { type LineSetting, sweep } from '../probe/sweep.ts';
import type { Answers } from './parts.ts';

export interface Port {
  readonly path: string;
  /** who has it open; empty: nobody */
  readonly heldBy: string;
}

export interface FoundUnit {
  readonly unit: number;
  readonly setting?: LineSetting;
  /** likeliest first */
  readonly profiles: readonly string[];
}

export interface Survey {
  /** `Raspberry Pi 5 Model B Rev 1.0` */
  readonly model?: string;
  readonly ports: readonly Port[];
  /** names of lines that a site may use; empty: no GPIO */
  readonly lines: readonly string[];
  readonly profiles: readonly string[];
}

/** Further numbers are for `keepwatch probe --scan`. */
export const lastUnit = 16;
const timeoutMs = 200;
const guessTimeoutMs = 500;
const settings: readonly LineSetting[] = [
  { baudRate: 9600, parity: 'none' },
  { baudRate: 9600, parity: 'even' },
  { baudRate: 4800, parity: 'none' },
  { baudRate: 19_200, parity: 'none' },
  { baudRate: 19_200, parity: 'even' },
];

export async function surveyOf(machine: Machine, askGpio: AskGpio): Promise<Survey> {
  const ports = candidates(machine).map((path): Port => {
    const { holders } = holdersOf(machine, machine.real(path) ?? path);
    return { path, heldBy: holders.map(({ name, pid }) => `${name} (${pid})`).join(', ') };
  });
  const gpio = await askGpio([]).catch(() => undefined);
  const model = machine.read('/proc/device-tree/model');
  return {
    ...(model !== undefined && { model }),
    ports,
    lines: (gpio?.names ?? []).filter((name) => /^GPIO\d+$/.test(name)),
    profiles: loadAllProfiles(profileFolders(undefined)).profiles.map(({ id }) => id),
  };
}

/** What this machine has against the lines that the answers name: a sentence each. They may be meant for another one. */
export async function linesAmiss(
  { contacts, outputs }: Pick<Answers, 'contacts' | 'outputs'>,
  askGpio: AskGpio,
  zh: boolean,
): Promise<string[]> {
  const lines = [...contacts, ...outputs].map(({ line }) => line);
  if (lines.length === 0) return [];
  const answer = await askGpio(lines.map((line) => ({ line }))).catch(() => undefined);
  if (answer === undefined || answer.through === 'none')
    return [
      zh
        ? `这台机器上看不到 GPIO，${lines.join('、')} 没有查；装好后运行 keepwatch doctor`
        : `no GPIO is seen on this machine, so ${lines.join(', ')} were not looked for; run keepwatch doctor on the one that has it`,
    ];
  return answer.wrong.map(({ what, hint }) => `${what}; ${hint}`);
}

export interface ScanOptions {
  readonly drivers: readonly Driver[];
  readonly signal: AbortSignal;
  progress?(text: string): void;
}

/** The units 1 to 16 of a serial line, at the usual settings until some answer. Rejects with words. */
export async function scanLine(
  path: string,
  { drivers, signal, progress }: ScanOptions,
): Promise<FoundUnit[]> {
  const driver = drivers.find(({ id }) => id === 'modbus-rtu')!;
  const { profiles } = loadAllProfiles(profileFolders(undefined));
  const guesses = new Map<number, readonly string[]>();
  const clock = systemClock();
  const swept = await sweep({
    settings,
    units: Array.from({ length: lastUnit }, (_, index) => index + 1),
    timeoutMs,
    exhaustive: false,
    signal,
    open: (setting) =>
      openLine({
        driver,
        settings: { path, stopBits: 1, dataBits: 8, ...setting },
        openLink,
        clock,
        signal,
      }),
    async look(line, found) {
      for (const { unit } of found)
        guesses.set(
          unit,
          (await guessProfile(line, unit, profiles, guessTimeoutMs)).map(({ profile }) => profile),
        );
    },
    progress: ({ setting, unit, found }) =>
      progress?.(
        `${path}: ${setting?.baudRate ?? ''} ${setting?.parity ?? ''} unit ${unit} of ${lastUnit}, ${found} found`,
      ),
  });
  return swept.found.map(({ unit, setting }) => ({
    unit,
    ...(setting && { setting }),
    profiles: guesses.get(unit) ?? [],
  }));
}
