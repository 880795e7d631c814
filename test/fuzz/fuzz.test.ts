// Every parser under random bytes, shortly: what once broke one is run again, then some thousand new inputs, with a
// seed that is always the same and with a fresh one, which a failure names. `npm run fuzz` does the same for longer.
// And the fuzzer itself is put to the test, on parsers with a mistake put in on purpose.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/lib/assets.ts';
import { keptOf } from './corpus.ts';
import { fuzz, type Report, replayInputs } from './fuzzer.ts';
import { endlessLoop, growingReader, hiddenState, lossyPieces, trustedLength } from './planted.ts';
import type { Target } from './target.ts';
import { targets } from './targets/index.ts';

const corpus = path.join(packageRoot, 'test', 'fuzz', 'corpus');
/** so long for each target and seed, whichever comes first */
const executions = 1500;
const forMs = 200;
const fresh = Date.now() % 2 ** 32;

/** What a failure says: how to have it again. */
function story({ target, seed, failures }: Report): string {
  return failures
    .map(({ input, message }) => {
      const bytes = Buffer.from(input).toString('base64');
      return `${target}, seed ${seed}, input ${bytes.slice(0, 400)} (base64)\n${message}`;
    })
    .join('\n\n');
}

async function look(target: Target, seed: number): Promise<void> {
  const kept = keptOf(corpus, target.name).map(({ bytes }) => bytes);
  const report = await fuzz(target, { seed, executions, forMs, corpus: kept });
  expect(story(report)).toBe('');
  expect(report.executions).toBeGreaterThan(0);
}

describe.each(targets.map((target) => [target.name, target] as const))('%s', (name, target) => {
  it('takes what once broke it', async () => {
    const failed = await replayInputs(target, [
      ...target.seeds.map((seed) => Uint8Array.from(typeof seed === 'string' ? Buffer.from(seed) : seed)),
      ...keptOf(corpus, name).map(({ bytes }) => bytes),
    ]);
    expect(failed.map(({ error }) => String(error))).toEqual([]);
  });

  it('takes what chance makes, with seed 1', () => look(target, 1));

  it(`takes what chance makes, with the fresh seed ${fresh}`, () => look(target, fresh));
});

it('has a name for each target, and every folder of the corpus a target', () => {
  const names = targets.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
  expect(readdirSync(corpus).filter((name) => !names.includes(name))).toEqual([]);
});

describe('the fuzzer', () => {
  it.each([
    ['a length that is believed', trustedLength, 2_000, /RangeError/],
    ['a state three steps away', hiddenState, 50_000, /undefined is not a mode/],
    ['a stream that is not the same in pieces', lossyPieces, 20_000, /lines in pieces/],
    ['a loop that does not end', endlessLoop, 20_000, /takes more than 2000 ms/],
    ['a reader that holds all it was given', growingReader, 2_500, /holds \d+ MB/],
  ])('finds %s', async (_what, target, within, words) => {
    const { failures } = await fuzz(target, { seed: 1, executions: within, hangMs: 2000 });
    expect(failures.map(({ message }) => message)).toEqual([expect.stringMatching(words)]);
  });

  it('makes the input that fails small', async () => {
    const { failures } = await fuzz(trustedLength, { seed: 1, executions: 2_000 });
    expect(failures[0]!.input.length).toBeLessThanOrEqual(4);
  });

  it('does the same with the same seed', async () => {
    const [one, other] = [
      await fuzz(lossyPieces, { seed: 5, executions: 3_000 }),
      await fuzz(lossyPieces, { seed: 5, executions: 3_000 }),
    ];
    expect(other.outcomes).toBe(one.outcomes);
    expect(other.failures.map(({ after }) => after)).toEqual(one.failures.map(({ after }) => after));
  });
});
