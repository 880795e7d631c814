// What we build on: every package of the production tree is pinned, has a licence that we may ship, and the direct ones
// stand in docs/dependencies.md with the reason why they are here. `npx vitest run -u` of this file writes that page.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkout } from '../support/daemon.ts';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

interface Component {
  readonly name: string;
  readonly version: string;
  readonly properties: readonly { readonly name: string; readonly value: string }[];
}

const isDev = (properties: Component['properties']): boolean =>
  properties.some(({ name, value }) => name === 'cdx:npm:package:development' && value === 'true');

const json = (file: string) => JSON.parse(readFileSync(path.join(checkout, file), 'utf8'));
const own: { dependencies: Record<string, string>; devDependencies: Record<string, string> } =
  json('package.json');
const lock: Record<string, Locked> = json('package-lock.json').packages;
const production = Object.entries(lock).filter(([at, { dev }]) => at !== '' && !dev);

/** May be shipped beside Apache-2.0 code. */
const allowed: ReadonlySet<string> = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'Python-2.0',
  // fonts: may be embedded and shipped, not sold alone
  'OFL-1.1',
]);
/** Packages that forgot to say it in package.json; read from their LICENSE. */
const saidElsewhere: Readonly<Record<string, { file: string; words: RegExp; licence: string }>> = {
  'png-js': { file: 'LICENSE', words: /^MIT License/, licence: 'MIT' },
};

const why: Readonly<Record<string, string>> = {
  '@fontsource-variable/noto-sans-sc': 'the font of reports in Chinese',
  '@fastify/swagger': 'the OpenAPI document out of the forms of the console’s routes',
  '@marcbachmann/cel-js': 'the language of conditions in rules; checks types when a site is loaded',
  '@preact/signals': 'state of the console’s page',
  aedes: 'the embedded broker of the demo and of small sites',
  'better-sqlite3': 'the journal, incidents and the outbox in one durable file',
  commander: 'the command line',
  fastify: 'HTTP of the console: routes, the checks of what comes in, limits',
  fontkit: 'reads the font for reports',
  'modbus-serial': 'Modbus over serial lines and TCP',
  mqtt: 'the connection to the broker, MQTT 5 and 3.1.1',
  'mqtt-packet': 'what mqtt speaks; named so that its version is ours to choose',
  nodemailer: 'e-mail',
  onoff: 'GPIO where the kernel still has sysfs',
  pdfkit: 'reports as PDF',
  pino: 'the log',
  preact: 'the console’s page',
  'prom-client': 'the metrics, in Prometheus’ format',
  serialport: 'serial ports',
  uplot: 'trends on the console’s page',
  wawoff2: 'unpacks the font for reports',
  yaml: 'site files, with the place of every key for faults',
  zod: 'the forms of site files, and their JSON Schema',
};

function licenceOf(at: string): string {
  const name = at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const { license } = json(`${at}/package.json`) as { license?: string };
  if (license !== undefined) return license;
  const said = saidElsewhere[name];
  if (said === undefined) return 'none';
  return said.words.test(readFileSync(path.join(checkout, at, said.file), 'utf8')) ? said.licence : 'another';
}

/** One of an `OR` is enough; `AND` needs all. */
function isAllowed(licence: string): boolean {
  return licence
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((each) => allowed.has(each.trim())));
}

describe('the production tree', () => {
  test('is there', () => {
    expect(production.length).toBeGreaterThan(100);
  });

  test('has only licences that may be shipped', () => {
    const others = production
      // what another system needs is not installed here
      .filter(([at]) => !isMissing(at))
      .map(([at]) => `${at}: ${licenceOf(at)}`)
      .filter((line) => !isAllowed(line.slice(line.indexOf(': ') + 2)));
    expect(others).toEqual([]);
  });

  test('is pinned: exact versions of ours, one version of each package, nothing from a folder', () => {
    const ranges = Object.entries({ ...own.dependencies, ...own.devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    );
    expect(ranges).toEqual([]);
    for (const [name, version] of Object.entries(own.dependencies))
      expect(lock[`node_modules/${name}`]?.version, name).toBe(version);
    for (const [at, { version, integrity, link }] of production) {
      expect(version, at).toMatch(/^\d+\.\d+\.\d+/);
      expect(link, at).toBeUndefined();
      if (integrity !== undefined) expect(integrity, at).toMatch(/^sha512-/);
    }
  });

  test('is listed as a bill of materials', () => {
    const [npm, ...argv] = ['npm', ...'run --silent sbom'.split(' ')] as [string, ...string[]];
    const bill = JSON.parse(
      execFileSync(npm, argv, { cwd: checkout, encoding: 'utf8', maxBuffer: 64 << 20 }),
    );
    expect(bill.bomFormat).toBe('CycloneDX');
    const listed = (dev: boolean): string[] =>
      (bill.components as Component[])
        .filter(({ properties }) => isDev(properties) === dev)
        .map(({ name, version }) => `${name}@${version}`);
    const shipped = listed(false);
    for (const [name, version] of Object.entries(own.dependencies))
      expect(shipped).toContain(`${name}@${version}`);
    for (const name of ['vitest', 'typescript', '@biomejs/biome']) {
      expect(shipped).not.toContain(`${name}@${own.devDependencies[name]}`);
      expect(listed(true)).toContain(`${name}@${own.devDependencies[name]}`);
    }
  }, 60_000);

  test('what licences count, and that others do not', () => {
    expect(isAllowed('(GPL-3.0 OR MIT)')).toBe(true);
    for (const licence of ['GPL-3.0', 'MIT AND GPL-3.0', 'none', '', 'UNLICENSED', 'SEE LICENSE IN x'])
      expect(isAllowed(licence), licence).toBe(false);
  });
});

function isMissing(at: string): boolean {
  try {
    json(`${at}/package.json`);
    return false;
  } catch {
    return true;
  }
}

test('each direct dependency stands in docs/dependencies.md, with its licence and why it is here', async () => {
  expect(Object.keys(why).sort()).toEqual(Object.keys(own.dependencies).sort());
  const rows = Object.entries(own.dependencies).map(
    ([name, version]) => `| ${name} | ${version} | ${licenceOf(`node_modules/${name}`)} | ${why[name]} |`,
  );
  const page = [
    '# Dependencies',
    '',
    'What runs in the daemon beside our own code. Versions are pinned, and a test refuses licences that may not be shipped.',
    '`npm run --silent sbom` prints the whole tree as CycloneDX; what is for development alone is marked there.',
    '',
    '| package | version | licence | why |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ];
  await expect(page.join('\n')).toMatchFileSnapshot('../../docs/dependencies.md');
});
