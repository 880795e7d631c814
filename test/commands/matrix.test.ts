// The cause-and-effect table against the engine: each row of the shipped sites and of random ones is driven with
// readings until its rule alone is active, and every output must be as the table says. Then how it is printed.

import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { execute } from '../../src/commands/index.ts';
import { type Matrix, type MatrixRow, matrixOf } from '../../src/commands/matrix.ts';
import { durationText, matrixCsv, matrixLines } from '../../src/commands/matrix-print.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config, OutputConfig } from '../../src/config/types.ts';
import { createState, step, wakeAt } from '../../src/core/engine.ts';
import { compile, type Model } from '../../src/core/model.ts';
import { desiredOutputs } from '../../src/core/outputs.ts';
import type { State } from '../../src/core/state.ts';
import type { Interlock, Raw, Site } from '../../src/core/types.ts';
import { shippedConfig } from '../../src/lib/assets.ts';
import { widthOf } from '../../src/lib/width.ts';
import { build, genes } from '../support/generated.ts';
import { active, contact, makeSite, measure, output, plan, rule } from '../support/site.ts';

function configOf(site: Site, driving: Readonly<Record<string, Partial<OutputConfig>>> = {}): Config {
  return {
    premises: {
      id: site.premises,
      name: { zh: '人民路店', en: 'Renmin Road' },
      timezone: 'UTC',
      language: 'en',
    },
    site,
    outputs: site.outputs.map(({ id, bus }) => ({
      id,
      bus,
      address: { id, detail: {} },
      activeLow: false,
      ...driving[id],
    })),
  } as unknown as Config;
}

const numbers: readonly Raw[] = [0, 1000, -1000, 7, 40, 60, 1e6, 12, 5.5, 200, 2600];
const texts: readonly Raw[] = ['', 'x'];
const booleans: readonly Raw[] = [false, true];

/** Every combination of raw values for the points of a row, but no more than so many. */
function* trials(
  model: Model,
  row: MatrixRow,
  most = 20_000,
): Generator<readonly (readonly [string, Raw])[]> {
  const pools = row.points.map(({ id }) => {
    const { type } = model.points[model.index.get(id)!]!;
    return type === 'bool' ? booleans : type === 'number' ? numbers : texts;
  });
  const total = Math.min(
    most,
    pools.reduce((product, pool) => product * pool.length, 1),
  );
  for (let count = 0; count < total; count += 1) {
    let left = count;
    yield row.points.map(({ id }, at) => {
      const pool = pools[at]!;
      const raw = pool[left % pool.length]!;
      left = Math.floor(left / pool.length);
      return [id, raw] as const;
    });
  }
}

/** A gateway after these readings and, with debounces, delays and all, a minute that nothing comes in. */
function driven(model: Model, values: readonly (readonly [string, Raw])[]): State {
  const state = createState(model, 'matrix01');
  let nowMs = 0;
  const stamp = () => ({ steadyMs: nowMs, wallMs: nowMs, clock: 'synced' as const });
  step(state, { type: 'started', at: stamp(), because: '' }, model);
  for (let second = 0; second <= 60; second += 1) {
    step(state, { type: 'reading', at: stamp(), values }, model);
    const untilMs = nowMs + 1000;
    for (let due = wakeAt(state); due !== undefined && due <= untilMs; due = wakeAt(state)) {
      nowMs = Math.max(nowMs, due);
      step(state, { type: 'tick', at: stamp() }, model);
    }
    nowMs = untilMs;
  }
  return state;
}

/** Drives every row that can be alone; returns how many could. */
function compare(site: Site, matrix: Matrix): number {
  const free = compile({ ...site, interlocks: [] });
  const rest = desiredOutputs(createState(free, 'matrix01'), free);
  let reached = 0;
  for (const row of matrix.rows) {
    if (row.rule === undefined) continue;
    for (const values of trials(free, row, 300)) {
      const state = driven(free, values);
      const standing = Object.entries(state.durable.rules).filter(([, each]) => each.phase !== 'pending');
      const [id, phase] = standing[0] ?? [];
      if (standing.length !== 1 || id !== row.rule.id || phase === undefined || phase.phase === 'pending')
        continue;
      // another rule that was active for a moment may have joined it, and raised its level
      const incident = state.durable.incidents[phase.incident]!;
      if (incident.signals.some((signal) => signal.rule !== id)) continue;
      reached += 1;
      expect({ plan: incident.plan, level: incident.level, zone: incident.zone }).toEqual({
        plan: row.plan,
        level: row.level,
        zone: row.zone,
      });
      for (const [output, { value }] of desiredOutputs(state, free)) {
        const cell = row.cells[output];
        const told = cell === undefined || cell.silenced ? rest.get(output)!.value : cell.value === 'on';
        const bounded = site.outputs.find((one) => one.id === output)!.maxOnMs;
        if (bounded !== undefined && bounded <= 60_000) continue;
        expect(value, `${row.rule.id} → ${output}`).toBe(told);
        expect(cell !== undefined, `${row.rule.id} names ${output}`).toBe(
          Object.hasOwn(site.rules.find((one) => one.id === row.rule!.id)!.outputs, output),
        );
      }
      break;
    }
  }
  return reached;
}

describe('each row, driven in the engine, does what the table says', () => {
  test.each([['demo/site.yaml'], ['examples/first-site.yaml']])('%s', (file) => {
    const contacts = path.join(shippedConfig, 'examples/contacts.yaml');
    const { config, faults } = loadConfig(path.join(shippedConfig, file), {
      drivers,
      environment: { KEEPWATCH_SECRET_MQTT_PASSWORD: 'x' },
      ...(file.startsWith('examples') && { overrides: { contacts } }),
    });
    expect(faults.filter(({ severity }) => severity === 'fault')).toEqual([]);
    const matrix = matrixOf(config!);
    expect(matrix.rows.filter((row) => row.rule).length).toBe(config!.site.rules.length);
    expect(compare(config!.site, matrix)).toBeGreaterThanOrEqual(config!.site.rules.length - 1);
  });

  test('random sites', { timeout: 120_000 }, () => {
    let rows = 0;
    let reached = 0;
    fc.assert(
      fc.property(genes, (gene) => {
        const { site } = build(gene);
        const matrix = matrixOf(configOf(site));
        rows += matrix.rows.length;
        reached += compare(site, matrix);
      }),
      { numRuns: 40 },
    );
    expect(reached).toBeGreaterThan(rows / 4);
  });
});

const lock: Interlock = {
  id: 'no_gas',
  output: 'valve',
  never: true,
  while: { cel: 'gas.ppm > 2500.0' },
};

const small: Site = {
  ...makeSite({
    points: [
      contact('io.smoke', { kind: 'smoke', zone: 'hall' }),
      contact('io.spare', { kind: 'flood', zone: 'hall' }),
      contact('io.hold_up', { kind: 'holdUp' }),
      measure('gas.ppm', { kind: 'gas' }),
      measure('gas.temperature'),
    ],
    plans: [plan('fire', { level: 'urgent' }), plan('robbery', { silent: true })],
    outputs: [
      output('siren', { silenceable: true, maxOnMs: 600_000, name: { zh: '声光警报器', en: 'Siren' } }),
      output('valve', { normal: 'keep', zone: 'hall' }),
    ],
    rules: [
      rule('confirmed', 'io.smoke && gas.temperature > 57.0', {
        until: 'gas.temperature < 45.0',
        forMs: 2000,
        holdMs: 90_000,
        latch: true,
        zone: 'hall',
        outputs: { siren: true, valve: true },
      }),
      rule('robbed', active('io.hold_up'), { plan: 'robbery', outputs: { siren: true, valve: false } }),
    ],
  }),
  interlocks: [lock],
};
const config = configOf(small, { siren: { patternMs: [500, 1500], onStop: false, refreshMs: 5000 } });

test('a table that is wrong would be found out', () => {
  const site = { ...small, interlocks: [] };
  const right = matrixOf(configOf(site));
  expect(compare(site, right)).toBe(2);
  const wrong = (change: (row: MatrixRow) => MatrixRow): Matrix => ({
    ...right,
    rows: right.rows.map(change),
  });
  const flipped = wrong((row) => {
    const { valve } = row.cells;
    return valve
      ? { ...row, cells: { ...row.cells, valve: { ...valve, value: valve.value === 'on' ? 'off' : 'on' } } }
      : row;
  });
  const loud = wrong((row) => {
    const { siren } = row.cells;
    return siren ? { ...row, cells: { ...row.cells, siren: { ...siren, silenced: !siren.silenced } } } : row;
  });
  for (const table of [flipped, loud, wrong((row) => ({ ...row, cells: {} }))])
    expect(() => compare(site, table)).toThrow();
});

describe('`check --matrix`', () => {
  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const said = { out: '', err: '' };
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said.out += String(text);
      return true;
    });
    const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said.err += String(text);
      return true;
    });
    try {
      return { code: await execute(['check', ...argv]), ...said };
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  }
  const demo = ['-c', path.join(shippedConfig, 'demo/site.yaml')];

  test('prints the table alone to standard output', async () => {
    const { code, out, err } = await run('--matrix', ...demo, '--lang', 'en');
    expect(code).toBe(0);
    expect(out).toMatch(/^Cause and effect · Demo store/);
    expect(err).toContain('good');
    const json = await run('--matrix', '--json', ...demo);
    expect(JSON.parse(json.out)).toMatchObject({ premises: { id: 'demo_store' }, rows: expect.any(Array) });
    const csv = await run('--matrix', '--csv', ...demo);
    expect(csv.out.split('\n')[0]).toMatch(/^zone,points,.*siren,gas_valve,beacon$/);
    // the language of the premises, where none is asked for
    expect((await run('--matrix', ...demo)).out).toMatch(/^因果矩阵表/);
  });

  test('of a file with faults prints no table', async () => {
    const { code, out, err } = await run('--matrix', '-c', '/nowhere/site.yaml');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('/nowhere/site.yaml');
  });

  test.each([[['--json']], [['--csv']], [['--matrix', '--json', '--csv']]])(
    '%j is wrong usage',
    async (argv) => {
      expect(await run(...argv, ...demo)).toMatchObject({ code: 2, out: '' });
    },
  );
});

describe('the table', () => {
  const matrix = matrixOf(config);

  test('names effects, latches, what is silenced, and interlocks', () => {
    expect(matrix.rows[0]!.cells).toEqual({
      siren: { value: 'on', latched: true, silenced: false, interlocks: [] },
      valve: { value: 'on', latched: true, silenced: false, interlocks: ['no_gas'] },
    });
    expect(matrix.rows[1]!.cells).toEqual({
      siren: { value: 'on', latched: false, silenced: true, interlocks: [] },
      valve: { value: 'off', latched: false, silenced: false, interlocks: [] },
    });
    expect(matrix.interlocks).toEqual([
      { id: 'no_gas', output: 'valve', never: 'on', while: 'gas.ppm > 2500.0' },
    ]);
  });

  test('shows detectors that nothing listens to, and no others', () => {
    expect(matrix.rows.slice(2)).toEqual([
      { points: [{ id: 'io.spare', kind: 'flood', zone: 'hall' }], silent: false, cells: {} },
      { points: [{ id: 'gas.ppm', kind: 'gas' }], silent: false, cells: {} },
    ]);
  });

  test.each(['zh', 'en'] as const)(
    'is aligned in %s, with everything beside it and a place to sign',
    (language) => {
      const lines = matrixLines(matrix, language, '0123456789ab');
      const siren = language === 'zh' ? '声光警报器' : 'siren';
      const from = lines.findIndex((line) => line.includes(siren) && line.includes('valve'));
      const column = widthOf(lines[from]!.slice(0, lines[from]!.indexOf('valve')));
      for (const line of lines.slice(from + 1, from + 4)) {
        let width = 0;
        const at = [...line].findIndex((character) => {
          if (width >= column) return true;
          width += widthOf(character);
          return false;
        });
        expect(width).toBe(column);
        expect([...line][at - 1]).toBe(' ');
        expect([...line][at]).not.toBe(' ');
      }
      const text = lines.join('\n');
      for (const part of [
        '0123456789ab',
        'confirmed',
        'gas.temperature < 45.0',
        ...(language === 'zh'
          ? ['持续 2 秒', '90 秒', '10 分钟', '500 毫秒 1500 毫秒', '5 秒']
          : ['for 2s', '90s', '10m', '500ms 1500ms', '5s']),
        'no_gas',
        '[1]',
      ])
        expect(text).toContain(part);
      const words = {
        zh: ['锁存', '静默', '无规则', '签字', '人民路店'],
        en: ['latched', 'silenced', 'NO RULE', 'Signature', 'Renmin Road'],
      };
      for (const word of words[language]) expect(text).toContain(word);
      expect(text).not.toMatch(/\u001b|undefined/);
    },
  );

  test('in Chinese calls everything by its name, and points by their ids as well', () => {
    const names = {
      plans: { fire: { zh: '火灾', en: 'Fire' } },
      zones: { hall: { zh: '大厅', en: 'Hall' } },
      points: { 'io.smoke': { zh: '大厅烟感', en: 'Hall smoke' } },
    };
    const row = matrixLines(matrix, 'zh', 'x', names).find((line) => line.includes('confirmed'))!;
    expect(row.replace(/ +/g, ' ')).toMatch(
      /^大厅 大厅烟感 io\.smoke，gas\.temperature 感烟\S* confirmed 火灾 紧急 持续 2 秒，断开延时 90 秒 /,
    );
    // there the ids are words
    expect(matrixLines(matrix, 'en', 'x', names)).toEqual(matrixLines(matrix, 'en', 'x'));
  });

  test('as CSV has one field for each column, with ids of the contract', () => {
    const lines = matrixCsv(matrix);
    expect(lines).toHaveLength(2 + matrix.rows.length);
    expect(lines[0]).toBe(
      'zone,points,kinds,rule,origin,when,until,plan,level,silent,latch,for,hold,siren,valve',
    );
    expect(lines[1]).toBe(',at rest,,,,,,,,,,,,off,keep');
    expect(lines[2]).toBe(
      'hall,io.smoke gas.temperature,smoke,confirmed,written,io.smoke && gas.temperature > 57.0,gas.temperature < 45.0,fire,urgent,false,true,2s,90s,on latched,on latched unless no_gas',
    );
    const quoted = matrixOf(configOf({ ...small, rules: [rule('q', 'atLeast(1, [io.smoke, io.spare])')] }));
    expect(matrixCsv(quoted)[2]).toContain('"atLeast(1, [io.smoke, io.spare])"');
  });

  test('of a site without outputs and rules is a table all the same', () => {
    const empty = matrixOf(configOf(makeSite({})));
    expect(empty.rows).toEqual([]);
    expect(matrixLines(empty, 'en', 'x').at(-1)).toContain('Checked by');
    expect(matrixCsv(empty)).toHaveLength(2);
  });

  test.each([
    [0, '0ms'],
    [1500, '1500ms'],
    [2000, '2s'],
    [600_000, '10m'],
    [7_200_000, '2h'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });
});
