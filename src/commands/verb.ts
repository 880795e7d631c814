// What every verb's file shares: how it is put on the command line, the options that find a daemon, and how
// results and words are written. Knows nothing of any one verb.

import type { Command } from 'commander';
import { callDaemon } from '../control/client.ts';
import type { Method, Results } from '../control/types.ts';
import type { Reading } from '../terminal/lines.ts';
import { type Screen, screenOf } from '../terminal/paint.ts';
import { languageOf } from '../terminal/words.ts';
import { daemonSocket } from './where.ts';

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

/** What a verb that only looks asks of the daemon, and how its answer is written. */
export interface Look<M extends Method> {
  readonly method: M;
  readonly params?: object;
  /** what `--json` prints; default: the answer as it is */
  json?(answer: Results[M]): unknown;
  lines(answer: Results[M], reading: Reading): readonly string[];
}

/** Asks a running daemon one thing and prints it: JSON, or lines in the language and the time of its premises. */
export async function askAndShow<M extends Method>(options: DaemonOptions, look: Look<M>): Promise<number> {
  const socket = await daemonSocket(options);
  const answer = await callDaemon(socket, look.method, look.params);
  if (options.json) {
    printJson(look.json ? look.json(answer) : answer);
    return 0;
  }
  const { premises } = await callDaemon(socket, 'status');
  const reading = { language: languageOf(options.lang, premises.language), timezone: premises.timezone };
  for (const line of look.lines(answer, reading)) print(line);
  return 0;
}
