// The fields of a command: read, checked, and refused with one clear reason. Shared by the verbs; knows none.

import type { Turn } from './incidents.ts';
import type { Command, Level, Text, Verdict } from './types.ts';

export const levels: readonly Level[] = ['general', 'major', 'urgent'];
export const verdicts: readonly Verdict[] = ['real', 'false', 'test', 'maintenance'];
const textLimit = 2000;
const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a verb says when it is done. */
export type Done = { readonly message: Text; readonly incident?: string };
/** One verb. Throws Refusal before it has changed anything. */
export type Act = (turn: Turn, command: Command) => Done;

/** Thrown inside a verb; becomes the reply. Nothing has been changed when it is thrown. */
export class Refusal extends Error {
  readonly code: string;
  readonly text: Text;
  constructor(code: string, zh: string, en: string) {
    super(en);
    this.code = code;
    this.text = { zh, en };
  }
}

export function because(command: Command, what: string): string {
  const note = optionalText(command, 'note');
  return note === undefined ? `${what} by ${command.by}` : `${what} by ${command.by}: ${note}`;
}

export function noteOf(command: Command): { note?: string } {
  const note = optionalText(command, 'note');
  return note === undefined ? {} : { note };
}

export function text(command: Command, field: string): string {
  const value = optionalText(command, field);
  if (value === undefined) throw new Refusal('badRequest', `缺少 ${field}`, `${field} is missing`);
  return value;
}

export function optionalText(command: Command, field: string): string | undefined {
  const value = command[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.trim() === '' || value.length > textLimit) {
    throw new Refusal(
      'badRequest',
      `${field} 应为 1 到 ${textLimit} 字的文本`,
      `${field} must be a text of 1 to ${textLimit} characters`,
    );
  }
  return value;
}

export function optionalChoice<T extends string>(
  command: Command,
  field: string,
  choices: readonly T[],
): T | undefined {
  return command[field] === undefined ? undefined : choice(command, field, choices);
}

export function choice<T extends string>(command: Command, field: string, choices: readonly T[]): T {
  const value = command[field];
  if (!choices.includes(value as T)) {
    throw new Refusal(
      'badRequest',
      `${field} 应为 ${choices.join('、')} 之一`,
      `${field} must be one of ${choices.join(', ')}`,
    );
  }
  return value as T;
}

export function duration(command: Command, field: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text(command, field));
  const ms = match ? Number(match[1]) * unitsMs[match[2]!]! : 0;
  if (!(ms > 0) || ms > 366 * 86_400_000) {
    throw new Refusal(
      'badRequest',
      `${field} 应为时长，例如 10m`,
      `${field} must be a duration such as 10m, at most a year`,
    );
  }
  return ms;
}
