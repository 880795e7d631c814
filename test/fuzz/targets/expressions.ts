// Conditions of rules: any text is checked without an error, each problem stands inside it, and what passes the check is
// taken by the engine and gives true, false or unknown for any values, the same each time.

import { expressionChecker, type PointType, pointsNamed } from '../../../src/config/expressions.ts';
import { compileExpressions, type View } from '../../../src/core/expressions.ts';
import type { Value } from '../../../src/core/types.ts';
import { contact, measure } from '../../support/site.ts';
import { randomOf, seedOf } from '../random.ts';
import { must, outline, type Target, textOf, wordsOf } from '../target.ts';

const points = [
  contact('panel.smoke'),
  contact('panel.heat'),
  measure('meter.v'),
  measure('meter.a'),
  contact('ups.state', { type: 'string' }),
];
const index = new Map(points.map(({ id }, at) => [id, at]));
const types = (given: Readonly<Record<string, PointType>>): ReadonlyMap<string, PointType> =>
  new Map(Object.entries(given));
const check = expressionChecker(
  new Map<string, ReadonlyMap<string, PointType> | 'any'>([
    ['panel', types({ smoke: 'bool', heat: 'bool' })],
    ['meter', types({ v: 'number', a: 'number' })],
    ['ups', types({ state: 'string' })],
    ['broken', 'any'],
  ]),
);
const valuesOf: Readonly<Record<string, readonly (Value | null)[]>> = {
  bool: [true, false, null],
  number: [0, 1, -1.5, 1e300, 50, null],
  string: ['', 'on', 'OL CHRG', '火', null],
};

export const expressions: Target = {
  name: 'expressions',
  what: 'CEL texts: problems inside the text, or a condition that the engine takes: true, false or unknown, always the same',
  seeds: [
    'panel.smoke && meter.v > 50.0',
    'atLeast(2, [panel.smoke, panel.heat, meter.v > 1.0])',
    '!panel.smoke || ups.state == "on"',
    'meter.v - meter.a >= 2.0 ? panel.smoke : panel.heat',
    'ups.state.matches("^O.*") || ups.state.startsWith("L")',
    '[meter.v, meter.a].exists(x, x > 3.0)',
    'ups["state"] in ["on", "off"]',
    'size(ups.state) > 3 && ups.state.contains("CH")',
  ],
  words: [
    'panel.smoke',
    'panel.heat',
    'meter.v',
    'meter.a',
    'ups.state',
    'broken.x',
    '&&',
    '||',
    '!',
    '==',
    '>=',
    '1.0',
    'atLeast(',
    '[',
    ']',
    '(',
    ')',
    '?',
    ':',
    '"',
    ' in ',
    '.all(x, ',
    '.exists(x, ',
    '.map(x, ',
    '.filter(x, ',
    'x',
    'true',
    'null',
    '.matches("',
    '((a+)+)+b',
    'size(',
    'int(',
    'string(',
    'timestamp("',
    'duration("',
    'has(',
    'type(',
    'dyn(',
    'b"',
    '{',
    '}',
    '%',
    '/',
    '0.0',
  ],
  largestBytes: 300,
  executions: 200_000,
  run(bytes) {
    const text = textOf(bytes);
    const { points: named, problems } = check(text);
    for (const { offset, what, todo } of problems) {
      must(
        Number.isInteger(offset) && offset >= 0 && offset <= text.length,
        () => `at ${offset} of ${text.length}`,
      );
      must(what !== '' && todo !== '', 'a problem without words');
    }
    for (const id of pointsNamed(text)) must(id.includes('.'), () => `${id} is no point`);
    if (problems.length > 0) return problems.map(({ what }) => wordsOf(what)).join('|');
    // what is said of a faulty device, or of the device itself, was said elsewhere
    if (named.some((id) => id.startsWith('broken.'))) return 'hidden';
    if (named.length === 0 && /\bbroken\b/.test(text)) return 'hidden';
    must(named.length > 0, 'it names no point and has no problem');
    const view: View = { values: [], disabled: new Set() };
    const [compiled] = compileExpressions([text], points, index, view);
    const random = randomOf(seedOf(bytes));
    const seen = new Set<unknown>();
    for (let each = 0; each < 6; each += 1) {
      view.values = points.map(({ type }) => random.pick(valuesOf[type]!));
      const truth = compiled!.evaluate();
      must(truth === true || truth === false || truth === undefined, () => `gives ${truth}`);
      must(compiled!.evaluate() === truth, 'it gives something else the second time');
      seen.add(truth);
    }
    // what hangs on nothing known is never true
    view.values = points.map(() => null);
    seen.add(`none ${compiled!.evaluate()}`);
    return `${outline(named)} ${[...seen].join()}`;
  },
};
