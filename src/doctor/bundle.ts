// What support wants in one file: the doctor's lines, the daemon's status, its log, the site's files without secrets,
// versions and figures. Gathers and cleans; whoever calls writes the file.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { collectConfig } from '../config-copy.ts';
import { version } from '../lib/version.ts';
import type { Looked } from './index.ts';
import { redactor } from './redact.ts';
import type { Packed } from './tar.ts';
import type { Patient } from './types.ts';
import { effectiveUnit, unitName } from './unit-file.ts';

const mostLogLines = 2000;
const mostFileBytes = 1024 * 1024;
const procFiles = [
  'cpuinfo',
  'meminfo',
  'loadavg',
  'uptime',
  'swaps',
  'self/mounts',
  'cmdline',
  'version',
  'modules',
  'pressure/io',
  'pressure/cpu',
  'pressure/memory',
  'tty/drivers',
  'diskstats',
];
const osFiles = ['/etc/os-release', '/proc/device-tree/model', '/sys/class/dmi/id/product_name'];

/** @param text the doctor's lines for people */
export async function gatherBundle(
  patient: Patient,
  looked: readonly Looked[],
  text: string,
): Promise<Packed[]> {
  const { machine, file, daemon, data } = patient;
  const site = siteFiles(patient);
  const { clean, cleanValue } = redactor({
    config: patient.config,
    texts: site.texts,
    secretsFile: site.secretsFile,
    environment: machine.environment,
  });
  const files: Packed[] = [];
  const put = (name: string, body: string): void => {
    // what is too long keeps its end, where the latest stands
    const cut = body.length > mostFileBytes ? `…\n${body.slice(-mostFileBytes)}` : body;
    files.push({ name: `keepwatch-doctor/${name}`, body: clean(cut) });
  };
  const putJson = (name: string, value: unknown): void => {
    const body = `${JSON.stringify(cleanValue(value), null, 2)}\n`;
    files.push({ name: `keepwatch-doctor/${name}`, body });
  };
  put('doctor.txt', `${text}\n`);
  putJson('doctor.json', looked);
  putJson('status.json', daemon.is === 'running' ? daemon.status : daemon);
  putJson('versions.json', await versionsOf(patient));
  putJson('figures.json', figuresOf(patient));
  for (const { name, body } of site.files) put(`config/${name}`, body);
  put('config/LEFT-OUT.txt', `${site.leftOut.join('\n')}\n`);
  const log = await machine.run(
    'journalctl',
    ['--unit', unitName, '--lines', String(mostLogLines), '--no-pager', '--output', 'short-iso'],
    8000,
  );
  put(
    'journal.txt',
    log?.code === 0 ? log.stdout : 'the journal of systemd could not be read: run it with sudo\n',
  );
  for (const name of procFiles) {
    const body = machine.read(`/proc/${name}`);
    if (body !== undefined) put(`proc/${name.replaceAll('/', '-')}.txt`, `${body}\n`);
  }
  const unit = effectiveUnit(machine);
  for (const each of unit ? [unit.file, ...unit.dropIns] : [])
    put(`unit/${path.basename(each)}`, `${machine.read(each) ?? ''}\n`);
  put(
    'README.txt',
    `keepwatch doctor --bundle, ${new Date(patient.nowMs).toISOString()}\nsite file: ${file ?? 'none'}\ndata: ${data ?? 'unknown'}\nWithout secrets, and without telephone numbers and e-mail addresses.\n`,
  );
  return files;
}

interface SiteFiles {
  readonly files: readonly { readonly name: string; readonly body: string }[];
  readonly leftOut: readonly string[];
  /** all texts that secrets are looked for in */
  readonly texts: readonly string[];
  readonly secretsFile: string | undefined;
}

function siteFiles({ file, config }: Patient): SiteFiles {
  const leftOut = ['Left out: secrets, private keys, users with their passwords.'];
  if (file === undefined || !existsSync(file))
    return { files: [], leftOut: ['There is no site file.'], texts: [], secretsFile: undefined };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return {
      files: [],
      leftOut: [`${file} could not be read (${(error as NodeJS.ErrnoException).code}).`],
      texts: [],
      secretsFile: undefined,
    };
  }
  const folder = path.dirname(file);
  const document = parseDocument(text, { logLevel: 'silent' });
  const named = document.errors.length === 0 && 'get' in document ? document.get('secrets') : undefined;
  const secretsFile = path.resolve(folder, typeof named === 'string' ? named : 'secrets.yaml');
  // nobody can say what of such a file is a secret
  if (document.errors.length > 0)
    return {
      files: [],
      leftOut: [...leftOut, `${file} is no YAML: left out, since its secrets can't be told from the rest.`],
      texts: [text],
      secretsFile,
    };
  const collected = collectConfig(file, config?.files ?? [file]);
  const users = config?.console?.usersFile ?? path.join(folder, 'users.yaml');
  const files = collected.files
    .filter(({ name }) => path.resolve(folder, name) !== users && path.resolve(folder, name) !== secretsFile)
    .filter(({ name }) => /\.(ya?ml|json)$/.test(name) || name === collected.site)
    .map(({ name, body }) => ({ name, body: body.toString('utf8') }));
  return {
    files,
    leftOut: [...leftOut, ...collected.outside.map((each) => `Outside of the site's folder: ${each}`)],
    texts: [text, ...files.map(({ body }) => body)],
    secretsFile,
  };
}

async function versionsOf({ machine }: Patient): Promise<object> {
  const asked = await Promise.all([
    machine.run('uname', ['-a']),
    machine.run('dpkg-query', ['--show', 'keepwatch']),
    machine.run('gpiodetect', ['--version']),
    machine.run('systemctl', ['--version']),
  ]);
  const [kernel, packaged, libgpiod, systemd] = asked.map((answer) =>
    answer?.code === 0 ? answer.stdout.trim().split('\n')[0] : undefined,
  );
  const system = Object.fromEntries(osFiles.map((file) => [path.basename(file), machine.read(file)]));
  return {
    keepwatch: version,
    node: machine.nodeVersion,
    modules: process.versions,
    arch: machine.arch,
    kernel,
    packaged,
    libgpiod,
    systemd,
    ...system,
  };
}

function figuresOf({ machine, data, daemon }: Patient): object {
  const state =
    data === undefined ? {} : { folder: data, space: machine.space(data), files: sizes(machine, data) };
  const { history, telemetry, store } = daemon.is === 'running' ? daemon.status : {};
  return { state, store, history, telemetry };
}

function sizes(machine: Patient['machine'], folder: string): Record<string, number | undefined> {
  return Object.fromEntries(
    machine
      .list(folder)
      .slice(0, 500)
      .map((name) => [name, machine.stat(`${folder}/${name}`)?.bytes]),
  );
}
