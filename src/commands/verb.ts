// What every verb's file shares: how it is put on the command line, the options that find a daemon, and how
// results and words are written. Knows nothing of any one verb.

import type { Command } from 'commander';
import { type Screen, screenOf } from '../terminal/paint.ts';

/** Wraps a verb's work, which gives an exit code, as commander wants it. */
export type Act = <Given extends unknown[]>(
  work: (...given: Given) => Promise<number> | number,
) => (...given: Given) => Promise<void>;

/** Puts a verb's arguments, options, example and work on its command. */
export type Define = (command: Command, act: Act) => void;

/** Wrong usage that the parser can't see: exit code 2. */
export class UsageFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageFault';
  }
}

export interface DaemonOptions {
  readonly config?: string;
  readonly socket?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

export function withConfig(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'site file (./keepwatch.yaml, then /etc/keepwatch/keepwatch.yaml)',
  );
}

/** Options of everything that asks a running daemon. */
export function withDaemon(command: Command): Command {
  return withConfig(command)
    .option('--socket <path>', "the daemon's socket, instead of looking it up in the site file")
    .option('--json', 'print JSON for machines');
}

export function withLanguage(command: Command): Command {
  const language = command.createOption('--lang <language>', "zh or en; default: the premises' language");
  return command.addOption(language.choices(['zh', 'en']));
}

/** One example at the end of a verb's help. */
export function withExample(command: Command, example: string): Command {
  return command.addHelpText('after', `\nExample:\n  ${example}`);
}

export function output(): Screen {
  return screenOf(process.stdout);
}

/** Results: standard output, one line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(result: unknown): void {
  print(JSON.stringify(result, null, 2));
}

/** Words: standard error, one line. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
