// `probe` and `profiles` as a technician types them: the built program against real libmodbus units on a serial
// line and over TCP. Needs `npm run build` before, as `npm test` does it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { profileBlock } from '../../src/commands/profiles.ts';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import { loadAllProfiles } from '../../src/config/profiles.ts';
import { openLink } from '../../src/devices/link.ts';
import { packageRoot } from '../../src/lib/assets.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { haveSocat } from '../support/serial-line.ts';
import { type PartyLine, partyLine, pzem, sdm120, startUnits, xyMd02 } from './units.ts';

const program = path.join(packageRoot, 'dist', 'main.js');
const premises = 'premises: { id: a, name: A, timezone: Asia/Shanghai, language: en }\n';
let folder: string;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function keepwatch(...argv: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...argv],
      { cwd: folder, env, timeout: 60_000 },
      (error, out, err) => {
        resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, out, err });
      },
    );
  });
}

/** The faults of what a technician would paste under the premises. */
function faultsOf(block: string): string[] {
  const file = path.join(folder, 'pasted.yaml');
  writeFileSync(file, premises + block);
  const { faults } = loadConfig(file, { drivers, environment: {} });
  return faults.filter(({ severity }) => severity === 'fault').map(formatFault);
}

beforeAll(() => {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-probe-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('profiles', () => {
  const { profiles } = loadAllProfiles();

  test('lists every product', async () => {
    const { code, out } = await keepwatch('profiles');
    expect(code).toBe(0);
    for (const { id } of profiles) expect(out).toMatch(new RegExp(`^${id} `, 'm'));
    const listed = JSON.parse((await keepwatch('profiles', '--json')).out) as { id: string }[];
    expect(listed.map(({ id }) => id)).toEqual(profiles.map(({ id }) => id));
  });

  test('tells all of one, with lines to copy', async () => {
    const { out } = await keepwatch('profiles', 'chint-dtsu666', '--lang', 'en');
    for (const text of ['holding:0x2006:f32', 'Voltage L1', 'mainsVoltage', 'not verified', 'secondary side'])
      expect(out).toContain(text);
    expect(faultsOf(out.slice(out.indexOf('buses:')))).toEqual([]);
    expect((await keepwatch('profiles', 'chint-dtsu666', '--lang', 'zh')).out).toContain('A 相电压');
    expect(await keepwatch('profiles', 'sdm630')).toMatchObject({ code: 2, out: '' });
  });

  test("a site's own come first", async () => {
    const own = path.join(folder, 'own');
    const { mkdirSync } = await import('node:fs');
    mkdirSync(own);
    writeFileSync(
      path.join(own, 'xy-md02.yaml'),
      'id: xy-md02\nmaker: Ours\nmodel: X\ndrivers: [modbus-rtu]\nverified: true\nsource: s\npoints: { t: { read: "input:1" } }\n',
    );
    writeFileSync(path.join(folder, 'own.yaml'), `${premises}profiles: own\n`);
    expect((await keepwatch('profiles', '-c', 'own.yaml')).out).toMatch(/^xy-md02 +Ours /m);
  });

  test.each(
    profiles.flatMap((profile) => profile.drivers.map((driver) => [profile.id, driver, profile] as const)),
  )('the lines of %s on %s are a good site file', (_id, driver, profile) =>
    expect(faultsOf(profileBlock(profile, drivers, driver).join('\n'))).toEqual([]),
  );
});

describe.skipIf(!haveLibmodbus() || !haveSocat())('probe', () => {
  let line: PartyLine;
  let port: string;
  beforeAll(async () => {
    line = await partyLine({ 1: sdm120, 4: xyMd02, 5: pzem });
    port = path.join(folder, 'ttyUSB0');
    symlinkSync(line.path, port);
    writeFileSync(
      path.join(folder, 'site.yaml'),
      `${premises}buses: { line1: { driver: modbus-rtu, path: ${port} } }
devices:
  meter: { bus: line1, unit: 1, profile: eastron-sdm120 }
  cellar: { bus: line1, unit: 4, profile: xy-md02 }
`,
    );
  }, 60_000);
  afterAll(() => line?.stop());

  test('raw beside scaled, quality, and what must be minded', async () => {
    const { code, out } = await keepwatch('probe', '-c', 'site.yaml');
    expect(code).toBe(0);
    expect(out).toMatch(/^cellar +temperature +235 +23\.5 +°C +good$/m);
    expect(out).toMatch(/^meter +voltage +230\.1 +230\.1 +V +good$/m);
    expect(out).toContain('mind: eastron-sdm120 (not verified)');
    expect(out).toContain('A holding register can reverse the word order');
    const [meter] = JSON.parse((await keepwatch('probe', '-c', 'site.yaml', '--json')).out);
    expect(meter).toMatchObject({ device: 'meter', ok: true, profile: 'eastron-sdm120', verified: false });
    expect(meter.caveats[0]).toHaveProperty('zh');
  });

  test('a recording, played back, shows what the line showed', async () => {
    const live = await keepwatch('probe', '-c', 'site.yaml', '--trace', '--record', 'field.rec', '--json');
    expect(live.err).toMatch(/^ +\d+\.\d ms {2}\S+ttyUSB0 {2}→ {2}04 04 00 01 00 02 20 5E$/m);
    expect(live.err).toMatch(/←/);
    expect(readFileSync(path.join(folder, 'field.rec'), 'utf8')).toMatch(
      /^# keepwatch recording 1\n# modbus-rtu, begun .*\n\d+\.\d{3} opened serial \S+ 9600 none 8 1\n\d+\.\d{3} > 0/,
    );
    const site = readFileSync(path.join(folder, 'site.yaml'), 'utf8');
    const played = `{ driver: recording, of: modbus-rtu, file: ${folder}/field.rec }`;
    writeFileSync(path.join(folder, 'play.yaml'), site.replace(/\{ driver: modbus-rtu.*? \}/, played));
    const again = await keepwatch('probe', '-c', 'play.yaml', '--json');
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toEqual(JSON.parse(live.out));
    // what was recorded is never written over
    expect(await keepwatch('probe', '-c', 'site.yaml', '--record', 'field.rec')).toMatchObject({ code: 2 });
  }, 30_000);

  test('a scan without a site file, and its lines are a good one', async () => {
    const { code, out, err } = await keepwatch(
      'probe',
      '--scan',
      '--path',
      port,
      '--to',
      '8',
      '--timeout',
      '50ms',
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^ +1 +9600 8N1 .* eastron-sdm120 +sure /m);
    expect(out).toMatch(/^ +4 +9600 8N1 .* xy-md02 +likely /m);
    expect(out.match(/^ {2}unit_\d+:/gm)).toEqual(['  unit_1:', '  unit_4:', '  unit_5:']);
    expect(err).toContain('9600 8N1 unit 4: holding:0: Modbus exception 2 (illegal data address)');
    expect(faultsOf(out.slice(out.indexOf('buses:')))).toEqual([]);
    for (const unit of line.units.values()) expect(await unit.writes()).toBe(0);
  }, 30_000);

  test('a scan of a configured bus knows what is configured', async () => {
    const argv = [
      'probe',
      'line1',
      '-c',
      'site.yaml',
      '--scan',
      '--from',
      '4',
      '--to',
      '5',
      '--timeout',
      '50ms',
    ];
    const { out } = await keepwatch(...argv);
    expect(out).toContain('# unit 4: in the site file as cellar');
    expect(out).toMatch(/^ {2}unit_5: \{ bus: line1, unit: 5, profile: pzem-016 \}$/m);
    const json = JSON.parse((await keepwatch(...argv, '--json')).out);
    expect(json.found.map(({ unit, device }: { unit: number; device?: string }) => [unit, device])).toEqual([
      [4, 'cellar'],
      [5, undefined],
    ]);
  }, 30_000);

  test('nobody there is 1, with where to look', async () => {
    const { code, out } = await keepwatch(
      'probe',
      '--scan',
      '--path',
      port,
      '--from',
      '7',
      '--to',
      '8',
      '--bauds',
      '9600',
    );
    expect(code).toBe(1);
    expect(out).toContain('no unit answered; look at wiring');
  }, 30_000);

  test('a port that another program holds is left alone', async () => {
    const signal = new AbortController().signal;
    const held = await openLink(
      { kind: 'serial', path: port, baudRate: 9600, parity: 'none', dataBits: 8, stopBits: 1 },
      { clock: systemClock(), signal, lost() {} },
    );
    const { code, out, err } = await keepwatch('probe', '--scan', '--path', port);
    await held.close();
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/ttyUSB0 is in use by another program; where that is keepwatch, stop it first/);
  });

  test('Ctrl-C ends a scan cleanly, with what was found', async () => {
    const env = { ...process.env, LANG: 'C.UTF-8' };
    const child: ChildProcess = spawn(process.execPath, [program, 'probe', '--scan', '--path', port], {
      env,
    });
    let out = '';
    child.stdout!.on('data', (text) => {
      out += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stderr!.on('data', (text) => {
      if (String(text).includes('unit 1')) child.kill('SIGINT');
    });
    expect(await ended).toBe(1);
    expect(out).toContain('stopped before the end');
    expect(out).toMatch(/^ +1 +9600 8N1/m);
  });

  test('over TCP', async () => {
    const gateway = await startUnits('tcp');
    await gateway.fill(3, xyMd02);
    const { code, out } = await keepwatch(
      'probe',
      '--scan',
      '--host',
      '127.0.0.1',
      '--port',
      String(gateway.port),
      '--to',
      '5',
    );
    await gateway.stop();
    expect(code).toBe(0);
    expect(out).toContain(`lan1: { driver: modbus-tcp, host: "127.0.0.1", port: ${gateway.port} }`);
    expect(out).toContain('unit_3: { bus: lan1, unit: 3, profile: xy-md02 }');
    expect(faultsOf(out.slice(out.indexOf('buses:')))).toEqual([]);
  });
});

test.each([
  [['probe', '--path', '/dev/x'], /--path is for --scan/],
  [['probe', '--scan', '--path', '/dev/x', '--host', 'h'], /not both/],
  [['probe', '--scan', '--path', '/dev/x', '--from', '9', '--to', '3'], /--from 9 is above --to 3/],
  [['probe', '--scan', '--host', 'h', '--bauds', '9600'], /for serial lines/],
  [['probe', '--scan', '--path', '/dev/x', '--parities', 'mark'], /none, even, odd/],
  [['probe', '--scan', '--path', '/dev/x', '--to', '300'], /0 to 255/],
  [['probe', '--scan', '--port', '1'], /--port goes with --host/],
])('%j is wrong usage', async (argv, words) => {
  const { code, out, err } = await keepwatch(...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(words);
});
