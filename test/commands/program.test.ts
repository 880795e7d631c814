// The built program from outside: exit codes, what goes to which stream, and operators' verbs as they reach a
// daemon. Needs `npm run build` before, as `npm test` does it.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plainRun } from '../../src/commands/plain-run.ts';
import { type Control, startControl } from '../../src/control/server.ts';
import { packageRoot } from '../../src/lib/assets.ts';
import { event, incident, quiet, status, type TestHost, testHost } from '../control/host.ts';

const program = path.join(packageRoot, 'dist', 'main.js');

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let folder: string;

/** Runs the program in a folder without a site file, and without a demo. */
function keepwatch(argv: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const env = { ...process.env, TMPDIR: folder, LANG: 'C.UTF-8', NO_COLOR: '', ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...argv],
      { cwd: folder, env, timeout: 20_000 },
      (error, out, err) => {
        const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
        resolve({ code, out, err });
      },
    );
  });
}

beforeAll(() => {
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'keepwatch-program-')));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('wrong usage is 2, with words and no results', () => {
  test.each([
    [[]],
    [['watch']],
    [['--nope']],
    [['status', '--nope']],
    [['status', 'extra']],
    [['ack']],
    [['step', 'i1']],
    [['level', 'i1', 'huge']],
    [['close', 'i1', '--verdict', 'perhaps']],
    [['shelve', 'i1', '--reason', 'x']],
    [['shelve', 'i1', '--for', 'soon', '--reason', 'x']],
    [['disable', '--reason', 'x']],
    [['disable', 'inputs', '--zone', 'atrium', '--reason', 'x']],
    [['disable', 'inputs.smoke']],
    [['output', 'siren', 'on']],
    [['output', 'siren', 'loud', '--for', '5m']],
    [['incidents', '--lang', 'fr']],
    [['run', '-c']],
    [['run', '--fast']],
    [['run', 'site.yaml']],
    [['check']],
    [['probe']],
  ])('%j', async (argv) => {
    const { code, out, err } = await keepwatch(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toBe('');
    expect(err).not.toContain('    at ');
  });
});

describe('help and version', () => {
  test('are results', async () => {
    expect(await keepwatch(['--version'])).toEqual({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      err: '',
    });
    const { code, out } = await keepwatch(['--help']);
    expect(code).toBe(0);
    for (const verb of ['run', 'check', 'probe', 'status', 'explain', 'demo'])
      expect(out).toMatch(new RegExp(`^ +${verb} `, 'm'));
  });

  test.each(['run', 'check', 'schema', 'probe', 'status', 'close', 'disable', 'follow'])(
    '%s has an example',
    async (verb) => {
      const { code, out } = await keepwatch([verb, '--help']);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`Example:\n  keepwatch ${verb}`));
      expect(await keepwatch(['help', verb])).toMatchObject({ code: 0, out });
    },
  );
});

describe('no daemon is 3, with a hint', () => {
  test.each([
    [['status']],
    [['points', '--json']],
    [['incidents', '--all']],
    [['ack', 'i1']],
    [['explain', 'i1']],
    [['follow']],
    [['demo', 'smoke']],
    [['status', '--socket', '/nowhere/keepwatch.sock']],
    [['status', '-c', 'none.yaml']],
  ])('%j', async (argv) => {
    const { code, out, err } = await keepwatch(argv);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(/^keepwatch: .*(--socket|-c FILE)/);
  });
});

describe('with a daemon', () => {
  let host: TestHost;
  let control: Control;

  beforeAll(async () => {
    mkdirSync(path.join(folder, 'site', 'state'), { recursive: true });
    // of a spoilt file the data folder is found all the same
    writeFileSync(path.join(folder, 'site', 'site.yaml'), 'data: state\nbuses: [\n');
    writeFileSync(path.join(folder, 'site', 'good.yaml'), 'data: ./state\n');
  });
  beforeEach(async () => {
    await control?.close();
    host = testHost({ demo: async () => {} });
    control = await startControl({ folder: path.join(folder, 'site', 'state'), host, log: quiet });
  });
  afterAll(() => control.close());

  const site = ['-c', 'site/good.yaml'];

  test('finds it by the data folder of the site file, relative to the file, or by its socket', async () => {
    expect((await keepwatch(['status', ...site])).code).toBe(0);
    expect((await keepwatch(['status', '-c', path.join(folder, 'site', 'site.yaml')])).code).toBe(0);
    expect((await keepwatch(['status', '--socket', 'site/state/keepwatch.sock'])).code).toBe(0);
    expect((await keepwatch(['status', '--socket', 'site/state'])).code).toBe(0);
  });

  test('JSON is what the daemon says, exactly', async () => {
    expect(JSON.parse((await keepwatch(['status', '--json', ...site])).out)).toEqual(status);
    // as over MQTT: a unit is null where there is none
    expect(JSON.parse((await keepwatch(['points', '--json', ...site])).out)).toEqual(
      host.points().map((point) => ({ unit: null, ...point })),
    );
    expect(JSON.parse((await keepwatch(['incidents', '--json', ...site])).out)).toEqual([incident]);
    expect(JSON.parse((await keepwatch(['incidents', '--all', '--json', ...site])).out)).toHaveLength(2);
    expect(JSON.parse((await keepwatch(['explain', 'i1', '--json', ...site])).out)).toEqual({
      incident,
      events: [event],
    });
  });

  test('tables have no colours in a pipe and speak the language asked for', async () => {
    const { out } = await keepwatch(['incidents', ...site]);
    expect(out).toContain('火灾 · 中庭');
    expect(out).not.toContain('\u001b');
    expect((await keepwatch(['incidents', '--lang', 'en', ...site])).out).toContain('Fire · Atrium');
  });

  test('explain of what is not there is 1', async () => {
    expect(await keepwatch(['explain', 'i7', ...site])).toMatchObject({ code: 1, out: '' });
  });

  test.each([
    [
      ['raise', 'fire', '--zone', 'atrium', '--level', 'urgent', '--note', 'seen'],
      { verb: 'raise', plan: 'fire', zone: 'atrium', level: 'urgent', note: 'seen' },
    ],
    [['ack', 'i1', '--note', 'on my way'], { verb: 'ack', incident: 'i1', note: 'on my way' }],
    [['silence'], { verb: 'silence' }],
    [['silence', 'i1'], { verb: 'silence', incident: 'i1' }],
    [['reset', 'i1'], { verb: 'reset', incident: 'i1' }],
    [
      ['close', 'i1', '--verdict', 'false', '--cause', 'steam', '--remedy', 'aired', '--losses', 'none'],
      { verb: 'close', incident: 'i1', verdict: 'false', cause: 'steam', remedy: 'aired', losses: 'none' },
    ],
    [['note', 'i1', 'brigade', 'is', 'here'], { verb: 'note', incident: 'i1', text: 'brigade is here' }],
    [
      ['step', 'i1', 'evacuate', '--note', 'empty'],
      { verb: 'step', incident: 'i1', step: 'evacuate', note: 'empty' },
    ],
    [['level', 'i1', 'major'], { verb: 'level', incident: 'i1', level: 'major' }],
    [
      ['shelve', 'i1', '--for', '10m', '--reason', 'works'],
      { verb: 'shelve', incident: 'i1', for: '10m', reason: 'works' },
    ],
    [['unshelve', 'i1'], { verb: 'unshelve', incident: 'i1' }],
    [
      ['disable', 'inputs.smoke', '--reason', 'works'],
      { verb: 'disable', point: 'inputs.smoke', reason: 'works' },
    ],
    [
      ['disable', 'inputs', '--for', '2h', '--reason', 'works'],
      { verb: 'disable', device: 'inputs', for: '2h', reason: 'works' },
    ],
    [
      ['disable', '--zone', 'atrium', '--reason', 'works'],
      { verb: 'disable', zone: 'atrium', reason: 'works' },
    ],
    [['enable', '--device', 'inputs'], { verb: 'enable', device: 'inputs' }],
    [['output', 'siren', 'off', '--for', '5m'], { verb: 'output', output: 'siren', value: false, for: '5m' }],
    [['output', 'siren', 'auto'], { verb: 'output', output: 'siren', value: 'auto' }],
  ])('%j', async (argv, fields) => {
    expect(await keepwatch([...argv, '--by', 'lina', ...site])).toEqual({ code: 0, out: 'done\n', err: '' });
    expect(host.commands).toEqual([
      { ...fields, id: expect.stringMatching(/^[0-9a-f-]{36}$/), by: 'lina', origin: 'cli' },
    ]);
  });

  test('a name without a dot that is no device is a zone', async () => {
    expect((await keepwatch(['disable', 'atrium', '--reason', 'works', ...site])).code).toBe(0);
    expect(host.commands).toMatchObject([{ device: 'atrium' }, { zone: 'atrium' }]);
    expect(host.commands[0]?.id).not.toBe(host.commands[1]?.id);
  });

  test('who does it: the person behind sudo, else the user', async () => {
    await keepwatch(['ack', 'i1', ...site], { SUDO_USER: 'lina' });
    await keepwatch(['ack', 'i1', ...site], { SUDO_USER: '' });
    expect(host.commands.map(({ by }) => by)).toEqual(['lina', os.userInfo().username]);
  });

  test('an empty name is wrong usage, not the login name', async () => {
    for (const by of ['', ' ']) {
      const { code, err } = await keepwatch(['ack', 'i1', '--by', by, ...site]);
      expect([code, err]).toEqual([2, expect.stringContaining('--by is empty')]);
    }
    expect(host.commands).toEqual([]);
  });

  test('a refusal is 1, with the reason among the words', async () => {
    expect(await keepwatch(['close', 'i9', ...site])).toEqual({
      code: 1,
      out: '',
      err: 'refused: not yet returned (refused)\n',
    });
    const { code, out } = await keepwatch(['close', 'i9', '--json', ...site]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ ok: false, code: 'refused' });
  });

  test('the demo is asked to play', async () => {
    expect(await keepwatch(['demo', ...site])).toMatchObject({ code: 0, out: 'the demo plays "smoke"\n' });
  });
});

describe('the site file', () => {
  test('check names every fault by place and is 1', async () => {
    writeFileSync(path.join(folder, 'bad.yaml'), 'premises: { id: UPPER }\nnonsense: 1\n');
    const { code, out, err } = await keepwatch(['check', '-c', 'bad.yaml']);
    expect(code).toBe(1);
    for (const line of out.trimEnd().split('\n')) expect(line).toMatch(/^\S*bad\.yaml:\d+:\d+: .+; .+/);
    expect(out.split('\n').length).toBeGreaterThan(2);
    expect(err).toMatch(/not good, \d+ faults/);
  });

  test('check prints faults before warnings', async () => {
    const zones = 'zones: { hall: { name: Hall } }\ndevices: {}\nnonsense: 1\n';
    writeFileSync(path.join(folder, 'both.yaml'), `${zones}premises: { id: a, name: A, timezone: UTC }\n`);
    const { code, out } = await keepwatch(['check', '-c', 'both.yaml']);
    expect(code).toBe(1);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/both\.yaml:3:1: unknown key `nonsense`/);
    expect(lines[1]).toMatch(/both\.yaml:1:\d+: warning: zone `hall` is not used/);
  });

  test('run with faults is 1 and shows them', async () => {
    writeFileSync(path.join(folder, 'bad.yaml'), 'premises: { id: UPPER }\nnonsense: 1\n');
    const { code, err } = await keepwatch(['run', '-c', 'bad.yaml']);
    expect(code).toBe(1);
    expect(err).toMatch(/bad\.yaml:2:1: /);
  });

  test('schema is a JSON Schema', async () => {
    const { code, out } = await keepwatch(['schema']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toHaveProperty('properties.premises');
  });
});

test.each([
  [['run'], {}],
  [['run', '-c', 'a.yaml'], { config: 'a.yaml' }],
  [['run', '--config', 'a.yaml', '--socket', '/b'], { config: 'a.yaml', socket: '/b' }],
  [['run', '-c'], undefined],
  [['run', '-c', '--socket'], undefined],
  [['run', '-c', 'a', '-c', 'b'], undefined],
  [['run', '--help'], undefined],
  [['run', '-ca.yaml'], undefined],
  [['check'], undefined],
])('the plain form of run: %j', (argv, options) => expect(plainRun(argv)).toEqual(options));
