// `keepwatch doctor`: asks the machine, the site and the running daemon what could keep the premises from being
// guarded, and says the mend of each. Options, and who is asked; the looks are in src/doctor/. Changes nothing.

import { spawn } from 'node:child_process';
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Config, Fault } from '../config/types.ts';
import { callDaemon } from '../control/client.ts';
import { gatherBundle } from '../doctor/bundle.ts';
import { examine } from '../doctor/index.ts';
import { doctorLines, isWell } from '../doctor/lines-for-people.ts';
import { thisMachine } from '../doctor/machine.ts';
import { runnerOf } from '../doctor/people.ts';
import { tarGz } from '../doctor/tar.ts';
import type { DaemonState, Patient } from '../doctor/types.ts';
import { languageOf } from '../terminal/words.ts';
import {
  type DaemonOptions,
  type Define,
  output,
  print,
  printJson,
  say,
  UsageFault,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket, siteFile } from './where.ts';

export const define: Define = (command, act) => {
  const example = [
    'keepwatch doctor',
    'sudo keepwatch doctor -c /etc/keepwatch/keepwatch.yaml --bundle support.tgz',
  ].join('\n  ');
  withExample(withLanguage(withDaemon(command)), example)
    .option(
      '--deep',
      'look longer: try other baud rates and parities of a silent line, walk all of the journal',
    )
    .option('--bundle <file>', 'pack all of it for support into a new .tgz, without secrets')
    // (asked by a running daemon for its console)
    .addOption(command.createOption('--from-daemon').hideHelp())
    .action(act(doctor));
};

interface Options extends DaemonOptions {
  readonly deep?: boolean;
  readonly bundle?: string;
  /** a daemon does run, also where its socket is gone: what it holds is not to be touched */
  readonly fromDaemon?: boolean;
}

async function doctor(options: Options): Promise<number> {
  const target = options.bundle === undefined ? undefined : path.resolve(options.bundle);
  if (target !== undefined) mustBeNew(target);
  const ending = new AbortController();
  const patient = await patientOf(options, ending.signal);
  const looked = await examine(patient);
  ending.abort();
  const language = languageOf(options.lang, patient.config?.premises.language);
  const well = isWell(looked);
  if (options.json) printJson({ well, looks: looked });
  else for (const line of doctorLines(output(), looked, language)) print(line);
  if (target !== undefined) {
    const text = doctorLines({ colours: false }, looked, language).join('\n');
    writeNew(target, tarGz(await gatherBundle(patient, looked, text), patient.nowMs));
    say(`${target}: ${(statSync(target).size / 1024).toFixed(0)} KB`);
  }
  const code = well ? 0 : 1;
  // a name server or a file system that gives no answer must not keep the program from ending
  setTimeout(() => process.exit(code), lingersMs).unref();
  return code;
}

const lingersMs = 200;

async function patientOf(options: Options, signal: AbortSignal): Promise<Patient> {
  const machine = thisMachine();
  const file = siteFile(options.config);
  const { drivers, lookAtGpio } = await import('../app.ts');
  const { config, faults } = await siteOf(file);
  const data = config?.data ?? (await dataOf(file));
  return {
    machine,
    file,
    config,
    faults,
    data,
    daemon: await daemonOf(options, file),
    runner: runnerOf(machine),
    drivers,
    askGpio: (lines, bus) => lookAtGpio(lines, bus),
    verify: (withinMs) => verifyApart(options, file, withinMs),
    deep: options.deep === true,
    nowMs: Date.now(),
    tookMs: () => performance.now(),
    signal,
  };
}

async function siteOf(
  file: string | undefined,
): Promise<{ config: Config | undefined; faults: readonly Fault[] }> {
  if (file === undefined) return { config: undefined, faults: [] };
  const [{ drivers }, { loadConfig }] = await Promise.all([import('../app.ts'), import('../config/load.ts')]);
  const { config, faults } = loadConfig(file, { drivers });
  return { config, faults };
}

/** What a file with faults says of its data folder. */
async function dataOf(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await import('./data-folder.ts')).dataFolder(file);
  } catch {
    return undefined;
  }
}

const statusWithinMs = 2500;

async function daemonOf(options: Options, file: string | undefined): Promise<DaemonState> {
  if (file === undefined && options.socket === undefined) return { is: 'none' };
  let socket: string;
  try {
    socket = await daemonSocket(options);
  } catch {
    return { is: 'none' };
  }
  try {
    return { is: 'running', status: await callDaemon(socket, 'status', {}, statusWithinMs) };
  } catch (error) {
    const because = error instanceof Error ? error.message : String(error);
    // nobody listens, and that is all: anything else may be a daemon that holds its ports
    return /^no daemon answers/.test(because) && !options.fromDaemon
      ? { is: 'none' }
      : { is: 'silent', because };
  }
}

/** In a process of its own, which can be ended: a walk over a long journal is one piece of work. */
function verifyApart(
  options: Options,
  file: string | undefined,
  withinMs: number,
): Promise<{ intact: boolean; because?: string }> {
  const where = [
    ...(file === undefined ? [] : ['-c', file]),
    ...(options.socket === undefined ? [] : ['--socket', options.socket]),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [process.argv[1]!, 'verify', '--json', ...where], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout = (stdout + text).slice(-65_536);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-4096);
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`not done within ${withinMs / 1000} s`));
    }, withinMs);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(stdout));
      } catch {
        const said = stderr.replace(/^keepwatch: /, '').trim();
        if (/damaged/.test(said)) resolve({ intact: false, because: said });
        else reject(new Error(said || 'no answer'));
      }
    });
  });
}

function mustBeNew(target: string): void {
  if (existsSync(target)) {
    const hint = 'give another name';
    throw Object.assign(new Error(`${target} is there already`), { hint });
  }
  if (!existsSync(path.dirname(target))) throw new UsageFault(`there is no folder ${path.dirname(target)}`);
}

/** Never over a file that came in between, and nothing half written stays. */
function writeNew(target: string, bytes: Buffer): void {
  let made = false;
  try {
    writeFileSync(target, '', { flag: 'wx', mode: 0o600 });
    made = true;
    writeFileSync(target, bytes);
  } catch (error) {
    if (made) rmSync(target, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    const hint = 'name a new file in a folder that can be written';
    throw Object.assign(new Error(`${target} can't be written (${code})`), { hint });
  }
}
