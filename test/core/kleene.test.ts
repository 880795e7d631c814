// Conditions in three values: what CEL's `||`, `&&`, `!` and our `atLeast` make of true, false and unknown, by
// the tables of Kleene; and that a mistake inside an expression is no more than unknown.

import { Environment } from '@marcbachmann/cel-js';
import { describe, expect, it } from 'vitest';
import { defineVote } from '../../src/core/expressions.ts';
import { compile, look, truthOf } from '../../src/core/model.ts';
import type { Value } from '../../src/core/types.ts';
import { contact, makeSite, measure, rule } from '../support/site.ts';

type Truth = boolean | undefined;
const u = undefined;

function truth(cel: string, values: readonly (Value | undefined)[], disabled: readonly number[] = []): Truth {
  const points = [contact('d.a'), contact('d.b'), contact('d.c'), measure('d.n')];
  const model = compile(makeSite({ points, rules: [rule('r', cel)] }));
  look(
    model,
    values.map((value) => value ?? null),
    new Set(disabled),
  );
  return truthOf(model.rules.get('r')!.when, model, {});
}

describe('three values', () => {
  it.each<[Truth, Truth, Truth, Truth]>([
    // a, b, a || b, a && b
    [true, true, true, true],
    [true, false, true, false],
    [true, u, true, u],
    [false, true, true, false],
    [false, false, false, false],
    [false, u, u, false],
    [u, true, true, u],
    [u, false, u, false],
    [u, u, u, u],
  ])('%s and %s: or gives %s, and gives %s', (a, b, either, both) => {
    expect(truth('d.a || d.b', [a, b])).toBe(either);
    expect(truth('d.a && d.b', [a, b])).toBe(both);
  });

  it.each<[Truth, Truth]>([
    [true, false],
    [false, true],
    [u, u],
  ])('not %s is %s', (a, not) => {
    expect(truth('!d.a', [a])).toBe(not);
  });

  it.each<[string, readonly Truth[], Truth]>([
    ['atLeast(2, [d.a, d.b, d.c])', [true, true, true], true],
    ['atLeast(2, [d.a, d.b, d.c])', [true, true, false], true],
    ['atLeast(2, [d.a, d.b, d.c])', [true, true, u], true],
    ['atLeast(2, [d.a, d.b, d.c])', [u, true, true], true],
    ['atLeast(2, [d.a, d.b, d.c])', [true, false, false], false],
    ['atLeast(2, [d.a, d.b, d.c])', [true, false, u], u],
    ['atLeast(2, [d.a, d.b, d.c])', [false, false, u], false],
    ['atLeast(2, [d.a, d.b, d.c])', [u, u, false], u],
    ['atLeast(2, [d.a, d.b, d.c])', [u, u, u], u],
    ['atLeast(1, [d.a, d.b])', [u, false], u],
    ['atLeast(1, [d.a, d.b])', [u, true], true],
    ['atLeast(2, [d.a, d.b])', [u, false], false],
    ['atLeast(0, [d.a])', [u], true],
    ['atLeast(3, [d.a, d.b])', [true, true], false],
    ['!atLeast(2, [d.a, d.b, d.c])', [true, u, false], u],
    ['!atLeast(2, [d.a, d.b, d.c])', [false, u, false], true],
    ['atLeast(2, [d.a, d.b]) || d.c', [u, true, true], true],
    ['atLeast(2, [d.a, d.b]) && d.c', [u, true, false], false],
    ['atLeast(1, [d.a && d.b, !d.c])', [u, false, false], true],
    ['atLeast(2, [atLeast(1, [d.a, d.b]), d.c])', [u, true, true], true],
  ])('%s over %j is %s', (cel, values, expected) => {
    expect(truth(cel, values)).toBe(expected);
  });

  it('comparisons of an unknown number are unknown', () => {
    expect(truth('d.n > 5.0', [u, u, u, u])).toBe(u);
    expect(truth('d.n > 5.0 || d.a', [true, u, u, u])).toBe(true);
    expect(truth('d.n > 5.0 && d.a', [false, u, u, u])).toBe(false);
    expect(truth('d.n > 5.0', [u, u, u, 5])).toBe(false);
    expect(truth('d.n >= 5.0', [u, u, u, 5])).toBe(true);
    expect(truth('d.n == 0.0', [u, u, u, u])).toBe(u);
  });

  it('a point out of service is unknown, whatever it says', () => {
    expect(truth('d.a', [true], [0])).toBe(u);
    expect(truth('d.a || d.b', [true, true], [0])).toBe(true);
    expect(truth('d.a && d.b', [true, true], [0])).toBe(u);
    expect(truth('atLeast(1, [d.a, d.b])', [true, false], [0])).toBe(u);
  });

  it('what an expression can do wrong at run time is unknown too', () => {
    expect(truth('1 / int(d.n) > 0', [u, u, u, 0])).toBe(u);
    expect(truth('1 / int(d.n) > 0 || d.a', [true, u, u, 0])).toBe(true);
  });

  it('atLeast takes only a list written out, of conditions', () => {
    expect(() => truth('atLeast(1, d.a)', [true])).toThrow();
    const environment = new Environment().registerVariable('n', 'double').registerVariable('a', 'bool');
    defineVote(environment);
    expect(environment.check('atLeast(1, [a, n > 2.0])')).toMatchObject({ valid: true, type: 'bool' });
    expect(environment.check('atLeast(1, [a, n])')).toMatchObject({ valid: false });
    expect(environment.check('atLeast(1, [missing])')).toMatchObject({ valid: false });
  });
});
