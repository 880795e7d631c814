// `keepwatch sign`: prints a signed command, to be published by any MQTT client. Works far from any gateway, with a
// key file alone; whether the verb and its fields make sense is the gateway's to judge.

import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { accessFault } from '../config/files.ts';
import { idForm, idTodo, parseDuration } from '../config/values.ts';
import { hasCanonicalForm } from '../lib/canonical-json.ts';
import { privateKeyOf, signCommand } from '../rights/sign.ts';
import { longestLifeMs } from '../rights/words.ts';
import { type Define, print, say, UsageFault, withExample } from './verb.ts';

interface Options {
  readonly key: string;
  readonly premises: string;
  readonly as?: string;
  readonly by?: string;
  readonly id?: string;
  readonly for: string;
  readonly session?: string;
}

export const define: Define = (command, act) => {
  withExample(
    command,
    'keepwatch sign --key wang.key.pem --premises store_0042 ack incident=i3 |\n' +
      '    mosquitto_pub -q 1 -t keepwatch/v1/store_0042/command -s',
  )
    .argument('<verb>', 'such as ack')
    .argument('[fields...]', 'name=text, or name:=value for true, false, numbers and other JSON')
    .requiredOption('--key <file>', 'private key, as `keepwatch key new` wrote it')
    .requiredOption('--premises <id>', 'id of the premises that it is for')
    .option('--as <id>', "the key's id in keys.yaml; default: from the file's name, ID.key.pem")
    .option('--by <name>', "who does this: the key's id or its name; default: the id")
    .option('--id <id>', 'id of the command; to ask again for the same, give the same')
    .option('--for <duration>', 'how long it is valid, 10m at most', '2m')
    .option(
      '--session <session>',
      'of the present `status`; needed while the gateway’s clock is not synchronised',
    )
    .action(act(signAndPrint));
};

function signAndPrint(verb: string, given: readonly string[], options: Options): number {
  const lifeMs = parseDuration(options.for);
  if (lifeMs === undefined || lifeMs <= 0 || lifeMs > longestLifeMs)
    throw new UsageFault(`--for ${options.for} is not a time up to 10m; write one such as 2m`);
  if (verb.trim() === '') throw new UsageFault('the verb is empty; write one such as ack');
  for (const [name, text] of Object.entries({ as: options.as, premises: options.premises }))
    if (text !== undefined && !idForm.test(text))
      throw new UsageFault(`--${name} "${text}" is not an id; ${idTodo(text)}`);
  for (const [name, most] of Object.entries(longest)) {
    const text = options[name as keyof typeof longest];
    if (text !== undefined && (text.trim() === '' || text.length > most))
      throw new UsageFault(`--${name} is not a text of 1 to ${most} characters; write one, or leave it out`);
  }
  const fields = fieldsOf(given);
  const pem = readPrivate(options.key);
  const key = options.as ?? /^([a-z][a-z0-9_]{0,63})\.key\.pem$/.exec(path.basename(options.key))?.[1];
  if (key === undefined)
    throw new UsageFault(
      `${options.key} is not called ID.key.pem, so it doesn't say whose key it is; add --as ID, as in keys.yaml`,
    );
  const command = signCommand(
    {
      ...fields,
      id: options.id ?? randomUUID(),
      verb,
      ...(options.by !== undefined && { by: options.by }),
    },
    {
      key,
      privateKey: privateKeyOf(pem, options.key),
      premises: options.premises,
      nowMs: Date.now(),
      lifeMs,
      ...(options.session !== undefined && { session: options.session }),
    },
  );
  print(JSON.stringify(command));
  return 0;
}

/** As the gateway takes them, characters. */
const longest = { id: 128, by: 64, session: 128 } as const;
/** fields with an option of their own */
const ownOptions = ['id', 'by', 'key', 'premises', 'session'];
/** fields that a signed command gets, or may not have */
const reserved = ['verb', 'at', 'until', 'nonce', 'signature', 'origin'];

function fieldsOf(given: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const each of given) {
    const match = /^([A-Za-z][A-Za-z0-9]*)(:?=)([\s\S]*)$/.exec(each);
    if (match === null) throw new UsageFault(`"${each}" is no field; write name=text or name:=value`);
    const [, name, mark, text] = match as unknown as [string, string, string, string];
    if (ownOptions.includes(name))
      throw new UsageFault(`${name} can't be given as a field; write --${name} in its place`);
    if (reserved.includes(name))
      throw new UsageFault(`${name} can't be given as a field, because \`sign\` sets it; leave it out`);
    if (Object.hasOwn(fields, name)) throw new UsageFault(`${name} is given twice; give it once`);
    fields[name] = mark === '=' ? text : jsonOf(name, text);
    if (!hasCanonicalForm(fields[name]))
      throw new UsageFault(
        `${name} can't be signed: a number is too large, or a text is not Unicode; change it`,
      );
  }
  return fields;
}

function jsonOf(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageFault(`${name}:=${text} is no JSON; for a text write ${name}=${text}`);
  }
}

function readPrivate(file: string): string {
  let pem: string;
  try {
    if (statSync(file).isFile() && statSync(file).mode & 0o077)
      say(`others on this machine can use this key; chmod 600 ${file}`);
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    const isFolder = (error as NodeJS.ErrnoException).code === 'EISDIR';
    const [message, hint] = isFolder
      ? [`${file} is a folder`, 'name the file that `keepwatch key new` wrote']
      : accessFault(error, file);
    throw Object.assign(new Error(message), { hint });
  }
  return pem;
}
