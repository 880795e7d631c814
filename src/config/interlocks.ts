// The `interlocks:` section: each names an output, the value that it must not have, and a condition over points.
// Warns where two of them leave an output no value at all.

import type { Interlock } from '../core/types.ts';
import { type Context, defined, entries, refers, type Section } from './context.ts';
import type { ResolvedDevice } from './devices.ts';
import { expressionChecker, pointsNamed } from './expressions.ts';
import { check } from './issues.ts';
import { interlockSchema } from './schema.ts';
import { show } from './words.ts';
import { isMapping } from './yaml.ts';

export interface ResolvedInterlocks {
  readonly interlocks: readonly Interlock[];
  /** ids of points that an interlock names */
  readonly named: ReadonlySet<string>;
}

export function resolveInterlocks(
  context: Context,
  devices: readonly ResolvedDevice[],
  outputs: ReadonlySet<string>,
): ResolvedInterlocks {
  const { faults, tree } = context;
  const written = entries(context, 'interlocks');
  const named = new Set<string>();
  const interlocks: Interlock[] = [];
  if (written.length === 0) return { interlocks, named };
  const devicesSound = tree.value.devices == null || isMapping(tree.value.devices);
  const examine = devicesSound
    ? expressionChecker(new Map(devices.map((device) => [device.id, device.types])))
    : undefined;
  for (const { id, raw, where } of written) {
    if (!isMapping(raw)) {
      faults.fault(
        where.value([]),
        `interlock \`${id}\`: ${show(raw)} is not a map`,
        'write `{ never: …, while: … }`',
      );
      continue;
    }
    const expression = raw.while;
    if (typeof expression === 'string' && expression.length <= 4000) {
      const result = examine?.(expression);
      for (const point of result?.points ?? pointsNamed(expression)) named.add(point);
      for (const { offset, what, todo } of result?.problems ?? []) {
        const at = where.overridden(['while'])
          ? where.value(['while'])
          : tree.insideAt(['interlocks', id, 'while'], offset);
        faults.fault(at, `\`while\`: ${what}`, todo);
      }
    }
    const checked = check(interlockSchema, raw, where, faults, true);
    if (checked?.value.never === undefined || checked.value.while === undefined) continue;
    const { name, never } = checked.value;
    const [output, value] = never.trim().split(/\s+/) as [string, string];
    if (!refers(faults, 'output', output, outputs, () => where.value(['never']))) continue;
    interlocks.push({
      ...defined({ id, name }),
      output,
      never: value === 'on' || value === 'true',
      while: { cel: checked.value.while },
    });
  }
  warnOfContradictions(context, written, interlocks);
  return { interlocks, named };
}

/** Unknown counts as true, so two that forbid both values are in force together at least after every start. */
function warnOfContradictions(
  { faults }: Context,
  written: readonly Section[],
  interlocks: readonly Interlock[],
): void {
  interlocks.forEach((interlock, at) => {
    const other = interlocks
      .slice(0, at)
      .find(({ output, never }) => output === interlock.output && never !== interlock.never);
    if (other === undefined) return;
    faults.warn(
      written.find(({ id }) => id === interlock.id)!.where.value(['never']),
      `interlocks \`${other.id}\` and \`${interlock.id}\` forbid both values of \`${interlock.output}\` while both conditions are true or unknown`,
      'put the one that is to win first in the file, or remove one',
    );
  });
}
