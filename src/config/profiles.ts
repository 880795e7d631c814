// Loads profiles: what is known of a product, as data. A site names profiles by id; its own folder comes before
// the shipped one. Points stay as they are written, to be merged with what the site says and checked there.

import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { shippedConfig } from '../lib/assets.ts';
import { type FaultList, faultList, type Place } from './faults.ts';
import { check, partOf } from './issues.ts';
import { nearest } from './nearest.ts';
import { yamlFiles } from './plans.ts';
import { limitsSchema } from './schema.ts';
import type { Fault } from './types.ts';
import { duration, fileId, fileIdForm, text } from './values.ts';
import { isMapping, type Mapping, readTree, type Tree } from './yaml.ts';

const points = z.custom<Mapping>(isMapping, {
  error: '`points` is not a map; write `point: { … }` for each point',
});

/** The form of a profile file. */
export const profileSchema = z.strictObject({
  id: fileId,
  maker: z.string().min(1),
  model: z.string().min(1),
  description: text.optional(),
  drivers: z.array(z.string()).min(1),
  verified: z.boolean(),
  source: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'this names no source; write where the facts are from, one text or a list',
  }),
  caveats: z.array(text).default([]),
  link: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  unit: z.int().min(0).max(255).optional(),
  every: duration.optional(),
  timeout: duration.optional(),
  limits: limitsSchema.optional(),
  points,
  examples: z
    .array(
      z.looseObject({ given: z.record(z.string(), z.unknown()), points: z.record(z.string(), z.unknown()) }),
    )
    .default([]),
});

export interface Profile extends Omit<z.output<typeof profileSchema>, 'source'> {
  readonly source: readonly string[];
  readonly file: string;
  /** for the places of its points */
  readonly tree: Tree;
}

/** One profile file; undefined after faults. */
export function loadProfile(file: string, faults: FaultList): Profile | undefined {
  const tree = readTree(file, faults);
  if (tree === undefined) return undefined;
  const where = partOf(tree, []);
  const checked = check(profileSchema, tree.value, where, faults);
  if (checked === undefined) return undefined;
  const profile = checked.value;
  const name = path.basename(file).replace(/\.ya?ml$/, '');
  if (profile.id !== name) {
    faults.fault(
      where.value(['id']),
      `\`id\` is \`${profile.id}\`, the file is called \`${name}\``,
      `write \`id: ${name}\``,
    );
  }
  return { ...profile, source: [profile.source].flat(), file, tree };
}

export interface Wanted {
  readonly id: string;
  /** where the site names it */
  readonly place: Place;
}

export interface Profiles {
  readonly sound: ReadonlyMap<string, Profile>;
  readonly files: readonly string[];
}

const ids = (folders: readonly string[]): string[] =>
  folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => yamlFiles(folder, faultList(folder), { file: folder, line: 1, column: 1 }) ?? [])
    .map((name) => name.replace(/\.ya?ml$/, ''));

/** Drivers that no recording can be played back to: they have no line. */
const unrecorded = new Set(['gpio', 'simulator', 'recording']);

/** A recorded line is read by the profiles of what was recorded; whether `of` is theirs shows at their points. */
function playable(profile: Profile): Profile {
  const { drivers } = profile;
  return drivers.every((driver) => unrecorded.has(driver))
    ? profile
    : { ...profile, drivers: [...drivers, 'recording'] };
}

/** The profiles that a site names, from the first of the folders that has them. */
export function loadProfiles(
  wanted: Iterable<Wanted>,
  folders: readonly string[],
  faults: FaultList,
): Profiles {
  const sound = new Map<string, Profile>();
  const files = new Map<string, string | undefined>();
  for (const { id, place } of wanted) {
    const known = files.has(id);
    const file = known
      ? files.get(id)
      : folders
          .flatMap((folder) => [path.join(folder, `${id}.yaml`), path.join(folder, `${id}.yml`)])
          .find((candidate) => fileIdForm.test(id) && existsSync(candidate));
    files.set(id, file);
    if (file === undefined) {
      const near = nearest(id, ids(folders));
      const todo = near
        ? `did you mean \`${near}\`?`
        : 'write the points out, or add a profile file of this name';
      faults.fault(place, `unknown profile \`${id}\``, todo);
    } else if (!known) {
      const profile = loadProfile(file, faults);
      if (profile !== undefined) sound.set(id, playable(profile));
    }
  }
  return { sound, files: [...files.values()].filter((file) => file !== undefined) };
}

const shippedProfiles = path.join(shippedConfig, 'profiles');

/** Every profile there is, for lists and tests; later folders give way to earlier ones. */
export function loadAllProfiles(folders: readonly string[] = [shippedProfiles]): {
  readonly profiles: readonly Profile[];
  readonly faults: readonly Fault[];
} {
  const faults = faultList(folders[0] ?? '');
  const sound = new Map<string, Profile>();
  for (const folder of folders) {
    if (!existsSync(folder)) continue;
    for (const name of yamlFiles(folder, faults, { file: folder, line: 1, column: 1 }) ?? []) {
      if (sound.has(name.replace(/\.ya?ml$/, ''))) continue;
      const profile = loadProfile(path.join(folder, name), faults);
      if (profile !== undefined) sound.set(profile.id, profile);
    }
  }
  return { profiles: [...sound.values()].sort((a, b) => (a.id < b.id ? -1 : 1)), faults: faults.sorted() };
}

/** Where the profiles of a site are looked for; without a site file, or with one that can't be read, the shipped ones. */
export function profileFolders(siteFile: string | undefined): readonly string[] {
  if (siteFile === undefined) return [shippedProfiles];
  const own = readTree(siteFile, faultList(siteFile))?.value.profiles;
  return typeof own === 'string'
    ? [path.resolve(path.dirname(siteFile), own), shippedProfiles]
    : [shippedProfiles];
}
