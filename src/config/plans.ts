// Loads emergency plans: those that are shipped, and those of the site, which replace shipped ones of the same
// id. Defines the form of a plan file; knows nothing of rules or of how a plan runs.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { Plan } from '../core/types.ts';
import { packageRoot } from '../lib/assets.ts';
import { type FaultList, faultList, formatFault, type Place } from './faults.ts';
import { accessFault } from './files.ts';
import { check, partOf } from './issues.ts';
import { duration, fileId, id, text } from './values.ts';
import { readTree } from './yaml.ts';

const step = z.strictObject({
  id,
  text,
  role: id.optional(),
  within: duration.optional(),
  required: z.boolean().default(false),
});

/** The form of a plan file. */
export const planSchema = z.strictObject({
  id: fileId,
  title: text,
  description: text.optional(),
  category: z.enum(['alarm', 'supervisory', 'trouble']),
  level: z.enum(['general', 'major', 'urgent']).default('general'),
  closing: z.enum(['person', 'itself']).optional(),
  closingRequires: z.array(z.enum(['cause', 'remedy', 'losses'])).default([]),
  silent: z.boolean().default(false),
  steps: z.array(step).default([]),
});

export interface Plans {
  /** by id; only the sound ones */
  readonly sound: ReadonlyMap<string, Plan>;
  /** every id that has a file, sound or not */
  readonly ids: ReadonlySet<string>;
  readonly files: readonly string[];
}

/** The YAML files of a folder, in order of name; undefined after a fault at `from`. */
export function yamlFiles(folder: string, faults: FaultList, from: Place): string[] | undefined {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
      .sort();
  } catch (error) {
    const [what, todo] = accessFault(error, folder);
    faults.fault(from, what.replace('no file', 'no folder'), todo.replace('the file', 'the folder'));
    return undefined;
  }
}

/** One plan file; undefined after faults. */
export function loadPlan(file: string, faults: FaultList): Plan | undefined {
  const tree = readTree(file, faults);
  if (tree === undefined) return undefined;
  const where = partOf(tree, []);
  const checked = check(planSchema, tree.value, where, faults);
  if (checked === undefined) return undefined;
  const { description, steps, closing, ...plan } = checked.value;
  const name = path.basename(file).replace(/\.ya?ml$/, '');
  if (plan.id !== name) {
    faults.fault(
      where.value(['id']),
      `\`id\` is \`${plan.id}\`, the file is called \`${name}\``,
      `write \`id: ${name}\``,
    );
  }
  const seen = new Set<string>();
  for (const [index, { id: stepId }] of steps.entries()) {
    if (seen.has(stepId))
      faults.fault(where.value(['steps', index, 'id']), `two steps \`${stepId}\``, 'rename one');
    seen.add(stepId);
  }
  return {
    ...plan,
    id: name,
    closing: closing ?? (plan.category === 'trouble' ? 'itself' : 'person'),
    steps: steps.map(({ within, role, ...rest }) => ({
      ...rest,
      ...(role === undefined ? {} : { role }),
      ...(within === undefined ? {} : { withinMs: within }),
    })),
  };
}

/** What the build made of the shipped plans: each with the fingerprint of its file's bytes. */
export type PreparedPlans = readonly (readonly [fingerprint: string, plan: Plan])[];

/** Beside the built program; parsing forty plans anew would be half of a cold start. */
const preparedFile = path.join(packageRoot, 'dist', 'plans.json');

function preparedPlans(): ReadonlyMap<string, Plan> {
  try {
    return new Map(JSON.parse(readFileSync(preparedFile, 'utf8')) as PreparedPlans);
  } catch {
    return new Map(); // not built, as in tests from the sources: the files are parsed
  }
}

/** Parses a folder of plans for the build. Throws with every fault. */
export function preparePlans(folder: string): PreparedPlans {
  const faults = faultList(folder);
  const files = (yamlFiles(folder, faults, { file: folder, line: 1, column: 1 }) ?? []).map((name) =>
    path.join(folder, name),
  );
  const prepared = files.map((file) => [fingerprint(file), loadPlan(file, faults)] as const);
  if (faults.broken()) throw new Error(faults.sorted().map(formatFault).join('\n'));
  return prepared.flatMap(([print, plan]) => (plan ? [[print, plan] as const] : []));
}

/** Tells a plan file by its bytes, so that an edited one is never taken for the prepared one. */
export function fingerprint(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return ''; // loading it says what is wrong with it
  }
}

/** The plans of these folders; a later folder replaces plans of an earlier one. Faults of access are put at `from`. */
export function loadPlans(
  folders: readonly { readonly folder: string; readonly from: Place }[],
  faults: FaultList,
): Plans {
  const fileOf = new Map<string, string>();
  for (const { folder, from } of folders) {
    for (const name of yamlFiles(folder, faults, from) ?? []) {
      fileOf.set(name.replace(/\.ya?ml$/, ''), path.join(folder, name));
    }
  }
  const sound = new Map<string, Plan>();
  const prepared = preparedPlans();
  for (const [planId, file] of fileOf) {
    const plan = prepared.get(fingerprint(file)) ?? loadPlan(file, faults);
    if (plan !== undefined) sound.set(planId, plan);
  }
  return { sound, ids: new Set(fileOf.keys()), files: [...fileOf.values()] };
}
