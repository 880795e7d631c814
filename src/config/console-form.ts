// The `console:` section and the file of its users: where the page listens, what is open without a login, and who may
// log in. It must not listen, nor decide what a role may do.

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { isLoopback } from '../lib/loopback.ts';
import { isHash } from '../rights/passwords.ts';
import { roles } from '../rights/roles.ts';
import { refers } from './context.ts';
import type { FaultList, Place } from './faults.ts';
import { accessFault } from './files.ts';
import { check, partOf, type Where, warnOfPlain } from './issues.ts';
import type { ConsoleConfig, ConsoleUser } from './types.ts';
import { duration, id, idForm, idHint, listen, parseListen } from './values.ts';
import { show } from './words.ts';
import { isMapping, readTree } from './yaml.ts';

export const usualUsers = 'users.yaml';
const fileName = z.string().min(1).max(1000);
const longestName = 64;
const mostUsers = 500;
const shortestSessionMs = 60_000;
/** Nobody waits between two guesses. */
const shortestToken = 24;

export const consoleSchema = z.strictObject({
  listen: listen.default('127.0.0.1:8080').describe('host:port on which the page and the HTTP API listen'),
  withoutLogin: z
    .enum([...roles, 'none'])
    .optional()
    .describe('what may be done on loopback without a login; default: view'),
  users: fileName.default(usualUsers).describe('file of users, made by `keepwatch user`'),
  cert: fileName.optional().describe('PEM file of the certificate; needed off loopback'),
  key: fileName.optional().describe('PEM file of its private key'),
  floors: fileName.default('floors').describe('folder of the floor plans'),
  zone: id.optional().describe('zone in which this console stands; the panic key raises there'),
  idle: duration.default(12 * 3_600_000).describe('a login ends when nothing was done for this long'),
  session: duration.default(7 * 86_400_000).describe('a login ends after this long in any case'),
  metricsToken: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe('bearer token that /metrics may be read with; write `!secret name`'),
});

const userSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(longestName)
    .refine((name) => name.trim() === name && !/\p{Cc}/u.test(name), {
      error:
        'the name begins or ends with a space, or has characters that are not to be seen; write it plainly',
    })
    .describe('name for people'),
  role: z.enum(roles).describe('what the user may do'),
  hash: z.string().min(1).max(400).describe('hash of the password'),
});

export interface ConsoleContext {
  /** undefined: no console */
  readonly raw: unknown;
  readonly where: Where;
  readonly beside: (name: string) => string;
  /** ids of the site's zones */
  readonly zones: ReadonlySet<string>;
}

/** undefined: the site has no console, or its section can't be used at all. */
export function resolveConsole(
  { raw, where, beside, zones }: ConsoleContext,
  faults: FaultList,
): ConsoleConfig | undefined {
  if (raw === undefined) return undefined;
  if (isMapping(raw) && typeof raw.metricsToken === 'string') faults.conceal(raw.metricsToken);
  const section = check(consoleSchema, raw ?? {}, where, faults)?.value;
  if (section === undefined) return undefined;
  const address = parseListen(section.listen)!;
  const local = isLoopback(address.host);
  const file = path.resolve(beside(section.users));
  const named = isMapping(raw) && raw.users !== undefined;
  const wanted = named ? existsSync(file) || !local : existsSync(file);
  const users = wanted ? readUsers(file, where.value(['users']), faults) : [];
  if (local) {
    if (section.withoutLogin === 'none' && users.length === 0)
      faults.warn(
        where.value(['withoutLogin']),
        `nobody can use the console: nothing is open without a login, and ${file} has no users`,
        'make one with `keepwatch user add NAME --role operate`',
      );
  } else checkAfar(section, { where, file, users }, faults);
  checkPem(section, where, beside, faults);
  checkToken(section, where, faults);
  const placed = refers(faults, 'zone', section.zone, zones, () => where.value(['zone']));
  for (const key of ['idle', 'session'] as const)
    if (section[key] < shortestSessionMs)
      faults.fault(where.value([key]), `\`${key}\` is too short to log in and act`, 'write 1m or more');
  const withoutLogin = local ? (section.withoutLogin ?? 'view') : 'none';
  return {
    listen: address,
    ...(withoutLogin !== 'none' && { withoutLogin }),
    users,
    usersFile: file,
    ...(section.cert !== undefined && { cert: path.resolve(beside(section.cert)) }),
    ...(section.key !== undefined && { key: path.resolve(beside(section.key)) }),
    floors: path.resolve(beside(section.floors)),
    ...(section.zone !== undefined && placed && { zone: section.zone }),
    idleMs: section.idle,
    sessionMs: section.session,
    ...(section.metricsToken !== undefined && { metricsToken: section.metricsToken }),
  };
}

type Section = z.output<typeof consoleSchema>;

function checkToken({ metricsToken }: Section, where: Where, faults: FaultList): void {
  if (metricsToken === undefined) return;
  warnOfPlain(metricsToken, where, 'metricsToken', 'metrics_token', faults);
  if (metricsToken.length < shortestToken || !/^[\x21-\x7e]+$/.test(metricsToken))
    faults.fault(
      where.value(['metricsToken']),
      `\`metricsToken\` must have ${shortestToken} letters, digits or signs or more, and no space`,
      'make one with `openssl rand -hex 24`',
    );
}

/** What the network may reach asks for TLS and a login. */
function checkAfar(
  section: Section,
  { where, file, users }: { where: Where; file: string; users: readonly ConsoleUser[] },
  faults: FaultList,
): void {
  const at = where.value(['listen']);
  for (const key of ['cert', 'key'] as const)
    if (section[key] === undefined)
      faults.fault(
        at,
        `the console listens beyond this machine, and \`${key}\` is missing`,
        `add \`${key}: FILE.pem\`, or listen on 127.0.0.1`,
      );
  if (section.withoutLogin !== undefined && section.withoutLogin !== 'none')
    faults.fault(
      where.value(['withoutLogin']),
      'the console listens beyond this machine, where everything asks for a login',
      'remove `withoutLogin`, or listen on 127.0.0.1',
    );
  if (users.length === 0 && !faults.broken())
    faults.fault(
      at,
      `the console listens beyond this machine, and ${file} has no users`,
      'make one with `keepwatch user add NAME --role operate`',
    );
}

/**
 * Files that can't be read are a warning: whoever checks may not be the one who runs, and a certificate is no reason
 * not to guard. While it runs it is a trouble.
 */
function checkPem(section: Section, where: Where, beside: (name: string) => string, faults: FaultList): void {
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    const value = section[one];
    if (value === undefined) continue;
    if (value.includes('-----BEGIN')) {
      faults.fault(where.value([one]), `\`${one}\` is PEM text, not a file`, 'write the name of a PEM file');
      continue;
    }
    if (section[other] === undefined && isLoopback(parseListen(section.listen)!.host))
      faults.fault(
        where.key([one]),
        `\`${one}\` without \`${other}\``,
        `add \`${other}:\`, or remove \`${one}:\``,
      );
    try {
      accessSync(beside(value), constants.R_OK);
    } catch (error) {
      faults.warn(where.value([one]), ...accessFault(error, beside(value)));
    }
  }
}

/** The users of a file; what has faults is left out. */
export function readUsers(file: string, from: Place, faults: FaultList): ConsoleUser[] {
  // nothing of it is repeated: it may be another file, with secrets
  const tree = readTree(file, faults, from, true);
  if (tree === undefined) return [];
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  const top = { file, line: 1, column: 1 };
  if (mode & 0o022) faults.warn(top, 'others on this machine can change who may log in', `chmod 640 ${file}`);
  else if (mode & 0o004)
    faults.warn(top, 'others on this machine can read the hashes of passwords', `chmod 640 ${file}`);
  const users: ConsoleUser[] = [];
  for (const [id, raw] of Object.entries(tree.value)) {
    const where = partOf(tree, [id]);
    if (!idForm.test(id)) {
      faults.fault(where.key([]), `${show(id)} is not an id`, `write ${idHint}`);
      continue;
    }
    const user = readUser(id, raw, where, faults);
    if (user === undefined) continue;
    const same = users.find((each) =>
      [each.id, each.name].some((one) => one === user.name || one === user.id),
    );
    if (same !== undefined)
      faults.fault(
        where.value(['name']),
        `\`${user.name}\` is \`${same.id}\`'s id or name already`,
        'give each a name of their own: the journal shows who acted by it',
      );
    else users.push(user);
  }
  if (users.length > mostUsers) faults.fault(top, `more than ${mostUsers} users`, 'remove some');
  return users.slice(0, mostUsers);
}

function readUser(id: string, raw: unknown, where: Where, faults: FaultList): ConsoleUser | undefined {
  if (!isMapping(raw)) {
    faults.fault(where.value([]), `\`${id}\` is not a user`, 'make it with `keepwatch user add`');
    return undefined;
  }
  const checked = check(userSchema, raw, where, faults);
  if (!checked?.sound) return undefined;
  if (!isHash(checked.value.hash)) {
    faults.fault(
      where.value(['hash']),
      '`hash` is not the hash of a password',
      `write it with \`keepwatch user passwd ${id}\``,
    );
    return undefined;
  }
  return { id, ...checked.value };
}
