// Checks the CEL expressions of rules against the points that a site has: every name known, every type right.
// Running them is the engine's business; nothing here is kept after loading.

import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { ValueType } from '../core/types.ts';
import { suggestion } from './nearest.ts';

/** `any`: the point is there, but its own faults hide its type. */
export type PointType = ValueType | 'any';

export interface Problem {
  /** characters into the expression */
  readonly offset: number;
  readonly what: string;
  readonly todo: string;
}

export interface CheckedExpression {
  /** ids `device.point` of the points named, known ones only */
  readonly points: readonly string[];
  readonly problems: readonly Problem[];
}

const celKeywords =
  'in as true false null for if else while var const function import let loop namespace package return break continue void';
const celNames =
  'int uint double bool string bytes list map type dyn null_type size has duration timestamp optional cel google math ' +
  'all exists exists_one filter matches contains atLeast';
const keywords = new Set(celKeywords.split(' '));
const names = new Set(celNames.split(' '));
/** Words that CEL does not take even after a dot. */
const literals = new Set(['in', 'true', 'false', 'null']);

/** Why this can't be the id of a device; undefined where it can. */
export function reservedDevice(id: string): string | undefined {
  if (keywords.has(id)) return `\`${id}\` is a reserved word of the expressions in rules`;
  if (names.has(id)) return `\`${id}\` is a type or function of the expressions in rules`;
  return undefined;
}

/** Why this can't be the id of a point; undefined where it can. */
export function reservedPoint(id: string): string | undefined {
  return literals.has(id) ? `\`${id}\` is a reserved word of the expressions in rules` : undefined;
}

interface Named {
  readonly device: string;
  readonly point?: string;
  readonly start: number;
  readonly pointAt: number;
}

const macros = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Every `device.point`, `device["point"]` and bare word of an expression, without the macros' own variables. */
function namesIn(ast: ASTNode): Named[] {
  const found: Named[] = [];
  const isNode = (value: unknown): value is ASTNode =>
    typeof value === 'object' && value !== null && 'op' in value && 'args' in value;
  const walk = (value: unknown, locals: ReadonlySet<string>): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item, locals);
      return;
    }
    if (!isNode(value)) return;
    if (value.op === 'id') {
      if (!locals.has(value.args))
        found.push({ device: value.args, start: value.start, pointAt: value.start });
      return;
    }
    const pair =
      value.op === '.' || value.op === '.?' || value.op === '[]' || value.op === '[?]'
        ? value.args
        : undefined;
    if (pair !== undefined && pair[0].op === 'id' && !locals.has(pair[0].args)) {
      const last = pair[1];
      const point = typeof last === 'string' ? last : last.op === 'value' ? last.args : undefined;
      if (typeof point === 'string') {
        const pointAt = typeof last === 'string' ? value.pos : last.start;
        found.push({ device: pair[0].args, point, start: pair[0].start, pointAt });
        return;
      }
    }
    if (value.op === 'rcall' && macros.has(value.args[0])) {
      const [, receiver, rest] = value.args;
      walk(receiver, locals);
      const first = rest[0];
      const inner = first?.op === 'id' ? new Set([...locals, first.args]) : locals;
      walk(rest.slice(1), inner);
      return;
    }
    walk(value.args, locals);
  };
  walk(ast, new Set());
  return found;
}

/** A text of 4000 characters has room for some 500 points in a row. */
const mostDepth = 1000;

function isDeeperThan(most: number, ast: ASTNode): boolean {
  let level: unknown[] = [ast];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null && 'args' in value
        ? [(value as { args: unknown }).args].flat(3)
        : [],
    );
  }
  return false;
}

let bare: Environment | undefined;

/** Ids `device.point` that an expression names, in order, once each; none where it can't be parsed. */
export function pointsNamed(expression: string): string[] {
  bare ??= new Environment({ unlistedVariablesAreDyn: true });
  try {
    const found = namesIn(bare.parse(expression).ast);
    return [
      ...new Set(found.flatMap(({ device, point }) => (point === undefined ? [] : `${device}.${point}`))),
    ];
  } catch {
    return [];
  }
}

const plainTypes: Readonly<Record<string, string>> = {
  bool: 'true or false',
  double: 'a number',
  int: 'a whole number',
  uint: 'a whole number',
  string: 'a text',
};

const plain = (type: string): string => plainTypes[type] ?? `a ${type}`;

/** The words of the CEL checker, for technicians. */
function explain(code: string, summary: string, rest: string): readonly [what: string, todo: string] {
  const overload = /^no such overload: (\w+) (\S+) (\w+)$/.exec(summary);
  if (overload) {
    const [, left, operator, right] = overload as unknown as [string, string, string, string];
    const mixed = [left, right].includes('double') && [left, right].includes('int');
    if (mixed) {
      return [
        `\`${operator}\` can't mix a decimal with a whole number`,
        'points are decimals: write 1.0 where it says 1',
      ];
    }
    return [
      `\`${operator}\` can't take ${plain(left)} and ${plain(right)}`,
      'compare values of the same type',
    ];
  }
  const refused = /got '(\w+)'$/.exec(summary) ?? /^no such overload: [!-](\w+)$/.exec(summary);
  if (refused && (code === 'invalid_logical_operand' || code === 'no_such_overload')) {
    return [
      `${plain(refused[1]!)} stands where true or false is wanted`,
      'compare it, such as `meter.v > 50.0`',
    ];
  }
  if (code === 'heterogeneous_list_element')
    return ['the list mixes types', 'compare each number, such as `meter.v > 50.0`'];
  if (code === 'no_matching_overload') {
    return [
      summary.replace(/^found no matching/, 'no matching'),
      'check the name and the arguments, such as atLeast(2, [a.x, b.x])',
    ];
  }
  if (code === 'unexpected_character')
    return [
      `\`${/^\w+|^./.exec(rest)?.[0] ?? ''}\` is not expected here`,
      'write && for and, || for or, ! for not, == for equal',
    ];
  if (code === 'unexpected_token' && summary.endsWith('EOF'))
    return ['the expression ends too early', 'complete it'];
  return [summary, 'correct the expression'];
}

/**
 * A checker over the points of a site: device id → point id → type; a device of which nothing is known is
 * `any`. Reports every unknown name, or else the first fault that CEL finds.
 */
export function expressionChecker(
  devices: ReadonlyMap<string, ReadonlyMap<string, PointType> | 'any'>,
): (expression: string) => CheckedExpression {
  const environment = new Environment();
  environment.registerFunction('atLeast(int, list<bool>): bool', () => false);
  for (const [device, points] of devices) {
    if (reservedDevice(device) !== undefined) continue;
    try {
      if (points === 'any') {
        environment.registerVariable(device, 'dyn');
        continue;
      }
      const fields: Record<string, string> = {};
      for (const [point, type] of points)
        fields[point] = type === 'number' ? 'double' : type === 'any' ? 'dyn' : type;
      // each type needs a constructor of its own
      environment.registerType(`device_${device}`, { ctor: class {}, fields });
      environment.registerVariable(device, `device_${device}`);
    } catch {
      // an id that CEL refuses is a fault of its own at the device
    }
  }
  const allPoints = (): string[] =>
    [...devices].flatMap(([device, points]) =>
      points === 'any' ? [] : [...points.keys()].map((point) => `${device}.${point}`),
    );

  return (expression) => {
    let parsed: ReturnType<Environment['parse']>;
    try {
      parsed = environment.parse(expression);
    } catch (error) {
      const { code, summary, range } = error as {
        code?: string;
        summary?: string;
        range?: { start: number };
      };
      const [what, todo] = explain(
        code ?? '',
        summary ?? (error as Error).message,
        expression.slice(range?.start ?? 0),
      );
      return { points: [], problems: [{ offset: range?.start ?? 0, what, todo }] };
    }
    // what walks through it, here and in the engine, goes one call deeper for each level
    if (isDeeperThan(mostDepth, parsed.ast))
      return {
        points: [],
        problems: [
          { offset: 0, what: 'this is nested too deeply', todo: 'write it flatter, or as several rules' },
        ],
      };
    const points = new Set<string>();
    const problems: Problem[] = [];
    let hidden = false;
    for (const { device, point, start, pointAt } of namesIn(parsed.ast)) {
      const known = devices.get(device);
      if (reservedDevice(device) !== undefined && (known !== undefined || point === undefined)) {
        // a type name, or a device that is refused by its id
        hidden ||= known !== undefined;
      } else if (known === undefined) {
        const shown = point === undefined ? device : `${device}.${point}`;
        const todo =
          point === undefined
            ? 'write a point as device.point'
            : suggestion(shown, allPoints(), 'add the device, or correct the name');
        problems.push({
          offset: start,
          what: `unknown ${point === undefined ? 'word' : 'point'} \`${shown}\``,
          todo,
        });
      } else if (known === 'any') {
        hidden = true;
        if (point !== undefined) points.add(`${device}.${point}`);
      } else if (point !== undefined) {
        const id = `${device}.${point}`;
        const type = known.get(point);
        if (type === undefined) {
          const here = [...known.keys()].map((name) => `${device}.${name}`);
          const todo = suggestion(id, here, 'add the point, or correct the name');
          problems.push({ offset: pointAt, what: `unknown point \`${id}\``, todo });
        } else points.add(id);
        hidden ||= type === 'any';
      }
    }
    if (problems.length > 0 || hidden) return { points: [...points], problems };
    const result = parsed.check();
    if (!result.valid) {
      const { code, summary, range } = result.error!;
      const [what, todo] = explain(code, summary, expression.slice(range?.start ?? 0));
      problems.push({ offset: range?.start ?? 0, what, todo });
    } else if (result.type !== 'bool') {
      problems.push({
        offset: 0,
        what: `this gives ${plain(result.type === undefined ? 'value' : String(result.type))}, not true or false`,
        todo: 'compare it, such as `meter.v > 50.0`',
      });
    } else if (points.size === 0) {
      problems.push({ offset: 0, what: 'this names no point', todo: 'name one as device.point' });
    }
    return { points: [...points], problems };
  };
}
