// Resolves `!secret name`: the environment, then systemd's credentials, then the secrets file. No value ever
// gets into a fault.

import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { FaultList } from './faults.ts';
import { type Mapping, readTree, type Tree } from './yaml.ts';

const nameForm = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;

export interface SecretPlaces {
  readonly environment: NodeJS.ProcessEnv;
  /** path of the secrets file, read only when it is needed */
  readonly file: string;
}

function readSecrets(file: string, faults: FaultList): Mapping | undefined {
  if (!existsSync(file)) return undefined;
  const tree = readTree(file, faults, undefined, true);
  if (tree === undefined) return {};
  if ((statSync(file).mode & 0o044) !== 0) {
    faults.warn(
      { file, line: 1, column: 1 },
      'others on this machine can read the secrets',
      `chmod 600 ${file}`,
    );
  }
  for (const value of Object.values(tree.value)) {
    if (typeof value === 'string') faults.conceal(value);
  }
  for (const name of Object.keys(tree.value)) {
    if (typeof tree.value[name] === 'string') continue;
    faults.fault(tree.valueAt([name]), `secret \`${name}\` is not a text`, 'put the value in quotes');
  }
  return tree.value;
}

function fromEnvironment(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  const upper = name.toUpperCase().replace(/[.-]/g, '_');
  return environment[`KEEPWATCH_SECRET_${upper}`] || environment[name] || environment[upper] || undefined;
}

function fromCredentials(name: string, folder: string | undefined): string | undefined {
  if (folder === undefined || folder === '') return undefined;
  try {
    return readFileSync(path.join(folder, name), 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}

/** Puts the values in the place of the marks. Returns the secrets file where it was read. */
export function resolveSecrets(tree: Tree, places: SecretPlaces, faults: FaultList): string | undefined {
  let fileRead = false;
  let inFile: Mapping | undefined;
  for (const { path: at, mark, holder, key } of tree.secrets) {
    const slots = holder as Record<string | number, unknown>;
    // put over from outside since
    if (slots[key] !== mark) continue;
    const { name } = mark;
    const dotted = at.join('.');
    if (!nameForm.test(name)) {
      // a name of this form may be the secret itself, so it is not shown
      faults.fault(
        tree.valueAt(at),
        'after `!secret` comes no name',
        'write the name of the secret, such as `!secret mqtt_password`',
      );
      tree.unresolved.add(dotted);
      delete slots[key];
      continue;
    }
    let value =
      fromEnvironment(name, places.environment) ??
      fromCredentials(name, places.environment.CREDENTIALS_DIRECTORY);
    if (value === undefined) {
      if (!fileRead) {
        fileRead = true;
        inFile = readSecrets(places.file, faults);
      }
      const found = inFile && Object.hasOwn(inFile, name) ? inFile[name] : undefined;
      if (typeof found === 'string') value = found;
    }
    if (value === undefined) {
      const variable = `KEEPWATCH_SECRET_${name.toUpperCase().replace(/[.-]/g, '_')}`;
      faults.fault(
        tree.valueAt(at),
        `secret \`${name}\` is in none of its places: environment variable ${variable}, the file ${name} in $CREDENTIALS_DIRECTORY, ${places.file}`,
        'put it in one of them',
      );
      tree.unresolved.add(dotted);
      delete slots[key];
      continue;
    }
    faults.conceal(value);
    tree.hidden.add(dotted);
    slots[key] = value;
  }
  return inFile === undefined ? undefined : places.file;
}
