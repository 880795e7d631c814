// A tiny language of conditions for the oracle: a tree that the generator makes, its text for the real engine,
// and its value in three-valued logic, computed as simply as it can be said. Shares no code with the engine.

import type { Site, Value } from '../../src/core/types.ts';

export type Tree =
  | { readonly op: 'is'; readonly point: string }
  | {
      readonly op: 'compare';
      readonly point: string;
      readonly sign: '>' | '>=' | '<' | '<=';
      readonly than: number;
    }
  | { readonly op: 'not'; readonly of: Tree }
  | { readonly op: 'and' | 'or'; readonly left: Tree; readonly right: Tree }
  | { readonly op: 'atLeast'; readonly count: number; readonly members: readonly Tree[] };

/** A condition as the generator made it: an expression, or "this point is active". */
export type NaiveCondition = Tree | { readonly active: string };
export interface NaiveRuleSource {
  readonly when: NaiveCondition;
  readonly until?: NaiveCondition;
}
export interface NaiveSite {
  readonly site: Site;
  readonly conditions: ReadonlyMap<string, NaiveRuleSource>;
}

export function celOf(tree: Tree): string {
  switch (tree.op) {
    case 'is':
      return tree.point;
    case 'compare':
      return `${tree.point} ${tree.sign} ${tree.than < 0 ? `-${-tree.than}.0` : `${tree.than}.0`}`;
    case 'not':
      return `!(${celOf(tree.of)})`;
    case 'and':
      return `(${celOf(tree.left)} && ${celOf(tree.right)})`;
    case 'or':
      return `(${celOf(tree.left)} || ${celOf(tree.right)})`;
    case 'atLeast':
      return `atLeast(${tree.count}, [${tree.members.map(celOf).join(', ')}])`;
  }
}

export function pointsOf(tree: Tree): string[] {
  switch (tree.op) {
    case 'is':
    case 'compare':
      return [tree.point];
    case 'not':
      return pointsOf(tree.of);
    case 'and':
    case 'or':
      return [...pointsOf(tree.left), ...pointsOf(tree.right)];
    case 'atLeast':
      return tree.members.flatMap(pointsOf);
  }
}

/**
 * True, false, or undefined for unknown. An unknown point could be anything: what stays the same whatever the
 * unknown parts turn out to be is known, all else is not.
 */
export function truthOfTree(tree: Tree, asked: (point: string) => Value | null): boolean | undefined {
  switch (tree.op) {
    case 'is': {
      const value = asked(tree.point);
      return value === null ? undefined : value === true;
    }
    case 'compare': {
      const value = asked(tree.point);
      if (typeof value !== 'number') return undefined;
      if (tree.sign === '>') return value > tree.than;
      if (tree.sign === '>=') return value >= tree.than;
      if (tree.sign === '<') return value < tree.than;
      return value <= tree.than;
    }
    case 'not': {
      const inner = truthOfTree(tree.of, asked);
      return inner === undefined ? undefined : !inner;
    }
    case 'and':
      return counted([tree.left, tree.right], 2, asked);
    case 'or':
      return counted([tree.left, tree.right], 1, asked);
    case 'atLeast':
      return counted(tree.members, tree.count, asked);
  }
}

/** And, or and vote are one thing: are at least so many of them true, in the worst and in the best case? */
function counted(
  members: readonly Tree[],
  needed: number,
  asked: (point: string) => Value | null,
): boolean | undefined {
  const truths = members.map((member) => truthOfTree(member, asked));
  const worst = truths.map((truth) => truth ?? false).filter(Boolean).length >= needed;
  const best = truths.map((truth) => truth ?? true).filter(Boolean).length >= needed;
  return worst === best ? worst : undefined;
}
