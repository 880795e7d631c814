// What all operator verbs share: who does it, how the command goes to the daemon and how its answer is
// shown. Which fields a verb has is in the verb's own file; whether it may be done is the daemon's to judge.

import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Command } from 'commander';
import { callDaemon } from '../control/client.ts';
import type { Reply, Verb } from '../core/types.ts';
import {
  type DaemonOptions,
  print,
  printJson,
  say,
  UsageFault,
  withDaemon,
  withExample,
  withLanguage,
} from './verb.ts';
import { daemonSocket } from './where.ts';

export interface OperatorOptions extends DaemonOptions {
  readonly by?: string;
}

/** The options and the example of an operator verb. */
export function asOperator(command: Command, example: string): Command {
  return withExample(
    withLanguage(withDaemon(command)).option('--by <name>', 'who does this; default: your login name'),
    example,
  );
}

/** A sentence that is said under what came of a command, or none. */
export type Remark = (reply: Reply, socket: string) => Promise<string | undefined>;

/** Sends a command and shows what came of it; 0 done, 1 refused. */
export function operate(
  options: OperatorOptions,
  verb: Verb,
  fields: object,
  remark?: Remark,
): Promise<number> {
  return operateOnFirst(options, verb, [fields], remark);
}

/** The same for the first of several readings of what was typed that the daemon knows. */
export async function operateOnFirst(
  options: OperatorOptions,
  verb: Verb,
  readings: readonly object[],
  remark?: Remark,
): Promise<number> {
  if (options.by?.trim() === '')
    throw new UsageFault('--by is empty; give the name of whoever does this, or leave it out');
  const socket = await daemonSocket(options);
  const by = options.by ?? person();
  // (not asked for: the daemon knows the language of its premises)
  const language = options.lang === undefined ? {} : { language: options.lang };
  let reply: Reply | undefined;
  let firstRefusal: Reply | undefined;
  for (const fields of readings) {
    const command = { ...fields, ...language, id: randomUUID(), verb, by, origin: 'cli' };
    reply = await callDaemon(socket, 'command', { command });
    if (reply.code !== 'notFound') break;
    firstRefusal ??= reply;
  }
  if (!reply || reply.code === 'notFound') reply = firstRefusal;
  if (!reply) throw new Error('nothing was asked');
  if (options.json) printJson(reply);
  else if (reply.ok) print(sentence(verb, reply));
  if (!reply.ok) say(refusal(reply));
  // what was done stays done, also where nothing more can be said of it
  const more = await remark?.(reply, socket).catch(() => undefined);
  if (more !== undefined) say(more);
  return reply.ok ? 0 : 1;
}

/** In the language of its reason: what `--lang` says, else that of the premises. */
export function refusal({ message, code }: Reply): string {
  if (/\p{Script=Han}/u.test(message)) return `拒绝：${message}（${code}）`;
  return `refused: ${message || 'no reason given'} (${code})`;
}

function sentence(verb: Verb, reply: Reply): string {
  const words = reply.message || `${verb}: done`;
  const { incident } = reply;
  return typeof incident === 'string' && !words.includes(incident) ? `${words} (${incident})` : words;
}

/** Behind sudo the person, not root. */
export function person(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment.SUDO_USER) return environment.SUDO_USER;
  try {
    return os.userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 0}`; // a user that only has a number, as in containers
  }
}

const durationShape = /^\d+(ms|s|m|h|d)$/;

/** The text itself, if it is written as a duration. Throws UsageFault. */
export function duration(text: string, option = '--for'): string {
  if (!durationShape.test(text))
    throw new UsageFault(`${option} "${text}" is not a duration; write it as 30s, 10m or 24h`);
  return text;
}

interface TargetOptions {
  readonly point?: string;
  readonly device?: string;
  readonly zone?: string;
}

export function withTarget(command: Command): Command {
  return command
    .argument('[name]', 'a point (device.point), a device, or a zone')
    .option('--point <point>', 'a point, as device.point')
    .option('--device <device>', 'a device with all its points')
    .option('--zone <zone>', 'a zone with all its points');
}

/**
 * What `disable` and `enable` may be about, to be tried in this order: a name with a dot is a point, one without
 * is a device, or else a zone. Throws UsageFault.
 */
export function targets(name: string | undefined, { point, device, zone }: TargetOptions): TargetOptions[] {
  const given: TargetOptions[] = [];
  if (point) given.push({ point });
  if (device) given.push({ device });
  if (zone) given.push({ zone });
  if (given.length + (name === undefined ? 0 : 1) !== 1) {
    throw new UsageFault('name exactly one: a point (device.point), a device or a zone');
  }
  if (name === undefined) return given;
  return name.includes('.') ? [{ point: name }] : [{ device: name }, { zone: name }];
}
