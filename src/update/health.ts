// How the daemon is, seen from outside as a technician would: systemd, and the commands of the program that is
// installed now. And the judgement whether one is as well after an update as before. Changes nothing.

import { run } from './run.ts';
import type { Look } from './types.ts';

const unit = 'keepwatch.service';
const program = '/usr/bin/keepwatch';
const answerWithinMs = 20_000;

// biome-ignore lint/suspicious/noExplicitAny: another version of the program may have written it
type Json = any;

async function json(...argv: string[]): Promise<Json> {
  const { code, stdout } = await run([program, ...argv, '--json'], answerWithinMs);
  if (code !== 0) return undefined;
  try {
    return JSON.parse(stdout);
  } catch {
    return undefined;
  }
}

/** Never fails: what can't be asked is absent or empty. */
export async function look(): Promise<Look> {
  const shown = await run([
    'systemctl',
    'show',
    unit,
    '--property=ActiveState',
    '--property=MainPID',
    '--property=NRestarts',
  ]);
  const facts = new Map(shown.stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const state = facts.get('ActiveState') ?? 'unknown';
  const base = { state, pid: Number(facts.get('MainPID')), restarts: Number(facts.get('NRestarts')) };
  const none = { ...base, devices: [], open: [], known: [], ill: [] };
  if (state !== 'active') return none;
  const [status, open, known] = [
    await json('status'),
    await json('incidents'),
    await json('incidents', '--all'),
  ];
  if (!status || !Array.isArray(open) || !Array.isArray(known)) return none;
  const ids = (list: Json[]): string[] => list.map(({ id }) => String(id));
  return {
    ...base,
    version: String(status.version),
    devices: status.buses.flatMap(({ devices }: Json) => ids(devices.filter(({ up }: Json) => up))),
    open: ids(open),
    known: ids(known),
    ill: open
      .map(({ cause }: Json) => String(cause?.rule))
      .filter((rule: string) => rule.startsWith('health_')),
  };
}

/** Whether there is a site file, without which no daemon starts. */
export async function hasSite(): Promise<boolean> {
  return (await run(['test', '-e', '/etc/keepwatch/keepwatch.yaml'])).code === 0;
}

/** What is missing to being as well as before; undefined: nothing. */
export function missingTo(before: Look, now: Look, version: string): string | undefined {
  if (now.state !== 'active' || now.pid === 0) return `the daemon is ${now.state}`;
  if (now.version === undefined) return 'the daemon does not answer';
  if (now.version !== version) return `version ${now.version} answers, not ${version}`;
  const silent = before.devices.filter((id) => !now.devices.includes(id));
  if (silent.length > 0) return `devices that answered before do not: ${silent.join(', ')}`;
  const forgotten = before.open.filter((id) => !now.known.includes(id));
  if (forgotten.length > 0) return `incidents that were open are gone: ${forgotten.join(', ')}`;
  const ill = now.ill.filter((rule) => !before.ill.includes(rule));
  if (ill.length > 0) return `the gateway has a trouble that it did not have before: ${ill.join(', ')}`;
  return undefined;
}

/** It starts again and again: waiting longer does not help. */
const mostRestarts = 3;
const askEveryMs = 500;

/**
 * Waits until the daemon is as well as before and has been so for `steadyMs`. Gives what is missing at the end of the
 * time; undefined: it is well.
 */
export async function wellWithin(
  before: Look,
  version: string,
  { withinMs, steadyMs }: { readonly withinMs: number; readonly steadyMs: number },
): Promise<string | undefined> {
  const endMs = performance.now() + withinMs;
  let well: { readonly pid: number; readonly sinceMs: number } | undefined;
  for (;;) {
    const now = await look();
    const missing = missingTo(before, now, version);
    if (missing !== undefined) well = undefined;
    else if (well?.pid !== now.pid) well = { pid: now.pid, sinceMs: performance.now() };
    if (well !== undefined && performance.now() - well.sinceMs >= steadyMs) return undefined;
    if (now.restarts >= mostRestarts && missing !== undefined)
      return `${missing}, and was started again ${now.restarts} times`;
    if (performance.now() > endMs) return missing ?? 'it does not stay well';
    await new Promise((resolve) => setTimeout(resolve, askEveryMs));
  }
}
