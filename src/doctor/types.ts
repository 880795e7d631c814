// What a look of the doctor is given and what it gives: the machine as it can be asked, the site as far as it could be
// read, and findings. Types and two small builders only; knows no look.

import type { Config, Fault } from '../config/types.ts';
import type { StatusReport } from '../control/types.ts';
import type { Driver } from '../driver.ts';
import type { Machine } from './machine.ts';

/** A sentence in both languages. */
export interface Said {
  readonly zh: string;
  readonly en: string;
}

/** `note`: worth knowing, and nothing that keeps the premises from being guarded. */
export type FindingState = 'good' | 'note' | 'fault';

export interface Finding {
  readonly state: FindingState;
  /** stable, for machines */
  readonly code: string;
  /** what was looked at and how it is */
  readonly what: Said;
  /** what to do; absent where there is nothing to mend */
  readonly mend?: Said;
}

export type DaemonState =
  | { readonly is: 'running'; readonly status: StatusReport }
  /** somebody is there, or may be, and gives no answer to us: its ports are not to be touched */
  | { readonly is: 'silent'; readonly because: string }
  | { readonly is: 'none' };

/** Whoever runs the daemon: by the installed unit, else whoever asks. */
export interface Runner {
  readonly name: string;
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
  /** by the system's unit, not by hand */
  readonly byUnit: boolean;
}

export interface GpioLine {
  /** as the site file has it */
  readonly line: string;
  /** label of the chip that the bus names */
  readonly chip?: string;
}

export interface GpioAnswer {
  /** the way that the driver would take; `none`: it would find no chip */
  readonly through: 'sysfs' | 'chardev' | 'none';
  /** why a way is closed */
  readonly because?: string;
  readonly chips: readonly { readonly label: string; readonly lines: number }[];
  /** every name that a line may be called by */
  readonly names: readonly string[];
  /** lines that are not found, and those that another program holds */
  readonly wrong: readonly GpioWrong[];
}

export interface GpioWrong {
  readonly line: string;
  readonly what: string;
  readonly hint: string;
  /** who has it, by the word that the kernel was given; undefined: it is not found */
  readonly holder?: string;
}

/** Keys of the bus that say which way it goes, as the site file has them. */
export interface GpioBus {
  readonly sysfs?: string;
  readonly access?: 'auto' | 'sysfs' | 'chardev';
}

/** Finds lines without taking any. */
export type AskGpio = (lines: readonly GpioLine[], bus?: GpioBus) => Promise<GpioAnswer>;

export interface Patient {
  readonly machine: Machine;
  /** absolute path of the site file; undefined: there is none */
  readonly file: string | undefined;
  /** undefined: there is no site file, or it has faults */
  readonly config: Config | undefined;
  readonly faults: readonly Fault[];
  /** the data folder, as far as the site file says one */
  readonly data: string | undefined;
  readonly daemon: DaemonState;
  readonly runner: Runner;
  readonly drivers: readonly Driver[];
  readonly askGpio: AskGpio;
  /** Walks the journal's chain; rejects with words where that can't be done. */
  verify(withinMs: number): Promise<{ readonly intact: boolean; readonly because?: string }>;
  /** look longer: also try other settings of a line that gives no answer */
  readonly deep: boolean;
  /** wall time, ms */
  readonly nowMs: number;
  /** since the program began, ms */
  tookMs(): number;
  /** aborted when all is done */
  readonly signal: AbortSignal;
}

/** One subject. Only looks: it must change nothing on the machine, the line and the broker. */
export interface Look {
  readonly id: string;
  readonly name: Said;
  /** how long it may take; default 8 s */
  readonly withinMs?: number;
  /** how long with `--deep` */
  readonly deepWithinMs?: number;
  look(patient: Patient): Promise<readonly Finding[]> | readonly Finding[];
}

/** `say('中文', 'English')` */
export function say(zh: string, en: string): Said {
  return { zh, en };
}

export function good(code: string, what: Said): Finding {
  return { state: 'good', code, what };
}

export function note(code: string, what: Said, mend?: Said): Finding {
  return { state: 'note', code, what, ...(mend && { mend }) };
}

export function fault(code: string, what: Said, mend: Said): Finding {
  return { state: 'fault', code, what, mend };
}

/** A sentence that exists in one language only, such as what a system or a package says. */
export function asIs(text: string): Said {
  return { zh: text, en: text };
}
