// `keepwatch report` of the built program: wrong usage, no daemon, and the reports of a daemon that runs, with an
// incident that was raised by hand.

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keepwatch, newPlace, type Place, program, siteOf } from '../support/daemon.ts';
import { haveTools } from '../support/need.ts';

const thisMonth = (): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date()).slice(0, 7);

let place: Place;
beforeAll(() => {
  place = newPlace();
});
afterAll(() => place.leave());

describe('wrong usage is 2, with words and no results', () => {
  test.each([
    [['report']],
    [['report', 'i1', '--month', '2026-11']],
    [['report', '--month', '2026-13']],
    [['report', '--month', 'November']],
    [['report', '--month', '2026-1']],
    [['report', 'i1', '--format', 'docx']],
    [['report', 'i1', '--json', '--format', 'csv']],
    [['report', 'i1', '--lang', 'fr']],
  ])('%j', async (argv) => {
    const { code, stdout, stderr } = await keepwatch(argv, { cwd: place.folder });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });
});

test.skipIf(!haveTools(['script', '--version']))('a PDF for a terminal is wrong usage', () => {
  // `script` gives the program a terminal
  const line = `'${process.execPath}' '${program()}' report i1 --format pdf`;
  const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], {
    cwd: place.folder,
    encoding: 'utf8',
  });
  expect(status).toBe(2);
  expect(stdout).toContain('a PDF is not for a terminal: give --out FILE');
});

test('no daemon is 3', async () => {
  const { code, stdout, stderr } = await keepwatch(['report', 'i1', '--socket', '/nowhere/keepwatch.sock']);
  expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  expect(stderr).toContain('--socket');
});

describe('of a daemon that runs', () => {
  let id: string;

  beforeAll(async () => {
    const { mqtt: _, ...site } = siteOf('mqtt://127.0.0.1:1', {
      zones: { atrium: { name: { zh: '中庭', en: 'Atrium' } } },
    });
    place.write(site);
    await place.start();
    const raise = ['raise', 'fire', '--zone', 'atrium', '--note', 'seen', '--by', 'lina', '--json'];
    id = ((await place.json(...raise)) as { incident: string }).incident;
    expect((await place.cli('ack', id, '--by', 'lina')).code).toBe(0);
  }, 60_000);

  test('Markdown in the language of the premises, or in the other', async () => {
    const en = await place.cli('report', id);
    expect(en).toMatchObject({ code: 0, stderr: '' });
    expect(en.stdout).toMatch(/^# Incident report · Fire/);
    expect(en.stdout).toContain('Atrium (atrium)');
    expect(en.stdout).toMatch(/\| Acknowledged \| .* · by lina \|/);
    const zh = await place.cli('report', id.split('_')[0]!, '--lang', 'zh');
    expect(zh.stdout).toMatch(/^# 事件报告 · 火灾/);
  });

  test('JSON, also as --json', async () => {
    const report = await place.json('report', id, '--format', 'json');
    expect(report).toMatchObject({
      v: 1,
      kind: 'incident',
      premises: { id: 'store_0042', timezone: 'Asia/Shanghai' },
      incident: { id, plan: 'fire', zoneName: { zh: '中庭', en: 'Atrium' }, acknowledgedBy: 'lina' },
    });
    expect(report.timeline.map(({ what }: { what: string }) => what)).toEqual(
      expect.arrayContaining(['incident.opened', 'incident.acknowledged']),
    );
    expect(await place.json('report', id, '--json')).toMatchObject({ kind: 'incident' });
  });

  test('a month, as Markdown, JSON and CSV', async () => {
    const month = thisMonth();
    const { stdout, code } = await place.cli('report', '--month', month, '--lang', 'zh');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^# 月度报告 · ${month}`));
    const report = await place.json('report', '--month', month, '--json');
    expect(report).toMatchObject({ v: 1, kind: 'month', month });
    expect(report.open.map((row: { id: string }) => row.id)).toContain(id);
    const csv = await place.cli('report', '--month', month, '--format', 'csv');
    expect(csv.stdout).toMatch(/^\ufeff/);
    expect(csv.stdout).toContain(`\r\n${id},`);
  });

  test('a month long before has nothing; one that has not begun is wrong usage', async () => {
    const before = await place.json('report', '--month', '2024-01', '--json');
    expect(before).toMatchObject({ incidentCount: 0, incidents: [], open: [] });
    const { code, stdout, stderr } = await place.cli('report', '--month', '2099-01');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('2099-01 has not begun yet');
  });

  test('an incident that there is none of is 1', async () => {
    const { code, stdout, stderr } = await place.cli('report', 'i99');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('there is no incident "i99"');
  });

  test('a PDF into a file, whole and nothing beside it; what was there is replaced', async () => {
    const file = path.join(place.folder, 'out', 'report.pdf');
    const refused = await place.cli('report', id, '--format', 'pdf', '--out', file);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`${file} can't be written`);
    const there = path.join(place.folder, 'report.pdf');
    writeFileSync(there, 'old', { mode: 0o600 });
    expect(await place.cli('report', id, '--format', 'pdf', '--out', there)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const bytes = readFileSync(there);
    expect(bytes.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    expect(bytes.subarray(-6).toString('latin1')).toMatch(/%%EOF\n?$/);
    expect(statSync(there).mode & 0o777).toBe(0o600);
    expect(readdirSync(place.folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  test('a PDF into a pipe', async () => {
    const { code, stdout } = await place.cli('report', id, '--format', 'pdf');
    expect(code).toBe(0);
    expect(stdout.slice(0, 5)).toBe('%PDF-');
  });
});
