// The words that forms of answers are written in: of a type every field by its name (the compiler holds both together), with
// room for more, because fields are only ever added. Knows no answer.

import type { StatusReport } from '../control/types.ts';
import type { Schema } from './route.ts';

export type { Schema };

export const string = { type: 'string' } as const;
export const boolean = { type: 'boolean' } as const;
export const integer = { type: 'integer' } as const;
export const number = { type: 'number' } as const;
export const moment = { type: 'string', format: 'date-time' } as const;
export const text = {
  anyOf: [string, { type: 'object', properties: { zh: string, en: string }, required: ['zh', 'en'] }],
} as const;
export const value = { type: ['boolean', 'number', 'string', 'null'] } as const;
export const category = { enum: ['alarm', 'supervisory', 'trouble'] } as const;
export const level = { enum: ['general', 'major', 'urgent'] } as const;
export const role = { enum: ['view', 'acknowledge', 'operate', 'configure'] } as const;
/** null: nothing is known */
export const figure = { type: ['number', 'null'] } as const;
export const quality = { enum: ['good', 'stale', 'bad'] } as const;
export const list = (items: Schema): Schema => ({ type: 'array', items });
export const is = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

export type Optional<T> = { [Key in keyof T]-?: object extends Pick<T, Key> ? Key : never }[keyof T];

/** Of a type whose every field is named here; those that may be absent are named once more. */
export function form<T extends object>(
  properties: { readonly [Key in keyof T]-?: Schema },
  ...optional: readonly Optional<T>[]
): Schema {
  return object(properties as Readonly<Record<string, Schema>>, optional as readonly string[]);
}

/** Of something that has no type of its own. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: true };
}

/** Any object: its fields are not for others to build on. */
export const some = { type: 'object', additionalProperties: true } as const;
export const both = object({ zh: string, en: string });
export const premises = form<StatusReport['premises']>({
  id: string,
  name: text,
  timezone: string,
  language: { enum: ['zh', 'en'] },
});
export const clock = { enum: ['synced', 'unsynced'] } as const;
export const place = (count: number): Schema => ({ ...list(number), minItems: count, maxItems: count });
export const byId = (each: Schema): Schema => ({ type: 'object', additionalProperties: each });
