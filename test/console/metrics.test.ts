// The metrics of a daemon in the test's process: who may read them, that they are well formed and say what the house says,
// that there are never more series than the site has parts, and that nothing of them is loaded unless somebody asks.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { formatFault } from '../../src/config/faults.ts';
import { loadConfig } from '../../src/config/load.ts';
import { commitSeconds, metrics } from '../../src/console/metric-list.ts';
import { isMetricsToken } from '../../src/console/metrics-door.ts';
import { packageRoot } from '../../src/lib/assets.ts';
import { certificateMaker } from '../support/broker.ts';
import { checkout, eventually } from '../support/daemon.ts';
import { importsOf } from '../support/imports.ts';
import { haveTools } from '../support/need.ts';
import { openStage, type Stage, siteWith, users } from './stage.ts';

const token = 'a-token-of-more-than-24-signs';
const house = {
  zones: { atrium: { name: { zh: '中庭', en: 'Atrium' } } },
  // nobody listens there
  buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port: 1 } },
  devices: {
    inputs: {
      bus: 'lan',
      unit: 1,
      every: '50ms',
      points: {
        smoke: { read: 'discrete:0', kind: 'smoke', zone: 'atrium' },
        heat: { read: 'discrete:1', kind: 'heat', zone: 'atrium' },
      },
    },
  },
};

let stage: Stage | undefined;
const undo: (() => void)[] = [];
afterEach(async () => {
  await stage?.stop();
  stage = undefined;
  for (const each of undo.splice(0).reverse()) each();
});

type Series = ReadonlyMap<string, number>;

/** `name{label="value"}` → value. */
function seriesOf(text: string): Series {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

const ask = (headers: Record<string, string> = {}) => stage!.client().ask('GET', '//metrics', { headers });
const series = async (): Promise<Series> => seriesOf((await ask()).text);
const bearer = (given: string) => ({ authorization: `Bearer ${given}` });

describe('what they say', () => {
  test('is what the house says, well formed, and each with its help', async () => {
    stage = await openStage(siteWith({ withoutLogin: 'configure' }, house));
    const first = await ask();
    expect(first.status).toBe(200);
    expect(first.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(first.headers['cache-control']).toBe('no-store');
    await eventually(
      'the bus is down',
      series,
      (seen) => seen.get('keepwatch_bus_up{bus="lan",driver="modbus-tcp"}') === 0,
    );
    const opened = 'keepwatch_incidents_opened_total{category="alarm",level="urgent",drill="false"}';
    const before = await series();
    expect(before.get(opened)).toBe(0);
    const client = stage.client();
    for (const command of [
      { verb: 'raise', by: 'li', plan: 'fire', zone: 'atrium' },
      { verb: 'disable', by: 'li', point: 'inputs.heat', reason: 'dust', for: '1h' },
    ])
      expect((await client.command(command)).json).toEqual(expect.objectContaining({ ok: true }));
    const seen = await series();
    expect(seen.get(opened)).toBe(1);
    expect(
      seen.get(
        'keepwatch_incidents_open{category="alarm",level="urgent",state="unacknowledged",drill="false"}',
      ),
    ).toBe(1);
    expect(seen.get('keepwatch_device_up{bus="lan",device="inputs"}')).toBe(0);
    expect(seen.get('keepwatch_points{quality="stale"}')).toBe(2);
    expect(seen.get('keepwatch_points_out_of_service')).toBe(1);
    expect(seen.get('keepwatch_commit_duration_seconds_count')).toBeGreaterThan(
      before.get('keepwatch_commit_duration_seconds_count')!,
    );
    expect(seen.get('keepwatch_commit_duration_seconds_bucket{le="+Inf"}')).toBe(
      seen.get('keepwatch_commit_duration_seconds_count'),
    );
    expect(seen.get('keepwatch_store_ok')).toBe(1);
    expect(seen.get('keepwatch_store_bytes')).toBeGreaterThan(0);
    expect(seen.get('keepwatch_process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    // no broker here: there is nothing to be connected
    expect([...seen.keys()].filter((name) => name.startsWith('keepwatch_broker'))).toEqual([]);
    await eventually(
      'it waits',
      series,
      (now) => now.get('keepwatch_unacknowledged_seconds{category="alarm"}')! > 0,
    );
    await eventually('timers were looked at', series, (now) =>
      now.has('keepwatch_loop_delay_longest_seconds'),
    );

    const { text } = await ask();
    const helps = [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map((match) => match[1]!);
    const types = [...text.matchAll(/^# TYPE (\S+) (gauge|counter|histogram)$/gm)].map((match) => match[1]!);
    expect(types).toEqual(helps);
    for (const name of seriesOf(text).keys()) expect(name).toMatch(/^keepwatch_[a-z0-9_]+(\{|$)/);
    if (haveTools(['promtool', '--version'])) {
      const said = execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect(said).toBe('');
    }
  });

  test('grows with the site alone, whatever happens in it', async () => {
    stage = await openStage(siteWith({ withoutLogin: 'configure' }, house));
    const names = async (): Promise<string[]> =>
      [...(await series()).keys()].filter((name) => !/check_failing|loop_delay|part_age/.test(name));
    await eventually(
      'the bus is down',
      series,
      (seen) => seen.get('keepwatch_bus_up{bus="lan",driver="modbus-tcp"}') === 0,
    );
    const before = await names();
    const client = stage.client();
    for (let time = 0; time < 20; time += 1)
      await client.command({ verb: 'raise', by: 'li', plan: 'fire', zone: 'atrium', place: `place ${time}` });
    await client.command({ verb: 'raise', by: 'li', plan: 'water-leak', zone: 'atrium' });
    expect((await client.get('/incidents')).json.incidents.length).toBeGreaterThan(2);
    expect(await names()).toEqual(before);
    expect(before.length).toBeLessThan(300);
    expect(before.join()).not.toMatch(/smoke|heat/);
  });
});

describe('who may read them', () => {
  test('on loopback whoever may look', async () => {
    stage = await openStage(siteWith({}, house));
    expect((await ask()).status).toBe(200);
    expect((await ask({ host: 'evil.example' })).json.code).toBe('wrongHost');
    expect((await ask({ 'sec-fetch-site': 'cross-site' })).json.code).toBe('wrongOrigin');
  });

  test('where nothing is open without a login: with the token or a login', async () => {
    stage = await openStage(siteWith({ withoutLogin: 'none', metricsToken: token }, house), { users });
    expect([(await ask()).status, (await ask()).json.code]).toEqual([401, 'loginNeeded']);
    for (const wrong of [bearer(`${token}x`), bearer(token.slice(1)), { authorization: `Basic ${token}` }])
      expect((await ask(wrong)).status).toBe(401);
    expect((await ask(bearer(token))).status).toBe(200);
    // it opens nothing else
    const client = stage.client();
    for (const route of ['/status', '/points', '/stream'])
      expect((await client.ask('GET', route, { headers: bearer(token) })).status).toBe(401);
    expect((await client.ask('GET', '/../metrics', { headers: bearer(token) })).status).not.toBe(200);
    await client.logIn('wu');
    expect((await client.ask('GET', '//metrics')).status).toBe(200);
  });

  test('without a token in the site file no token is good', async () => {
    stage = await openStage(siteWith({ withoutLogin: 'none' }, house), { users });
    for (const given of ['undefined', '', ' ']) expect((await ask(bearer(given))).status).toBe(401);
  });

  test('beyond this machine, with TLS', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-metrics-'));
    undo.push(() => rmSync(folder, { recursive: true }));
    certificateMaker(folder).authority('one');
    const pem = { cert: path.join(folder, 'one.pem'), key: path.join(folder, 'one.key') };
    const site = siteWith({ listen: '0.0.0.0:0', ...pem, metricsToken: token }, house);
    stage = await openStage(site, { users, tls: true });
    expect((await ask()).status).toBe(401);
    expect((await ask(bearer('x'.repeat(30)))).status).toBe(401);
    const answer = await ask(bearer(token));
    expect([answer.status, seriesOf(answer.text).get('keepwatch_store_ok')]).toEqual([200, 1]);
    // a reload takes the token away
    const { metricsToken: _, ...without } = site.console;
    stage.write({ ...site, console: without });
    expect((await stage.app.reload()).ok).toBe(true);
    expect((await ask(bearer(token))).status).toBe(401);
  });

  test('what the token is compared with', () => {
    expect(isMetricsToken(`Bearer ${token}`, token)).toBe(true);
    expect(isMetricsToken(`bearer ${token}`, token)).toBe(true);
    for (const header of [undefined, '', token, `Bearer ${token} x`, `Bearer`])
      expect(isMetricsToken(header, token)).toBe(false);
    expect(isMetricsToken('Bearer undefined', undefined)).toBe(false);
  });

  test('check: a token that is short or stands in the site file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-metrics-'));
    undo.push(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, 'keepwatch.yaml');
    const said = (text: string, environment = {}): string[] => {
      writeFileSync(
        file,
        `premises: { id: s, name: S, timezone: Asia/Shanghai }\nconsole: { metricsToken: ${text} }\n`,
      );
      return loadConfig(file, { drivers, environment })
        .faults.filter(({ what }) => what.includes('metricsToken'))
        .map((fault) => `${fault.severity} ${formatFault(fault)}`);
    };
    expect(said('short').join()).toMatch(/fault .*24 letters/);
    expect(said(token)).toEqual([expect.stringMatching(/^warning .*stands here for everybody to read/)]);
    expect(said(token).join()).not.toContain(token);
    expect(said('!secret metrics_token', { KEEPWATCH_SECRET_METRICS_TOKEN: token })).toEqual([]);
  });
});

test('docs/metrics.md has each, with its labels, and no other', () => {
  const text = readFileSync(path.join(packageRoot, 'docs/metrics.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `keepwatch_([a-z0-9_]+)` \| (.*?) \|/gm)].map(
    (match) => `${match[1]} ${match[2]}`,
  );
  const labelled = (labels: readonly string[]): string => labels.map((label) => `\`${label}\``).join(', ');
  expect(rows.sort()).toEqual(
    [
      ...metrics.map(({ name, labels }) => `${name} ${labelled(labels)}`),
      `${commitSeconds.name} \`le\``,
    ].sort(),
  );
});

test('each metric that the alert rules name is there', () => {
  const text = readFileSync(path.join(packageRoot, 'config/prometheus/keepwatch-alerts.yaml'), 'utf8');
  const there = new Set([
    ...metrics.map(({ name }) => `keepwatch_${name}`),
    ...['bucket', 'count', 'sum'].map((end) => `keepwatch_${commitSeconds.name}_${end}`),
  ]);
  const named = [...text.matchAll(/keepwatch_[a-z0-9_]+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(15);
  expect(named.filter((name) => !there.has(name))).toEqual([]);
});

test('the library comes with the first scrape, and not before', () => {
  const imports = importsOf(`${checkout}/`, 'src', 'drivers');
  const of = (wanted: string) => imports.filter(({ to, typeOnly }) => to === wanted && !typeOnly);
  expect(of('prom-client').map(({ from }) => from)).toEqual(['src/console/metrics.ts']);
  expect(of('src/console/metrics.ts').map(({ from, late }) => [from, late])).toEqual([
    ['src/console/metrics-door.ts', true],
  ]);
});
