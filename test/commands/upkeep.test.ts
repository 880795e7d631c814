// The verbs of plans and upkeep against a real daemon: what they do, what they refuse, and how an incident is
// explained, in both languages.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planMeant } from '../../src/commands/plans.ts';
import { eventually, keepwatch, newPlace, type Outcome, type Place, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from '../system/site.ts';

const able = haveLibmodbus();
let place: Place;
let slave: Slave;

const fire = {
  id: 'fire',
  title: { zh: '火灾', en: 'Fire' },
  category: 'alarm',
  level: 'major',
  drillEvery: '182d',
  notify: [
    { to: ['control_room'] },
    { to: ['store_manager'], after: '1s', unless: 'returned' },
    { to: ['security_captain'], after: '2h', unless: 'acknowledged' },
    { to: ['general_manager'], level: 'urgent' },
  ],
  rises: [{ level: 'urgent', after: '3h', unless: 'acknowledged' }],
  keeps: [{ id: 'video', text: { zh: '监控录像', en: 'Video' }, for: '30d' }],
  steps: [
    { id: 'look', text: { zh: '到现场查看', en: 'Go and look' }, role: 'control_room', within: '1s' },
    { id: 'call', text: { zh: '拨打 119', en: 'Call 119' }, call: '119', within: '4h', required: true },
  ],
};

beforeAll(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  mkdirSync(path.join(place.folder, 'plans'));
  writeFileSync(path.join(place.folder, 'plans', 'fire.yaml'), JSON.stringify(fire));
  writeFileSync(
    path.join(place.folder, 'readiness.yaml'),
    JSON.stringify({
      articles: {
        torch: { name: { zh: '手电筒', en: 'Torch' }, amount: 2, check: '30d' },
        mask: { name: { zh: '口罩', en: 'Mask' }, expires: '2026-01-01' },
      },
    }),
  );
  const more = { plans: 'plans', duties: { readiness: 'readiness.yaml' } };
  place.write(siteOf('embedded', alarmSite(slave.port, { ...more, mqtt: { listen: '127.0.0.1:0' } })));
  await place.start();
}, 60_000);
afterAll(async () => {
  await place?.leave();
  await slave?.stop();
});

const done = (words: string | RegExp): Outcome => ({
  code: 0,
  stdout: typeof words === 'string' ? `${words}\n` : expect.stringMatching(words),
  stderr: '',
});
const refused = (words: RegExp): Outcome => ({ code: 1, stdout: '', stderr: expect.stringMatching(words) });

describe('wrong usage is 2', () => {
  test.each([
    [['drill', 'begin', 'fire']],
    [['drill', 'start']],
    [['drill', 'stop', 'i1', 'i2']],
    [['drill', 'stop', '--channels']],
    [['drill', '--zone', 'atrium']],
    [['walktest', 'go']],
    [['walktest', 'start', '--for', 'long']],
    [['walktest', 'stop', '--zone', 'atrium']],
    [['readiness', 'torch']],
    [['readiness', 'sign']],
    [['readiness', '--amount', '2']],
    [['readiness', 'sign', 'torch', '--amount', 'two']],
    [['readiness', 'sign', 'torch', '--amount', '']],
    [['readiness', 'sign', 'torch', '--amount', '-1']],
    [['contacts']],
    [['contacts', 'wrong']],
    [['evidence']],
    [['evidence', 'i1']],
    [['evidence', 'i1', 'video', '--text', 'video']],
    [['evidence', 'i1', 'video', '--for', 'ever']],
    [['replay']],
    [['replay', '--from', 'yesterday']],
    [['replay', '--from', '2026-13-01']],
    [['replay', '--from', '1h', '--to', '2h']],
  ])('%j', async (argv) => {
    const { code, stdout, stderr } = await keepwatch(
      [...argv, '-c', path.join('config', 'demo', 'site.yaml')],
      {
        cwd: path.resolve(import.meta.dirname, '../..'),
      },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
  });
});

describe('help', () => {
  test.each(['drill', 'walktest', 'readiness', 'contacts', 'evidence', 'replay'])('%s', async (verb) => {
    const { code, stdout } = await keepwatch([verb, '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\n  keepwatch ${verb}`));
    expect((await keepwatch(['--help'])).stdout).toMatch(new RegExp(`^ +${verb} `, 'm'));
  });
});

test('docs/commands.md has every verb with every option of its own', async () => {
  const docs = readFileSync(path.resolve(import.meta.dirname, '../../docs/commands.md'), 'utf8');
  const help = (await keepwatch(['--help'])).stdout;
  const verbs = [...help.slice(help.indexOf('Commands:')).matchAll(/^ {2}([a-z]+) /gm)].map(
    ([, verb]) => verb!,
  );
  expect(verbs).toContain('replay');
  const missing: string[] = [];
  for (const verb of verbs.filter((one) => one !== 'help' && one !== 'keepwatch')) {
    const at = docs.indexOf(`**\`${verb}`);
    const part = docs.slice(Math.max(0, at), docs.indexOf('\n## ', Math.max(0, at)));
    if (at < 0 || !new RegExp(`^ {4}(sudo )?keepwatch ${verb}`, 'm').test(part)) missing.push(verb);
    const { stdout } = await keepwatch([verb, '--help']);
    const options = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z]+)/gm)].map(([, option]) => option!);
    const shared = ['--config', '--socket', '--json', '--lang', '--by', '--help'];
    for (const option of options.filter((one) => !shared.includes(one)))
      if (!new RegExp(`${option}\\b`).test(part)) missing.push(`${verb} ${option}`);
  }
  expect(missing).toEqual([]);
}, 60_000);

describe('plans', () => {
  const shop = (): string => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-plans-'));
    mkdirSync(path.join(folder, 'plans'));
    const own = { id: 'cold-room', title: { zh: '冷库断电', en: 'Cold room' }, category: 'alarm' };
    writeFileSync(path.join(folder, 'plans', 'cold-room.yaml'), JSON.stringify(own));
    writeFileSync(path.join(folder, 'site.yaml'), 'premises: { id: a }\nplans: plans\n');
    return folder;
  };

  test('with their names, levels and kinds, and those of the site, without a daemon', async () => {
    const folder = shop();
    try {
      const site = path.join(folder, 'site.yaml');
      const chinese = await keepwatch(['plans', '-c', site]);
      expect(chinese).toMatchObject({ code: 0, stderr: '' });
      expect(chinese.stdout).toMatch(/^编号 +名称 +类别 +级别 +触发的探测器$/m);
      expect(chinese.stdout).toMatch(/^fire +火灾 +▲ .* 紧急 +感烟、感温、/m);
      expect(chinese.stdout).toMatch(/^cold-room +冷库断电 /m);
      const { stdout } = await keepwatch(['plans', '-c', site, '--json']);
      const all: { id: string }[] = JSON.parse(stdout);
      expect(all.find(({ id }) => id === 'fire')).toEqual({
        id: 'fire',
        title: { zh: '火灾', en: 'Fire' },
        category: 'alarm',
        level: 'urgent',
        silent: false,
        kinds: expect.arrayContaining(['smoke', 'callPoint']),
      });
      writeFileSync(path.join(folder, 'plans', 'bad.yaml'), 'id: bad\n');
      expect(await keepwatch(['plans', '-c', site])).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(/^cold-room /m),
        stderr: expect.stringMatching(/bad\.yaml:1:1: `title`/),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['fires', 'fire'],
    ['gas_leak', 'gas-leak'],
    ['火灾', 'fire'],
    ['停电', 'power-loss'],
    ['fire', undefined],
    ['zebra crossing', undefined],
  ])('%s is meant as %s', async (word, id) => {
    const folder = shop();
    try {
      expect((await planMeant(word, path.join(folder, 'site.yaml')))?.id).toBe(id);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test.each([['drill'], ['walktest'], ['readiness'], ['contacts', 'checked'], ['evidence', 'i1', 'video']])(
  'without a daemon %s is 3',
  async (...argv) => {
    const { code, stderr } = await keepwatch([...argv, '--socket', '/nowhere/keepwatch.sock']);
    expect([code, stderr]).toEqual([3, expect.stringContaining('--socket')]);
  },
);

describe.skipIf(!able)('upkeep', () => {
  test('readiness shows what is due, and signing an article off moves it', async () => {
    const { stdout } = await place.cli('readiness');
    expect(stdout).toMatch(/2026-01-01 +▲ overdue +Mask +expires +mask/);
    expect(stdout).toMatch(/Torch +check +torch/);
    expect((await place.cli('readiness', '--lang', 'zh')).stdout).toMatch(/▲ 已逾期 +口罩 +到期更换 +mask/);
    expect((await place.cli('status')).stdout).toMatch(/▲ overdue +Mask/);

    expect(await place.cli('readiness', 'sign', 'lamp')).toEqual(
      refused(/^refused: .*no article lamp.*notFound/),
    );
    expect(await place.cli('readiness', 'sign', 'mask', '--expires', 'soon')).toEqual(refused(/date/));
    expect(await place.cli('readiness', 'sign', 'mask')).toEqual({
      ...done('mask signed off'),
      stderr: 'still expired 2026-01-01; when it is replaced, sign it with --expires\n',
    });
    expect((await place.cli('readiness', 'sign', 'mask', '--lang', 'zh')).stderr).toBe(
      '仍已过期 2026-01-01，更换后用 --expires 登记\n',
    );
    expect(await place.cli('readiness', 'sign', 'mask', '--expires', '2099-05-01', '--note', 'new')).toEqual(
      done('mask signed off'),
    );
    expect(await place.cli('readiness', 'sign', 'torch', '--amount', '1')).toEqual(done('torch signed off'));
    const duties: { subject: string; due: string; overdue: boolean }[] = await place.json('readiness');
    expect(duties.filter(({ overdue }) => overdue).map(({ subject }) => subject)).toEqual(['article:torch']);
    expect(duties.find(({ subject }) => subject === 'article:mask')?.due).toMatch(/^2099-04-30T16/);
  });

  test('contacts', async () => {
    expect(await place.cli('contacts', 'checked', '--note', 'rang all')).toEqual(
      done('contacts looked through'),
    );
  });

  test('a drill is begun, shown and ended', async () => {
    // the one that is due is half a year away
    expect((await place.cli('drill')).stdout).toMatch(
      /^no drill is running\n\n\d+ due after 60 days, the first on 20\d\d-\d\d-\d\d: keepwatch readiness\n$/,
    );
    expect((await place.cli('readiness')).stdout).toMatch(/Fire +drill +fire\n/);
    expect(await place.cli('drill', 'start', 'flood')).toEqual(refused(/no plan flood.* \(notFound\)/));
    expect(await place.cli('drill', 'start', 'fires')).toEqual(
      refused(/\(notFound\)\ndid you mean fire \(Fire\)\? keepwatch plans lists all\n$/),
    );
    expect(await place.cli('drill', 'stop')).toEqual(refused(/no drill is running/));
    expect(await place.cli('drill', 'start', 'fire', '--zone', 'atrium', '--channels')).toEqual(
      done(/^drill started as i\d/),
    );
    expect(await place.json('drill')).toMatchObject({
      running: [{ plan: 'fire', zone: 'atrium' }],
      due: expect.arrayContaining([expect.objectContaining({ subject: 'drill:fire' })]),
    });
    const [incident] = (await place.json('incidents')).filter(({ drill }: { drill: boolean }) => drill);
    expect(incident.allow).toEqual({ outputs: false, channels: true });
    expect((await place.cli('drill', '--lang', 'zh')).stdout).toMatch(/^演练 .*\ni\d\S* +fire +atrium/);
    expect((await place.cli('status')).stdout).toMatch(/^drill .*\ni\d\S* +fire/m);
    expect(await place.cli('drill', 'stop', incident.id)).toEqual(done(/: drill ended/));
  });

  test('a walk test hears detectors and says which are left', async () => {
    expect(await place.cli('walktest')).toEqual(done('no walk test is running'));
    expect(await place.cli('walktest', 'stop')).toEqual(refused(/no walk test is running/));
    expect(await place.cli('walktest', 'start', '--zone', 'cellar')).toEqual(refused(/no zone cellar/));
    expect(await place.cli('walktest', 'start', '--zone', 'kitchen', '--for', '1h')).toEqual(
      done(/^walk test of 2 detectors begun/),
    );
    expect((await place.cli('walktest')).stdout).toMatch(/heard: 0\/2\n {2}left: inputs.flood, inputs.ppm/);
    await slave.set('discrete', 1, 1);
    const heard = await eventually(
      'flood is heard',
      () => place.json('walktest'),
      (test) => test.heard === 1,
    );
    expect(heard).toMatchObject({ zone: 'kitchen', left: ['inputs.ppm'], ending: false });
    await slave.set('discrete', 1, 0);
    expect((await place.cli('walktest', '--lang', 'zh')).stdout).toMatch(/已测: 1\/2\n {2}未测: inputs.ppm/);
    expect((await place.cli('status')).stdout).toMatch(/left: inputs.ppm/);
    await eventually(
      'flood is at rest',
      () => place.json('points'),
      (points) => points.find(({ id }: { id: string }) => id === 'inputs.flood').value === false,
    );
    expect(await place.cli('walktest', 'stop')).toEqual(done(/^walk test ended/));
    expect(await place.json('walktest')).toBeNull();
  });
});

describe.skipIf(!able)('an incident', () => {
  let id: string;

  beforeAll(async () => {
    const { incident } = JSON.parse(
      (
        await place.cli(
          ...['raise', 'fire', '--zone', 'plant', '--finder', 'Zhang San', '--phone', '138', '--by', 'li'],
          ...['--place', '2nd floor', '--json'],
        )
      ).stdout,
    );
    id = incident;
    await eventually(
      'the second rung was climbed and the first step is overdue',
      () => place.json('explain', id),
      ({ incident: one }) => one.told.length >= 3,
    );
  }, 30_000);

  test('keeps evidence', async () => {
    expect(await place.cli('evidence', id, 'tape')).toEqual(refused(/no evidence tape; there are: video/));
    expect((await place.cli('explain', id)).stdout).toMatch(/○ +video +Video +not secured yet · keep 30 d/);
    expect(
      await place.cli('evidence', id, 'video', '--for', '60d', '--note', 'disk 4', '--by', 'li'),
    ).toEqual(done(/evidence recorded$/m));
    expect(await place.cli('evidence', id, '--text', 'door log', '--by', 'li')).toEqual(done(/recorded$/m));
    const { stdout } = await place.cli('explain', id);
    expect(stdout).toMatch(/✓ +video +Video +secured .* · li · keep 60 d · “disk 4”/);
    expect(stdout).toMatch(/✓ +e2 +door log +secured .* · li · keep 30 d/);
  });

  test('is explained: who found it, who was told and why, steps, and what comes next', async () => {
    const { stdout } = await place.cli('explain', id);
    for (const line of [
      /^ {2}found by: Zhang San 138$/m,
      /^ {2}place: 2nd floor$/m,
      /▸ told +control_room +at once$/m,
      // nobody listens at the broker inside, which says nothing of it
      /control_room · mqtt +→ handed to the broker$/m,
      /▸ told +store_manager +not back to normal after 1 s$/m,
      /▸ told +control_room +step look is not done in its time$/m,
      /▲ +look +Go and look +due by .* · overdue · control_room$/m,
      /○ +call +Call 119 +due by .* · must be done$/m,
      /^ {2}[-\d]* ?\d\d:\d\d:\d\d {2}security_captain told \(unless acknowledged\)$/m,
      /^ {2}[-\d]* ?\d\d:\d\d:\d\d {2}level rises to urgent \(unless acknowledged\)$/m,
      /^ {2}[-\d]* ?\d\d:\d\d:\d\d {2}step call is overdue$/m,
      /^ {2}later {2}general_manager told \(from level urgent on\)$/m,
    ])
      expect(stdout).toMatch(line);
  });

  test('and in Chinese, without a sentence of the engine in English', async () => {
    const { stdout } = await place.cli('explain', id, '--lang', 'zh');
    const ladder = stdout.slice(stdout.indexOf('通知经过'));
    for (const line of [
      /▸ 已通知 +中控值班员 +立即通知$/m,
      /▸ 已通知 +店长 +已过 1 秒，现场仍未恢复$/m,
      /▸ 已通知 +中控值班员 +步骤 look 超时未完成$/m,
      /▲ +look +到现场查看 +限时 .* · 超时 · 中控值班员$/m,
      /^若无人处理，接下来:$/m,
      /通知 保安队长 \(届时已确认则免\)$/m,
      /级别升为紧急 \(届时已确认则免\)$/m,
      /^ {2}待定 {2}通知 总经理 \(级别达到紧急时\)$/m,
    ])
      expect(ladder).toMatch(line);
    expect(ladder).not.toMatch(/\b(told|after|step|unless|nobody|the)\b/);
  });

  test('what an acknowledgement made needless is left out, and says so', async () => {
    expect((await place.cli('ack', id, '--by', '王芳')).code).toBe(0);
    expect((await place.cli('explain', id)).stdout).toMatch(
      /– not told +security_captain +acknowledged by 王芳$/m,
    );
    const { stdout } = await place.cli('explain', id, '--lang', 'zh');
    expect(stdout).toMatch(/– 未通知 +保安队长 +王芳 已确认$/m);
    expect(stdout.slice(stdout.indexOf('接下来'))).not.toContain('保安队长');
  });

  test('JSON carries what comes next', async () => {
    const { next } = await place.json('explain', id);
    expect(next).toEqual([
      { kind: 'step', at: expect.stringMatching(/Z$/), roles: [], step: 'call' },
      { kind: 'rung', roles: ['general_manager'], level: 'urgent' },
    ]);
  });
});
