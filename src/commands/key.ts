// `keepwatch key new`: makes a pair of keys for one person or program. The private one goes into a file that only its
// owner can read; what keys.yaml needs is printed. Nothing of it goes to a daemon.

import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { idForm, idTodo } from '../config/values.ts';
import { rawOf } from '../rights/public-key.ts';
import { type Role, roles } from '../rights/roles.ts';
import { type Define, print, say, UsageFault, withExample } from './verb.ts';

interface Options {
  readonly role?: string;
  readonly name?: string;
  readonly until?: string;
  readonly out?: string;
}

export const define: Define = (command, act) => {
  withExample(command, 'keepwatch key new wang --role operate --name 王伟 >> keys.yaml')
    .argument('<action>', 'new')
    .argument('<id>', 'id of the key in keys.yaml, such as wang')
    .option('--role <role>', `what it may do, in rising order: ${roles.join(', ')}`)
    .option('--name <name>', 'name for people; default: the id')
    .option('--until <date>', 'last day on which it is good, such as 2027-12-31')
    .option('--out <file>', 'where the private key goes; default: ID.key.pem')
    .action(act(makeKey));
};

function makeKey(action: string, id: string, options: Options): number {
  if (action !== 'new')
    throw new UsageFault(`"${action}" is not an action; write \`key new ID --role ROLE\``);
  if (!idForm.test(id)) throw new UsageFault(`"${id}" is not an id; ${idTodo(id)}`);
  const role = roleOf(options.role);
  if (options.name?.trim() === '')
    throw new UsageFault('--name is empty; write the name of whoever gets the key, or leave it out');
  if (options.until !== undefined) mustBeToCome(options.until);
  const file = options.out ?? `${id}.key.pem`;
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writePrivate(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const until = options.until === undefined ? '' : `, until: ${options.until}`;
  const name = JSON.stringify(options.name ?? id);
  const raw = rawOf(publicKey).toString('base64');
  print(`${id}: { name: ${name}, role: ${role}, publicKey: "${raw}"${until} }`);
  say(`the private key is in ${path.resolve(file)}: give it to ${id} alone, and keep no copy`);
  say('the line above belongs into keys.yaml of each gateway; reload it with SIGHUP');
  return 0;
}

function roleOf(given: string | undefined): Role {
  const role = roles.find((each) => each === given);
  if (role !== undefined) return role;
  const what = given === undefined ? '--role is missing' : `--role ${given} is not a role`;
  throw new UsageFault(`${what}; write one of ${roles.join(', ')}`);
}

/** A day of the calendar that is not over everywhere on earth. */
function mustBeToCome(day: string): void {
  const ms = /^20\d{2}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day)
    throw new UsageFault(`--until ${day} is not a date; write one such as 2027-12-31`);
  if (ms + 36 * 3_600_000 < Date.now())
    throw new UsageFault(`--until ${day} is over; write the last day on which the key shall be good`);
}

/** Never over a file that is there: it may be the only copy of a key in use. */
function writePrivate(file: string, pem: string): void {
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
    // (a umask can only take away; an ACL of the folder could add)
    chmodSync(file, 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      const hint = 'choose another with --out, or move it away where it is no longer used';
      throw Object.assign(new Error(`${file} is there already`), { hint });
    }
    const hint = 'name a file in a folder that exists and that you may write to, with --out';
    const { code = 'error' } = error as NodeJS.ErrnoException;
    throw Object.assign(new Error(`the key can't be written to ${file} (${code})`), { hint });
  }
}
