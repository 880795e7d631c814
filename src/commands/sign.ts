// `keepwatch sign`: prints a signed command, to be published by any MQTT client. Works far from any gateway, with a
// key file alone; whether the verb and its fields make sense is the gateway's to judge.

import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { accessFault } from '../config/files.ts';
import { parseDuration } from '../config/values.ts';
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
  const key = options.as ?? /^([a-z][a-z0-9_]{0,63})\.key\.pem$/.exec(path.basename(options.key))?.[1];
  if (key === undefined)
    throw new UsageFault('the file is not called ID.key.pem: say whose key it is with --as ID');
  const fields = fieldsOf(given);
  const command = signCommand(
    {
      ...fields,
      id: options.id ?? randomUUID(),
      verb,
      ...(options.by !== undefined && { by: options.by }),
    },
    {
      key,
      privateKey: privateKeyOf(readPrivate(options.key)),
      premises: options.premises,
      nowMs: Date.now(),
      lifeMs,
      ...(options.session !== undefined && { session: options.session }),
    },
  );
  print(JSON.stringify(command));
  return 0;
}

const reserved = [
  'id',
  'verb',
  'by',
  'key',
  'premises',
  'at',
  'until',
  'nonce',
  'session',
  'signature',
  'origin',
];

function fieldsOf(given: readonly string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const each of given) {
    const match = /^([A-Za-z][A-Za-z0-9]*)(:?=)([\s\S]*)$/.exec(each);
    if (match === null) throw new UsageFault(`"${each}" is no field; write name=text or name:=value`);
    const [, name, mark, text] = match as unknown as [string, string, string, string];
    if (reserved.includes(name) || name in fields)
      throw new UsageFault(`${name} can't be given as a field here; see --help`);
    fields[name] = mark === '=' ? text : jsonOf(name, text);
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
    if (statSync(file).mode & 0o077) say(`others on this machine can use this key; chmod 600 ${file}`);
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    const [message, hint] = accessFault(error, file);
    throw Object.assign(new Error(message), { hint });
  }
  return pem;
}
