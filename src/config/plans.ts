// Loads emergency plans: those that are shipped, and those of the site, which replace shipped ones of the same
// id. Knows nothing of rules or of how a plan runs.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Language, Plan, Rung } from '../core/types.ts';
import { packageRoot, shippedConfig } from '../lib/assets.ts';
import { type FaultList, faultList, formatFault, type Place } from './faults.ts';
import { accessFault } from './files.ts';
import { check, partOf, type Where } from './issues.ts';
import { type Ladders, loadLadders, readRung, withLadders } from './ladders.ts';
import { checkPlan } from './plan-checks.ts';
import { draftOf, ladderSchema, type PlanDraft, planSchema, type Telling } from './plan-form.ts';
import type { Fault } from './types.ts';
import { isMapping, readTree } from './yaml.ts';

export interface Plans {
  /** by id; only the sound ones */
  readonly sound: ReadonlyMap<string, Plan>;
  /** every id that has a file, sound or not */
  readonly ids: ReadonlySet<string>;
  /** ids of the sound ones that are the site's own */
  readonly own: ReadonlySet<string>;
  /** the site's own files, of plans and of ladders */
  readonly ownFiles: readonly string[];
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
export function loadPlan(file: string, faults: FaultList): PlanDraft | undefined {
  const tree = readTree(file, faults);
  if (tree === undefined) return undefined;
  const where = partOf(tree, []);
  const checked = check(planSchema, tree.value, where, faults);
  if (checked === undefined) return undefined;
  const name = path.basename(file).replace(/\.ya?ml$/, '');
  if (checked.value.id !== name) {
    faults.fault(
      where.value(['id']),
      `\`id\` is \`${checked.value.id}\`, the file is called \`${name}\``,
      `write \`id: ${name}\`, or rename the file to ${checked.value.id}${path.extname(file)}`,
    );
  }
  checkPlan(checked.value, where, faults);
  const notify = checked.value.notify.flatMap((item, index) =>
    readTelling(item, partOf(tree, ['notify', index]), faults),
  );
  return draftOf(checked.value, name, notify);
}

/** An item of `notify`: a ladder's name, or a rung. */
function readTelling(raw: unknown, where: Where, faults: FaultList): Telling[] {
  if (!isMapping(raw) || !Object.hasOwn(raw, 'ladder')) return readRung(raw, where, faults);
  const checked = check(ladderSchema, raw, where, faults);
  return checked?.sound ? [checked.value] : [];
}

/** What the build made of the shipped plans and ladders: each with the fingerprint of its file's bytes. */
export interface PreparedPlans {
  readonly plans: readonly (readonly [fingerprint: string, draft: PlanDraft])[];
  readonly ladders: readonly [
    fingerprint: string,
    ladders: readonly (readonly [name: string, rungs: readonly Rung[]])[],
  ];
}

/** Beside the built program; parsing forty plans anew would be half of a cold start. */
const preparedFile = path.join(packageRoot, 'dist', 'plans.json');

function readPrepared(): PreparedPlans | undefined {
  try {
    const prepared = JSON.parse(readFileSync(preparedFile, 'utf8')) as PreparedPlans;
    return Array.isArray(prepared.plans) && Array.isArray(prepared.ladders) ? prepared : undefined;
  } catch {
    return undefined; // not built, as in tests from the sources: the files are parsed
  }
}

/** Parses a folder of plans, and the ladders beside it, for the build. Throws with every fault. */
export function preparePlans(folder: string): PreparedPlans {
  const faults = faultList(folder);
  const ladderFile = path.join(folder, '..', laddersName);
  const ladders = loadLadders(ladderFile, faults);
  const files = (yamlFiles(folder, faults, { file: folder, line: 1, column: 1 }) ?? []).map((name) =>
    path.join(folder, name),
  );
  const plans = files.flatMap((file) => {
    const draft = loadPlan(file, faults);
    if (draft === undefined) return [];
    complete(file, draft, ladders, faults);
    return [[fingerprint(file), draft] as const];
  });
  if (faults.broken()) throw new Error(faults.sorted().map(formatFault).join('\n'));
  return { plans, ladders: [fingerprint(ladderFile), [...ladders]] };
}

/** Tells a plan file by its bytes, so that an edited one is never taken for the prepared one. */
export function fingerprint(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return ''; // loading it says what is wrong with it
  }
}

/** Ladders of the package, beside the folder of its plans. */
const laddersName = 'ladders.yaml';

/** Puts the ladders in. The file is read again only where that shows faults: a prepared plan knows no places. */
function complete(file: string, draft: PlanDraft, ladders: Ladders, faults: FaultList): Plan {
  const { plan, problems } = withLadders(draft, ladders);
  const tree = problems.length > 0 ? readTree(file, faults) : undefined;
  for (const { index, what, todo } of problems)
    faults.fault(tree?.valueAt(['notify', index]) ?? { file, line: 1, column: 1 }, what, todo);
  return plan;
}

/** The plans of a site, whatever else is wrong with its file; without one those that are shipped. */
export function plansOf(siteFile: string | undefined): {
  readonly plans: readonly Plan[];
  readonly faults: readonly Fault[];
  /** of the premises; undefined without a site file */
  readonly language: Language | undefined;
} {
  const faults = faultList(siteFile ?? '');
  const top: Place = { file: siteFile ?? shippedConfig, line: 1, column: 1 };
  const folders = [{ folder: path.join(shippedConfig, 'plans'), from: top }];
  const tree = siteFile === undefined ? undefined : readTree(siteFile, faults);
  const named = (key: string): { file: string; from: Place } | undefined => {
    const value = tree?.value[key];
    if (tree === undefined || typeof value !== 'string') return undefined;
    return { file: path.resolve(path.dirname(tree.file), value), from: tree.valueAt([key]) };
  };
  const own = named('plans');
  if (own !== undefined) folders.push({ folder: own.file, from: own.from });
  const { sound } = loadPlans(folders, faults, named('ladders'));
  const plans = [...sound.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  const premises = tree?.value.premises;
  const english = isMapping(premises) && premises.language === 'en';
  return {
    plans,
    faults: faults.sorted().filter(({ severity }) => severity === 'fault'),
    language: tree === undefined ? undefined : english ? 'en' : 'zh',
  };
}

/** Of a site's own plan: roles that have a step, and are told of the incident by no rung. */
function warnOfUntold(file: string, plan: Plan, faults: FaultList): void {
  const told = new Set((plan.notify ?? []).flatMap(({ roles }) => roles));
  const untold = new Map<string, number>();
  for (const [index, { role }] of plan.steps.entries())
    if (role !== undefined && role !== 'finder' && !told.has(role) && !untold.has(role))
      untold.set(role, index);
  if (untold.size === 0) return;
  const tree = readTree(file, faults);
  if (tree === undefined) return;
  if (told.size === 0) {
    faults.warn(tree.keyAt(['id']), `plan \`${plan.id}\` tells nobody`, 'add `notify: [{ to: ROLE }, …]`');
    return;
  }
  for (const [role, index] of untold)
    faults.warn(
      tree.valueAt(['steps', index, 'role']),
      `role \`${role}\` has a step, and no rung of \`notify\` tells it`,
      'add a rung, or give the step to another role',
    );
}

/**
 * The plans of these folders; a later folder replaces plans of an earlier one. The ladders are those beside the first
 * folder, where it has any, with those of the site's own file over them. Faults of access are put at `from`.
 */
export function loadPlans(
  folders: readonly { readonly folder: string; readonly from: Place }[],
  faults: FaultList,
  ownLadders?: { readonly file: string; readonly from: Place },
): Plans {
  const fileOf = new Map<string, string>();
  for (const { folder, from } of folders) {
    for (const name of yamlFiles(folder, faults, from) ?? []) {
      fileOf.set(name.replace(/\.ya?ml$/, ''), path.join(folder, name));
    }
  }
  const prepared = readPrepared();
  const files = [...fileOf.values()];
  const ladders = new Map<string, readonly Rung[]>();
  const shipped = path.join(folders[0]!.folder, '..', laddersName);
  if (existsSync(shipped)) {
    const fits = prepared !== undefined && prepared.ladders[0] === fingerprint(shipped);
    for (const [name, rungs] of fits ? prepared.ladders[1] : loadLadders(shipped, faults))
      ladders.set(name, rungs);
    files.push(shipped);
  }
  if (ownLadders !== undefined) {
    for (const [name, rungs] of loadLadders(ownLadders.file, faults, ownLadders.from))
      ladders.set(name, rungs);
    files.push(ownLadders.file);
  }
  const drafts = new Map(prepared?.plans);
  const sound = new Map<string, Plan>();
  const own = new Set<string>();
  const ownFiles = ownLadders === undefined ? [] : [ownLadders.file];
  for (const [planId, file] of fileOf) {
    const draft = drafts.get(fingerprint(file)) ?? loadPlan(file, faults);
    if (draft === undefined) continue;
    const plan = complete(file, draft, ladders, faults);
    sound.set(planId, plan);
    if (path.dirname(file) === path.normalize(folders[0]!.folder)) continue;
    own.add(planId);
    ownFiles.push(file);
    warnOfUntold(file, plan, faults);
  }
  return { sound, ids: new Set(fileOf.keys()), own, ownFiles, files };
}
