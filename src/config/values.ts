// Durations as people write them (`50ms 3s 10m 24h 2d`) and the other small value forms of the files: texts,
// on and off, ids. Each is a Zod type whose message reads `what; what to do`.

import * as z from 'zod';
import { show } from './words.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const durationForm = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** A year and a day; longer is a slip of the pen. */
const longestMs = 366 * 86_400_000;

/** Milliseconds of a duration such as `10m`; undefined where it is none, or not a whole number of milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = durationForm.exec(text);
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * unitMs[match[2]!]! * 1000) / 1000;
  return Number.isInteger(ms) && ms <= longestMs ? ms : undefined;
}

const durationMessage = (issue: { readonly input?: unknown }): string =>
  `${show(issue.input)} is not a duration; write a number with its unit, such as 50ms, 3s, 10m, 24h or 2d`;

/** A duration string; becomes milliseconds. */
export const duration = z
  .string({ error: durationMessage })
  .regex(durationForm, { error: durationMessage, abort: true })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: `${show(text)} is too long or too fine; write 1ms to 366d` });
    return z.NEVER;
  });

const unitBytes: Readonly<Record<string, number>> = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const sizeForm = /^(\d{1,9}(?:\.\d{1,6})?)(KB|MB|GB)$/;

/** Bytes of a size such as `512MB`, in which 1KB is 1024 bytes; undefined where it is none. */
function parseSize(text: string): number | undefined {
  const match = sizeForm.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * unitBytes[match[2]!]!);
}

/** A size string of at least so many bytes; becomes bytes. */
export const sizeFrom = (least: string) =>
  z
    .string({ error: (issue) => `${show(issue.input)} is not a size; write one such as ${least} or 1GB` })
    .transform((text, context) => {
      const bytes = parseSize(text);
      if (bytes !== undefined && bytes >= parseSize(least)!) return bytes;
      const message =
        bytes === undefined
          ? `${show(text)} is not a size; write a number with its unit, such as ${least} or 1GB`
          : `${show(text)} is too little; write ${least} or more`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });

/** `on`, `off`, true or false; becomes a boolean. */
export const onOff = z
  .union([z.boolean(), z.enum(['on', 'off'])], {
    error: (issue) => `${show(issue.input)} is neither on nor off; write on or off`,
  })
  .transform((value) => value === true || value === 'on');

function textMessage({ input }: { readonly input?: unknown }): string {
  if (input !== null && typeof input === 'object' && !Array.isArray(input)) {
    const missing = ['zh', 'en'].filter((language) => !Object.hasOwn(input, language));
    if (missing.length === 1) return `\`${missing[0]}\` is missing; add \`${missing[0]}: …\``;
  }
  return `${show(input)} is not a text; write one text, or { zh: …, en: … }`;
}

/** One text, or one for each language. */
export const text = z.union(
  [
    z.string().min(1).max(2000),
    z.strictObject({ zh: z.string().min(1).max(2000), en: z.string().min(1).max(2000) }),
  ],
  { error: textMessage },
);

/** Ids of everything in a site file. (`constructor` is in every object of the program: as a key it would be found there.) */
export const idForm = /^(?!constructor$)[a-z][a-z0-9_]{0,63}$/;
/** Ids of plans and profiles, which may have hyphens. */
export const fileIdForm = /^(?!constructor$)[a-z][a-z0-9_-]{0,63}$/;

export const idHint = 'a small letter, then small letters, digits and _, at most 64';

/** What to do about something that is not an id. */
export function idTodo(given: unknown, allowed = idHint): string {
  return given === 'constructor' ? 'choose another name: this one means something else' : `write ${allowed}`;
}

const idOf = (form: RegExp, allowed: string) => {
  const error = ({ input }: { readonly input?: unknown }): string =>
    `${show(input)} is not an id; ${idTodo(input, allowed)}`;
  return z.string({ error }).regex(form, { error });
};

export const id = idOf(idForm, idHint);
export const fileId = idOf(fileIdForm, 'a small letter, then small letters, digits, _ and -, at most 64');

/** A date that there is, as `YYYY-MM-DD`. */
export const date = z
  .string({ error: (issue) => `${show(issue.input)} is not a date; write one such as 2026-10-01` })
  .refine(isDate, { error: (issue) => `${show(issue.input)} is not a date; write one such as 2026-10-01` });

function isDate(text: string): boolean {
  if (!/^20\d{2}-\d{2}-\d{2}$/.test(text)) return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** `host:port`, the host in brackets where it is an IPv6 address. */
const listenForm = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/;

/** The host and port of a listening address; undefined where it is none. */
export function parseListen(address: string): { readonly host: string; readonly port: number } | undefined {
  const match = listenForm.exec(address);
  if (match === null || Number(match[2]) > 65_535) return undefined;
  return { host: match[1]!.replace(/^\[|\]$/g, ''), port: Number(match[2]) };
}

export const listen = z
  .string({
    error: (issue) => `${show(issue.input)} is not an address; write host:port, such as 127.0.0.1:8080`,
  })
  .refine((address) => parseListen(address) !== undefined, {
    error: (issue) => `${show(issue.input)} is not an address; write host:port, such as 127.0.0.1:8080`,
  });
