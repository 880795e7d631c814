// Conditions over points, in three values: true, false, and undefined for unknown. CEL does the language;
// an unknown point throws inside it, which CEL's `||` and `&&` absorb as Kleene logic does.

import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { Point, Value } from './types.ts';

export type Truth = boolean | undefined;

/** The values that expressions look at; put in place before evaluating. */
export interface View {
  values: readonly (Value | null)[];
  /** indexes of points out of service, which count as unknown */
  disabled: ReadonlySet<number>;
}

export interface Expression {
  readonly text: string;
  /** ids of the points it names */
  readonly points: readonly string[];
  evaluate(): Truth;
}

/** Thrown for an unknown point. One object for all: making an Error with its stack costs more than the rule. */
const unknown = Object.assign(new Error('unknown point'), { unknown: true });

/** Compiles CEL texts over the given points. Texts are expected to have passed the config check. */
export function compileExpressions(
  texts: readonly string[],
  points: readonly Point[],
  indexOf: ReadonlyMap<string, number>,
  view: View,
): Expression[] {
  const bare = new Environment({ unlistedVariablesAreDyn: true });
  defineVote(bare);
  const named = texts.map((text) => pointsIn(bare.parse(text).ast, indexOf));
  const devices = new Set(named.flat().map((id) => id.slice(0, id.indexOf('.'))));

  const environment = new Environment();
  defineVote(environment);
  const context: Record<string, object> = {};
  for (const device of devices) {
    const fields: Record<string, string> = {};
    class DeviceView {}
    for (const point of points) {
      if (point.device !== device) continue;
      const name = point.id.slice(device.length + 1);
      const index = indexOf.get(point.id)!;
      fields[name] = point.type === 'number' ? 'double' : point.type;
      Object.defineProperty(DeviceView.prototype, name, {
        enumerable: true,
        get() {
          const value = view.values[index];
          if (value === null || value === undefined) throw unknown;
          if (view.disabled.size > 0 && view.disabled.has(index)) throw unknown;
          return value;
        },
      });
    }
    environment.registerType(`device_${device}`, { ctor: DeviceView, fields });
    environment.registerVariable(device, `device_${device}`);
    context[device] = new DeviceView();
  }

  return texts.map((text, at) => {
    const program = environment.parse(text);
    return {
      text,
      points: named[at]!,
      evaluate() {
        try {
          return program(context) === true;
        } catch {
          // An unknown point, or what else an expression can do wrong at run time: it tells us as little.
          return undefined;
        }
      },
    };
  });
}

/** Kleene's vote: true when enough are true, false when enough can no longer be, otherwise unknown. */
export function vote(atLeast: number, members: readonly Truth[]): Truth {
  let trues = 0;
  let unknowns = 0;
  for (const member of members) {
    if (member === true) trues += 1;
    else if (member === undefined) unknowns += 1;
  }
  if (trues >= atLeast) return true;
  return trues + unknowns < atLeast ? false : undefined;
}

/**
 * Adds `atLeast(n, [a, b, c])` to a CEL environment. A macro, because a list literal with an unknown
 * member fails as a whole in CEL, and a vote must count its knowns.
 */
export function defineVote(environment: Environment): void {
  environment.registerFunction('atLeast(int, ast): bool', (({ args }: { args: ASTNode[] }) => {
    const list = args[1]!;
    if (list.op !== 'list') throw new Error('atLeast needs a list written out: atLeast(2, [a, b, c])');
    return {
      count: args[0]!,
      members: list.args,
      typeCheck(checker: Checker, macro: Vote, context: unknown) {
        for (const member of macro.members) {
          const type = checker.check(member, context);
          if (String(type) !== 'bool' && String(type) !== 'dyn') {
            throw new Error(`atLeast counts conditions; one of its members is of type ${String(type)}`);
          }
        }
        return checker.getType('bool');
      },
      evaluate(evaluator: Evaluator, macro: Vote, context: unknown) {
        const count = Number(evaluator.run(macro.count, context));
        const truth = vote(
          count,
          macro.members.map((member) => {
            try {
              return evaluator.run(member, context) === true;
            } catch {
              return undefined;
            }
          }),
        );
        if (truth === undefined) throw unknown;
        return truth;
      },
    };
  }) as never);
}

interface Vote {
  readonly count: ASTNode;
  readonly members: readonly ASTNode[];
}
interface Checker {
  check(node: ASTNode, context: unknown): unknown;
  getType(name: string): unknown;
}
interface Evaluator {
  run(node: ASTNode, context: unknown): unknown;
}

/** Ids of points that an expression names, in order, each once. */
export function pointsIn(node: unknown, known: { has(id: string): boolean }): string[] {
  const found = new Set<string>();
  const walk = (part: unknown): void => {
    if (Array.isArray(part)) {
      for (const one of part) walk(one);
      return;
    }
    if (part === null || typeof part !== 'object' || !('op' in part)) return;
    const { op, args } = part as { op: string; args: unknown };
    if (op === '.' && Array.isArray(args)) {
      const [base, field] = args as [{ op: string; args: unknown }, string];
      if (base.op === 'id' && known.has(`${String(base.args)}.${field}`))
        found.add(`${String(base.args)}.${field}`);
    }
    walk(args);
  };
  walk(node);
  return [...found];
}
