// The way in to trends: over the local socket with all its refusals, the site file's section, and what a person or a
// spreadsheet gets to see.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { trendCsv, trendLines } from '../../src/commands/trend.ts';
import { callDaemon } from '../../src/control/client.ts';
import { type Control, startControl } from '../../src/control/server.ts';
import type { Trend, TrendRange } from '../../src/telemetry/types.ts';
import { folder, smallSite } from '../config/support.ts';
import { quiet, testHost } from '../control/host.ts';

const trend: Trend = {
  point: 'meter.u',
  unit: 'V',
  from: '2026-11-22T00:00:00.000Z',
  stepMs: 60_000,
  last: [230, null, 228.5, null],
  min: [229, null, 200, 210],
  max: [231.5, null, 229, 210],
  unsynced: [2],
};

describe('over the socket', () => {
  let control: Control | undefined;
  let data = '';
  afterEach(async () => {
    await control?.close();
    rmSync(data, { recursive: true, force: true });
  });
  const asked: TrendRange[] = [];
  const ask = async (params: object) => {
    data = mkdtempSync(path.join(tmpdir(), 'keepwatch-trend-'));
    const host = testHost({
      async trend(point, range) {
        asked.push(range);
        if (point === 'x.y') throw Object.assign(new Error('there is no point x.y'), { code: 'notFound' });
        return { ...trend, point };
      },
    });
    control = await startControl({ folder: data, host, log: quiet });
    return callDaemon(data, 'trend', params);
  };
  const day = { from: '2026-11-22T00:00:00Z', to: '2026-11-23T08:00:00+08:00' };

  it('gives the trend of a range', async () => {
    expect(await ask({ point: 'meter.u', ...day, most: 24 })).toEqual(trend);
    const fromMs = Date.UTC(2026, 10, 22);
    expect(asked.at(-1)).toEqual({ fromMs, toMs: fromMs + 86_400_000, most: 24 });
  });

  it('of 300 steps where nobody says how many', async () => {
    await ask({ point: 'meter.u', ...day });
    expect(asked.at(-1)?.most).toBe(300);
  });

  it.each([
    ['no point', day, 'badRequest', '`point` must be a text'],
    ['no moment', { point: 'a.b', from: 'x', to: day.to }, 'badRequest', '`from` must be a moment'],
    [
      'an empty range',
      { point: 'a.b', from: day.to, to: day.from },
      'badRequest',
      '`from` must be before `to`',
    ],
    ['no step', { point: 'a.b', ...day, most: 0 }, 'badRequest', '`most` must be 1 to 5000'],
    ['too many steps', { point: 'a.b', ...day, most: 5001 }, 'badRequest', '`most` must be 1 to 5000'],
    ['a point that there is none of', { point: 'x.y', ...day }, 'notFound', 'there is no point x.y'],
  ])('refuses %s', async (_, params, code, message) => {
    await expect(ask(params)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe('shown', () => {
  const plain = { colours: false };

  it('as bars with the extremes, a gap where nothing is known, and a word where the clock was wrong', () => {
    expect(trendLines(plain, trend, 'en', 'Asia/Shanghai')).toEqual([
      'meter.u  2026-11-22 08:00:00 – 2026-11-22 08:04:00',
      '█ ▁▃',
      'last 228.5 V  least 200 V  most 231.5 V  a step is 1 min',
      '! some of it was recorded while the clock was not synchronised',
    ]);
  });

  it('in Chinese, flat where nothing moves, and empty where nothing was recorded', () => {
    const still = { ...trend, last: [5, 5], min: [5, 5], max: [5, 5], unsynced: [] };
    expect(trendLines(plain, still, 'zh', 'UTC').slice(1)).toEqual([
      '▁▁',
      '最新 5 V  最低 5 V  最高 5 V  每格 1 min',
    ]);
    const none = { ...trend, last: [null], min: [null], max: [null], unsynced: [] };
    expect(trendLines(plain, none, 'zh', 'UTC').slice(1)).toEqual(['这段时间没有记录']);
  });

  it('as CSV, a row for each step that has something', () => {
    expect(trendCsv(trend)).toEqual([
      'at,last,min,max,clock',
      '2026-11-22T00:00:00.000Z,230,229,231.5,synced',
      '2026-11-22T00:02:00.000Z,228.5,200,229,unsynced',
      '2026-11-22T00:03:00.000Z,,210,210,synced',
    ]);
  });
});

describe('in the site file', () => {
  const loaded = (section: string) => folder().load(`${smallSite}${section}\n`);
  const said = (section: string): string[] =>
    loaded(section).faults.map(({ severity, what, todo }) => `${severity}: ${what}; ${todo}`);

  it('is on by default, for two weeks', () => {
    expect(loaded('').config?.telemetry).toEqual({
      keepMs: 14 * 86_400_000,
      mostBytes: 64 * 2 ** 20,
      everyMs: 60_000,
      publish: false,
    });
  });

  it('takes its four keys', () => {
    expect(
      loaded('telemetry: { keep: 90d, most: 1GB, every: 10s, publish: true }').config?.telemetry,
    ).toEqual({
      keepMs: 90 * 86_400_000,
      mostBytes: 2 ** 30,
      everyMs: 10_000,
      publish: true,
    });
  });

  it('records nothing with `keep: 0s`', () => {
    expect(loaded('telemetry: { keep: 0s }').config).not.toHaveProperty('telemetry');
  });

  it.each([
    ['telemetry: { every: 5s }', 'a sample stands for 10s to 1h; write one such as 1m'],
    ['telemetry: { every: 2h }', 'a sample stands for 10s to 1h; write one such as 1m'],
    ['telemetry: { most: 10KB }', 'too little; write 1MB or more'],
    ['telemetry: { most: 64 }', 'is not a size'],
    ['telemetry: { kept: 14d }', 'did you mean `keep`?'],
  ])('refuses %s', (section, words) => {
    expect(said(section).filter((line) => line.startsWith('fault') && line.includes(words))).toHaveLength(1);
  });
});
