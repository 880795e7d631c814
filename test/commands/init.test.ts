// `keepwatch init` as a whole: by options alone, by answers on a pipe and on a terminal, with units behind pseudo
// terminals and without any hardware; stopped half way, and where something is there already.

import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startUnits, xyMd02 } from '../probe/units.ts';
import { until } from '../support/broker.ts';
import { keepwatch, type Outcome, program } from '../support/daemon.ts';
import { haveLibmodbus } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { haveSocat, serialPair } from '../support/serial-line.ts';

let folder: string;
beforeAll(() => void program(), 180_000);
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-init-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const init = (...argv: string[]): Promise<Outcome> => keepwatch(['init', ...argv], { cwd: folder });
const site = (): string => readFileSync(path.join(folder, 'keepwatch.yaml'), 'utf8');

/** Types lines as they are asked for, and gives how it ended. */
function answered(
  lines: readonly string[],
  options: { end?: boolean; argv?: string[]; stopAt?: RegExp } = {},
) {
  const child = spawn(process.execPath, [program(), 'init', ...(options.argv ?? [])], {
    cwd: folder,
    env: { ...process.env, LANG: 'C.UTF-8', TZ: 'Asia/Shanghai' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let stopped = false;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (options.stopAt?.test(stderr) && !stopped) {
      stopped = true;
      child.kill('SIGINT');
    }
  });
  for (const line of lines) child.stdin.write(`${line}\n`);
  if (options.end !== false) child.stdin.end();
  return new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

describe('by options alone', () => {
  test('a whole site, which `check` takes', async () => {
    const made = await init(
      ...[
        '--yes',
        '--premises',
        'store_0042',
        '--name-zh',
        '人民路店',
        '--name-en',
        'Renmin Road',
        '--timezone',
        'Asia/Shanghai',
      ],
      ...['--zone', 'hall=大厅/Hall', '--bus', 'line1=/dev/serial/by-id/usb-FTDI_A1-if00-port0,9600,none'],
      ...[
        '--device',
        'board=line1:2:generic-modbus-smoke:hall',
        '--contact',
        'panic_desk=GPIO27:panic:hall:no',
      ],
      ...[
        '--contact',
        'smoke_hall=GPIO17:smoke:hall',
        '--output',
        'siren=GPIO22',
        '--person',
        'wang=+8613800000001',
      ],
    );
    expect(made).toMatchObject({ code: 0, stdout: `${folder}/contacts.yaml\n${folder}/keepwatch.yaml\n` });
    expect(made.stderr).toMatch(/keepwatch walktest start/);
    expect(readdirSync(folder).sort()).toEqual(['contacts.yaml', 'keepwatch.yaml']);
    const checked = await keepwatch(['check', '-c', path.join(folder, 'keepwatch.yaml')]);
    expect(checked.code).toBe(0);
    expect(site()).toContain('smoke_hall: { line: "GPIO17", kind: smoke, zone: hall, debounce: 50ms }');
    expect(site()).toContain(
      'panic_desk: { line: "GPIO27", kind: panic, zone: hall, activeLow: true, debounce: 50ms }',
    );
    expect(site()).not.toMatch(/password: \S/);
  });

  test('a broker with a user: the secret is what is left', async () => {
    const made = await init(
      '--yes',
      '--premises',
      'store_1',
      '--mqtt',
      'mqtts://broker.example:8883',
      '--mqtt-user',
      'gw42',
    );
    expect(made.code).toBe(0);
    expect(made.stderr).toMatch(/secret `mqtt_password` is in none of its places/);
    expect(site()).toContain('password: !secret mqtt_password');
  });

  test('what it makes is run', async () => {
    await init('--yes', '--premises', 'store_1', '--mqtt', 'none', '--data', path.join(folder, 'state'));
    const child = spawn(process.execPath, [program(), 'run'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let log = '';
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    try {
      await until('it runs', () => log.includes('"STARTED"'), 20_000);
    } finally {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    }
  }, 40_000);

  test.each([
    [['--yes'], /--premises/],
    [['--yes', '--premises', 'Store'], /small letters/],
    [['--yes', '--premises', 's', '--bus', 'line1'], /line1=\/dev/],
    [['--yes', '--premises', 's', '--device', 'board=line9:1'], /no such bus; add --bus line9/],
    [['--yes', '--premises', 's', '--bus', 'a=/dev/x', '--bus', 'a=/dev/y'], /is there twice/],
    [['--yes', '--premises', 's', '--timezone', 'Mars/Olympus'], /no time zone/],
    [['--scan'], /goes with --yes/],
  ])('wrong usage: %s', async (argv, words) => {
    const outcome = await init(...argv);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(words) });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('never over a site file, nor over contacts', async () => {
    writeFileSync(path.join(folder, 'keepwatch.yaml'), 'mine');
    expect(await init('--yes', '--premises', 's')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there already'),
    });
    expect(site()).toBe('mine');
    rmSync(path.join(folder, 'keepwatch.yaml'));
    writeFileSync(path.join(folder, 'contacts.yaml'), 'mine');
    expect((await init('--yes', '--premises', 's', '--person', 'wang=+86138')).code).toBe(1);
    expect(readdirSync(folder)).toEqual(['contacts.yaml']);
  });

  test('what `check` refuses is not written', async () => {
    const outcome = await init(
      '--yes',
      '--premises',
      's',
      '--mqtt',
      'mqtts://b.example',
      '--mqtt-ca',
      'nowhere.pem',
    );
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^keepwatch\.yaml:\d+:\d+: there is no file .*nowhere\.pem/m);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder that is not there is made, and one that can’t be is said', async () => {
    expect((await init('--yes', '--premises', 's', '--dir', 'a/b')).code).toBe(0);
    expect(existsSync(path.join(folder, 'a/b/keepwatch.yaml'))).toBe(true);
    writeFileSync(path.join(folder, 'file'), '');
    const outcome = await init('--yes', '--premises', 's', '--dir', 'file/b');
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was written') });
  });
});

describe('by answers', () => {
  test('defaults by Enter, a wrong answer is asked again', async () => {
    const { code, stderr } = await answered([
      'Store 42',
      'store_42',
      '人民路店',
      '',
      '',
      'zh',
      'embedded',
      'hall=大厅/Hall',
      ...Array(12).fill(''),
    ]);
    expect(stderr).toContain('"Store 42" is no id of premises');
    expect(code).toBe(0);
    expect(site()).toMatch(/id: store_42 /);
    expect(site()).toContain('name: "人民路店"');
    expect(site()).toContain('timezone: Asia/Shanghai');
    expect(site()).toContain('hall: { name: { zh: "大厅", en: "Hall" } }');
    expect((await keepwatch(['check', '-c', path.join(folder, 'keepwatch.yaml')])).code).toBe(0);
  });

  test('the input ends half way: nothing is written', async () => {
    const outcome = await answered(['store_42', '人民路店']);
    expect(outcome).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('nothing was written'),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('Ctrl-C half way: nothing is written', async () => {
    mkdirSync(path.join(folder, 'x'));
    const outcome = await answered(['store_42'], { end: false, stopAt: /Name in Chinese/ });
    expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was written') });
    expect(readdirSync(folder)).toEqual(['x']);
  });

  test.skipIf(!haveTools(['script', '--version']))(
    'on a terminal, Ctrl-C as it is typed',
    async () => {
      const child = spawn('script', ['-qec', `${process.execPath} ${program()} init`, '/dev/null'], {
        cwd: folder,
        env: { ...process.env, LANG: 'C.UTF-8', TERM: 'xterm' },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let seen = '';
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
      });
      const ended = new Promise((resolve) => child.once('close', resolve));
      await until('the first question', () => /Id of the premises/.test(seen), 20_000);
      child.stdin.write('store_42\r');
      await until('the second question', () => /Name in Chinese/.test(seen));
      child.stdin.write('\u0003');
      expect(await ended).toBe(1);
      expect(seen).toContain('nothing was written');
      expect(readdirSync(folder)).toEqual([]);
    },
    40_000,
  );
});

test.skipIf(!haveSocat() || !haveLibmodbus())(
  '--scan finds a unit and what it is',
  { timeout: 90_000 },
  async () => {
    const line = await serialPair();
    const units = await startUnits('rtu', line.b, 1);
    try {
      await units.fill(1, xyMd02);
      const made = await init('--yes', '--premises', 'store_1', '--scan', '--bus', `line1=${line.a}`);
      expect(made.code).toBe(0);
      expect(site()).toMatch(/xy_md02: \{ bus: line1, unit: 1, profile: xy-md02 \}/);
      expect(await units.writes()).toBe(0);
    } finally {
      await units.stop();
      await line.stop();
    }
  },
);
