import { describe, expect, test } from 'vitest';
import { expressionChecker, type PointType, pointsNamed } from '../../src/config/expressions.ts';
import { folder, smallSite } from './support.ts';

const examine = expressionChecker(
  new Map<string, ReadonlyMap<string, PointType> | 'any'>([
    [
      'inputs',
      new Map<string, PointType>([
        ['smoke', 'bool'],
        ['door', 'bool'],
        ['broken', 'any'],
      ]),
    ],
    [
      'meter',
      new Map<string, PointType>([
        ['v', 'number'],
        ['state', 'string'],
      ]),
    ],
    ['hidden', 'any'],
  ]),
);
const problem = (expression: string): string => {
  const { problems } = examine(expression);
  return problems.map(({ offset, what, todo }) => `${offset} ${what}; ${todo}`).join(' | ');
};

describe('expressions', () => {
  test.each([
    'inputs.smoke',
    'inputs.smoke && meter.v > 57.0',
    'meter.v > 57',
    'meter["v"] > 1.0 || !inputs.door',
    'meter.state == "OK"',
    'atLeast(2, [inputs.smoke, inputs.door, meter.v > 5.0])',
    '[meter.v, 2.0].exists(x, x > 3.0)',
    'inputs.broken > 3',
    'hidden.whatever && inputs.smoke',
    'inputs.smoke ? meter.v > 1.0 : inputs.door',
  ])('takes %s', (expression) => {
    expect(problem(expression)).toBe('');
  });

  test.each([
    ['inputs.smok', '7 unknown point `inputs.smok`; did you mean `inputs.smoke`?'],
    ['input.smoke', '0 unknown point `input.smoke`; did you mean `inputs.smoke`?'],
    [
      'inputs.smok || metr.v > 1.0',
      '7 unknown point `inputs.smok`; did you mean `inputs.smoke`? | 15 unknown point `metr.v`; did you mean `meter.v`?',
    ],
    ['smoke', '0 unknown word `smoke`; write a point as device.point'],
    ['meter.v', '0 this gives a number, not true or false; compare it, such as `meter.v > 50.0`'],
    [
      'meter.v && inputs.smoke',
      '0 a number stands where true or false is wanted; compare it, such as `meter.v > 50.0`',
    ],
    ['!meter.v', '0 a number stands where true or false is wanted; compare it, such as `meter.v > 50.0`'],
    [
      'meter.v + 1 > 3.0',
      "0 `+` can't mix a decimal with a whole number; points are decimals: write 1.0 where it says 1",
    ],
    [
      'meter.v == 5',
      "0 `==` can't mix a decimal with a whole number; points are decimals: write 1.0 where it says 1",
    ],
    ['meter.v > "x"', "0 `>` can't take a number and a text; compare values of the same type"],
    ['inputs.smoke &&', '15 the expression ends too early; complete it'],
    [
      'inputs.smoke and inputs.door',
      '13 `and` is not expected here; write && for and, || for or, ! for not, == for equal',
    ],
    [
      'atLeast(2, [inputs.smoke, meter.v])',
      '32 the list mixes types; compare each number, such as `meter.v > 50.0`',
    ],
    ['true', '0 this names no point; name one as device.point'],
  ])('refuses %s', (expression, words) => {
    expect(problem(expression)).toBe(words);
  });

  test('names its points', () => {
    expect(pointsNamed('a.b && (c["d"] > 1.0 || a.b) && [e.f].exists(x, x.g > 2.0)')).toEqual([
      'a.b',
      'c.d',
      'e.f',
    ]);
    expect(pointsNamed('a. &&')).toEqual([]);
  });

  test('faults point into the YAML, whatever its quotes and folds', () => {
    const at = (when: string): string | undefined =>
      folder()
        .faults(smallSite.replace('when: inputs.smoke && plc.level > 57.0', `when: ${when}`))
        .find((fault) => fault.includes('unknown point'))
        ?.split(' ')[0];
    expect(at('inputs.smoke && inputs.smok')).toBe('24:34');
    expect(at('"inputs.smoke && inputs.smok"')).toBe('24:35');
    expect(at('"plc[\\"pump\\"] && inputs.smok"')).toBe('24:36');
    expect(at("'inputs.smoke && inputs.smok'")).toBe('24:35');
    expect(at('>-\n      inputs.smoke &&\n      inputs.smok')).toBe('26:14');
    expect(at('|\n      inputs.smoke\n\n      && inputs.smok')).toBe('27:17');
    expect(at('inputs.smoke\n      && inputs.smok')).toBe('25:17');
  });
});
