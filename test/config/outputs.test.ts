// The keys of outputs that say how being on is driven and where a stop leaves it, and the `interlocks:` section:
// what becomes of them, and the words for what can't be.

import { describe, expect, test } from 'vitest';
import type { OutputConfig } from '../../src/config/types.ts';
import type { Output } from '../../src/core/types.ts';
import { folder, premises } from './support.ts';

const base = `${premises}buses:
  header: { driver: gpio }
devices:
  io: { bus: header, points: { gas: { line: GPIO1, kind: gas }, fan: { line: GPIO2 } } }
`;
const rules = `rules:
  r: { when: io.fan, plan: fire, outputs: { siren: on, valve: off } }
`;

function loaded(outputs: string, more = ''): { outputs: readonly Output[]; driven: readonly OutputConfig[] } {
  const { config, faults } = folder().load(`${base}outputs:\n${outputs}${rules}${more}`);
  expect(faults.filter(({ severity }) => severity === 'fault')).toEqual([]);
  return { outputs: config!.site.outputs, driven: config!.outputs };
}

const both = (siren: string, valve = '') =>
  `  siren: { bus: header, line: GPIO3${siren} }\n  valve: { bus: header, line: GPIO4${valve} }\n`;

function faults(outputs: string, more = ''): string[] {
  return folder().faults(`${base}outputs:\n${outputs}${rules}${more}`);
}

describe('courses', () => {
  test('pulse, pattern and refresh are for the device layer alone', () => {
    const { outputs, driven } = loaded(
      both(', pattern: [500ms, 500ms, 500ms, 1500ms], refresh: 5s', ', pulse: 300ms'),
    );
    expect(driven[0]).toMatchObject({ patternMs: [500, 500, 500, 1500], refreshMs: 5000 });
    expect(driven[1]).toMatchObject({ pulseMs: 300 });
    expect(Object.keys(outputs[0]!)).not.toContain('patternMs');
  });

  test.each([
    [', pattern: [500ms]', 'an even number'],
    [', pattern: []', 'an even number'],
    [', pattern: [500ms, 20ms]', '100ms or more'],
    [', pattern: 500ms', 'not a list'],
    [', pattern: [500, 500ms]', 'not a duration'],
    [', pulse: 5ms', '20ms or more'],
    [', pulse: 1s, pattern: [1s, 1s]', 'not both'],
    [', refresh: 10ms', '500ms or more'],
    [', pattern: [1s, 1s], normal: keep', "can't be left as it is"],
    [', pattern: [1s, 1s], onStop: on', 'a pattern ends with the daemon'],
    [', pattern: [1s, 1s], onStop: keep', 'a pattern ends with the daemon'],
    [', pulse: 1s, onStop: on', 'a pulse ends with the daemon'],
    [', onStop: maybe', 'write normal, keep, on or off'],
  ])('%s is refused: %s', (keys, words) => {
    const found = faults(both(keys));
    expect(found.join('\n')).toContain(words);
    expect(found.filter((fault) => !fault.includes('warning'))).toHaveLength(1);
    expect(found[0]).toMatch(/^\d+:\d+ /);
  });
});

describe('onStop', () => {
  test.each([
    ['', 'keep', 'keep'],
    [', silenceable: true', false, 'keep'],
    [', silenceable: true, normal: on', true, 'keep'],
    [', silenceable: true, normal: keep', 'keep', 'keep'],
    [', silenceable: true, onStop: keep', 'keep', 'keep'],
    [', onStop: normal', false, 'keep'],
    [', onStop: on', true, 'keep'],
    [', onStop: off', false, 'keep'],
    [', onStop: true', true, 'keep'],
    [', pattern: [1s, 1s]', false, 'keep'],
    [', pulse: 1s, onStop: keep', false, 'keep'],
  ])('siren with `%s` is left %s', (keys, siren, valve) => {
    expect(loaded(both(keys)).driven.map(({ onStop }) => onStop)).toEqual([siren, valve]);
  });

  test('`normal` of an output that rules only switch off is on', () => {
    expect(loaded(both('', ', onStop: normal')).driven[1]!.onStop).toBe(true);
  });
});

describe('interlocks', () => {
  test('become part of the site, in the order of the file, and their points are read first', () => {
    const { config } = folder().load(
      `${base}outputs:\n${both('')}${rules}interlocks:
  shut: { never: valve on, while: io.gas, name: { zh: 断气, en: Shut } }
  quiet: { never: "siren off", while: "io.fan && !io.gas" }
`,
    );
    expect(config!.site.interlocks).toEqual([
      {
        id: 'shut',
        name: { zh: '断气', en: 'Shut' },
        output: 'valve',
        never: true,
        while: { cel: 'io.gas' },
      },
      { id: 'quiet', output: 'siren', never: false, while: { cel: 'io.fan && !io.gas' } },
    ]);
    const lanes = config!.devices.flatMap((device) =>
      device.points.map(({ address, lane }) => [address.id, lane]),
    );
    expect(lanes).toContainEqual(['io.fan', 'alarm']);
  });

  test('a site without any is the same as ever', () => {
    const { config } = folder().load(`${base}outputs:\n${both('')}${rules}`);
    expect(Object.keys(config!.site)).not.toContain('interlocks');
  });

  test('an output that only interlocks switch off rests on, and is not unused', () => {
    const site = `${base}outputs:\n  pump: { bus: header, line: GPIO5 }\ninterlocks: { dry: { never: pump on, while: io.gas } }\n`;
    const { config, faults: found } = folder().load(site);
    expect(config!.site.outputs[0]!.normal).toBe(true);
    expect(found.map(({ what }) => what).join()).not.toContain('in no rule');
  });

  test.each([
    ['{ while: io.gas }', '`never` of `k` is missing'],
    ['{ never: valve on }', '`while` of `k` is missing'],
    ['{ never: valve, while: io.gas }', 'write `gas_valve on`'],
    ['{ never: valve open, while: io.gas }', 'write `gas_valve on`'],
    ['{ never: [valve], while: io.gas }', 'write `gas_valve on`'],
    ['{ never: valv on, while: io.gas }', 'unknown output `valv`; did you mean `valve`?'],
    ['{ never: valve on, while: io.gass }', 'unknown point `io.gass`; did you mean `io.gas`?'],
    ['{ never: valve on, while: io.gas > 3.0 }', "`while`: `>` can't take"],
    ['{ never: valve on, while: io.gas, until: io.fan }', 'unknown key `until`'],
    ['never', '`never` is not a map'],
  ])('%s is refused: %s', (interlock, words) => {
    const found = faults(both(''), `interlocks:\n  k: ${interlock}\n`);
    expect(found.filter((fault) => !fault.includes('warning')).join('\n')).toContain(
      words
        .replace('`never` of `k`', '`never` of `interlocks.k`')
        .replace('`while` of `k`', '`while` of `interlocks.k`'),
    );
  });

  test('what contradicts itself is a warning that says who wins', () => {
    const found = faults(
      both(''),
      'interlocks:\n  first: { never: valve on, while: io.gas }\n  second: { never: valve off, while: io.fan }\n',
    );
    expect(found).toEqual([
      expect.stringContaining(
        'warning interlocks `first` and `second` forbid both values of `valve` while both conditions are true or unknown',
      ),
    ]);
    const same = faults(
      both(''),
      'interlocks:\n  first: { never: valve on, while: io.gas }\n  second: { never: valve on, while: io.fan }\n',
    );
    expect(same).toEqual([]);
  });

  test('a stop must not leave what an interlock forbids', () => {
    const lock = 'interlocks: { shut: { never: valve on, while: io.gas } }\n';
    expect(faults(both('', ', onStop: on'), lock)).toEqual([
      expect.stringContaining(
        '`onStop` would leave it on, which interlock `shut` forbids; write `onStop: off`',
      ),
    ]);
    expect(faults(both('', ', onStop: normal'), lock)).toHaveLength(1);
    expect(faults(both('', ', onStop: keep'), lock)).toEqual([]);
    expect(faults(both('', ', onStop: off'), lock)).toEqual([]);
  });

  test('a siren that can not be silenced is a warning', () => {
    const lock = 'interlocks: { loud: { never: siren off, while: io.gas } }\n';
    expect(faults(both(', silenceable: true, onStop: keep'), lock)).toEqual([
      expect.stringContaining("warning output `siren` can't be silenced while interlock `loud` keeps it on"),
    ]);
    expect(loaded(both(', silenceable: true'), lock).driven[0]!.onStop).toBe('keep');
  });
});
