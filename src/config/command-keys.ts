// The `commands:` section and the file of keys: who may command over the broker, and with which role. It must not
// decide what a role may do.

import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { isLoopback } from '../lib/loopback.ts';
import { readPublicKey } from '../rights/public-key.ts';
import { roles } from '../rights/roles.ts';
import type { CommandKey, CommandRights } from '../rights/types.ts';
import type { FaultList, Place } from './faults.ts';
import { check, partOf, type Where } from './issues.ts';
import { offsetsOf } from './offsets.ts';
import type { MqttConfig } from './types.ts';
import { date, idForm, idHint } from './values.ts';
import { show } from './words.ts';
import { isMapping, readTree } from './yaml.ts';

const usualFile = 'keys.yaml';
const dayMs = 86_400_000;
const longestName = 64;

export const commandsSchema = z.strictObject({
  accept: z
    .enum(['signed', 'open'])
    .optional()
    .describe('signed or open; default: open where the broker is on loopback, else signed'),
  keys: z.string().min(1).max(1000).optional().describe(`file of keys; default ${usualFile}`),
});

const keySchema = z.strictObject({
  name: z.string().min(1).max(longestName).describe('name for people'),
  role: z.enum(roles).describe('what the key may do'),
  publicKey: z.string().min(1).max(2000).describe('32 bytes in base64, or PEM'),
  until: date.optional().describe('last day on which it is good'),
});

export interface KeysContext {
  /** the top of the site file */
  readonly top: Where;
  /** the section, and its places */
  readonly raw: unknown;
  readonly where: Where;
  readonly beside: (name: string) => string;
  readonly timezone: string | undefined;
  readonly mqtt: MqttConfig | undefined;
  readonly files: Set<string>;
  readonly nowMs: number;
}

/** Who may command; what has faults is left out. */
export function resolveCommands(context: KeysContext, faults: FaultList): CommandRights {
  const { where, mqtt, top } = context;
  const section = check(commandsSchema, context.raw ?? {}, where, faults)?.value ?? {};
  const afar = mqtt !== undefined && !isOnLoopback(mqtt);
  const accept = section.accept ?? (afar ? 'signed' : 'open');
  if (accept === 'open' && afar)
    faults.fault(
      where.value(['accept']),
      'the broker is not on this machine, and with `accept: open` whoever reaches it may silence an alarm',
      'write `accept: signed`, or remove it',
    );
  const file = context.beside(section.keys ?? usualFile);
  const wanted = section.keys !== undefined || existsSync(file);
  const from = section.keys === undefined ? top.key([]) : where.value(['keys']);
  const keys = wanted ? readKeys(file, from, context, faults) : [];
  if (accept === 'signed' && keys.length === 0 && mqtt !== undefined && !faults.broken())
    faults.warn(
      section.accept === undefined ? top.key(['mqtt']) : where.value(['accept']),
      `nobody can command this site over MQTT: only signed commands are taken, and ${file} has no keys`,
      'make one with `keepwatch key new NAME --role operate`, or leave it so where nobody should',
    );
  return { accept, keys };
}

function isOnLoopback({ url, listen }: MqttConfig): boolean {
  if (url === 'embedded') return isLoopback(listen.host);
  return URL.canParse(url) && isLoopback(new URL(url).hostname);
}

function readKeys(file: string, from: Place, context: KeysContext, faults: FaultList): CommandKey[] {
  context.files.add(path.resolve(file));
  const tree = readTree(file, faults, from);
  if (tree === undefined) return [];
  // who can write this file can give himself every right
  if ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o022)
    faults.warn(
      { file, line: 1, column: 1 },
      'others on this machine can change who may command',
      `chmod go-w ${file}`,
    );
  const keys: CommandKey[] = [];
  for (const [id, raw] of Object.entries(tree.value)) {
    const where = partOf(tree, [id]);
    if (!idForm.test(id)) faults.fault(where.key([]), `${show(id)} is not an id`, `write ${idHint}`);
    const key = readKey(id, raw, where, context, faults);
    if (key === undefined) continue;
    const same = keys.find(({ publicKey }) => publicKey === key.publicKey);
    // whoever holds it could choose between two names and two roles
    if (same !== undefined)
      faults.fault(
        where.value(['publicKey']),
        `this is the key of \`${same.id}\``,
        'give each a key of their own',
      );
    else if (keys.some((each) => each.name === key.name || each.id === key.name || each.name === key.id))
      faults.fault(
        where.value(['name']),
        `\`${key.name}\` is another key's id or name`,
        'give each a name of their own: the journal shows who acted by it',
      );
    else keys.push(key);
  }
  return keys;
}

function readKey(
  id: string,
  raw: unknown,
  where: Where,
  { timezone, nowMs }: KeysContext,
  faults: FaultList,
): CommandKey | undefined {
  // (its text is not repeated: it may be another file, with secrets)
  if (raw !== null && !isMapping(raw)) {
    faults.fault(where.value([]), `\`${id}\` is not a key`, 'write `ID: { name: …, role: …, publicKey: … }`');
    return undefined;
  }
  const checked = check(keySchema, raw ?? {}, where, faults);
  if (!checked?.sound) return undefined;
  const { name, role, publicKey, until } = checked.value;
  const read = readPublicKey(publicKey);
  if (typeof read === 'string') {
    const cut = read.indexOf('; ');
    faults.fault(where.value(['publicKey']), read.slice(0, cut), read.slice(cut + 2));
    return undefined;
  }
  const untilMs = until === undefined || timezone === undefined ? undefined : endOfDay(until, timezone);
  if (untilMs !== undefined && nowMs >= untilMs)
    faults.warn(
      where.value(['until']),
      `the key \`${id}\` ran out on ${until}`,
      'remove it, or make a new one',
    );
  return {
    id,
    name,
    role,
    publicKey: read.toString('base64'),
    ...(untilMs !== undefined && { untilMs }),
  };
}

/** When that day ends at the premises, ms since 1970. */
function endOfDay(day: string, timezone: string): number {
  const utcMs = Date.parse(`${day}T00:00:00Z`) + dayMs;
  const [, minutes] = offsetsOf(timezone).findLast(([sinceMs]) => sinceMs <= utcMs) ?? [0, 0];
  return utcMs - minutes * 60_000;
}
