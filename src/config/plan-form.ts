// The form of a plan file and of a file of ladders, and what becomes of their parts in the engine. Knows nothing of
// what the parts have to do with each other.

import * as z from 'zod';
import type { Limit, Plan, Rise, Rung, Step } from '../core/types.ts';
import { defined } from './context.ts';
import { duration, fileId, id, onOff, text } from './values.ts';
import { show } from './words.ts';

const limitMessage = (issue: { readonly input?: unknown }): string =>
  `${show(issue.input)} is not a length of time; write one such as 30m, or { workday: 15m, holiday: 45m, night: 45m }`;

const limit = z.union(
  [duration, z.strictObject({ workday: duration, holiday: duration.optional(), night: duration.optional() })],
  { error: limitMessage },
);

/** All lengths of time that a limit may be, ms. */
export function lengthsOf(given: Limit): readonly number[] {
  if (typeof given === 'number') return [given];
  return [given.workday, given.holiday, given.night].filter((each) => each !== undefined);
}

/** One that has passed when it begins is a mistake. */
const positiveLimit = limit.refine((given) => lengthsOf(given).every((ms) => ms > 0), {
  error: 'a limit of zero has passed at once; write a longer time, such as 1m, or remove it',
});

const positive = duration.refine((ms) => ms > 0, {
  error: 'a time of zero has passed at once; write a longer one, or remove it',
});

const unless = z.union([z.enum(['acknowledged', 'returned']), z.strictObject({ step: id })], {
  error: (issue) =>
    `${show(issue.input)} is not possible here; write acknowledged, returned or { step: ID of a step }`,
});

const level = z.enum(['general', 'major', 'urgent']);

const someRoles = z.array(id).min(1, { error: 'an empty list tells nobody; name at least one role' });

const roles = z.union([id.transform((role) => [role]), someRoles], {
  error: (issue) => `${show(issue.input)} is not a role; write a role, or a list of roles`,
});

export const rungSchema = z.strictObject({
  to: roles.describe('role or roles that are told'),
  after: limit.default(0).describe('so long after the incident became active'),
  unless: unless.optional().describe('what makes it needless'),
  level: level.optional().describe('only from this level on'),
  hours: z.enum(['working', 'outside']).optional().describe('only in working hours, or outside them'),
});

/** In place of a rung: all rungs of a ladder. */
export const ladderSchema = z.strictObject({ ladder: id });

const riseSchema = z.strictObject({ level, after: positiveLimit, unless: unless.optional() });
const keepSchema = z.strictObject({ id, text, for: positive });

const step = z.strictObject({
  id,
  text,
  role: id.optional(),
  within: positiveLimit.optional(),
  after: id.optional(),
  required: z.boolean().default(false),
  call: z
    .string()
    .refine((number) => isNumber(number) || /^[a-z][a-z0-9_]{0,63}$/.test(number), {
      error: (issue) =>
        `${show(issue.input)} is not a number to call; write 3 to 20 digits in quotes, or an id of \`numbers\` in the contacts`,
    })
    .optional(),
  automatic: onOff.transform((on) => (on ? ('on' as const) : ('off' as const))).optional(),
});

/** The form of a plan file; the items of `notify` are checked one by one. */
export const planSchema = z.strictObject({
  id: fileId,
  title: text,
  description: text.optional(),
  category: z.enum(['alarm', 'supervisory', 'trouble']),
  level: level.default('general'),
  closing: z.enum(['person', 'itself']).optional(),
  closingRequires: z.array(z.enum(['cause', 'remedy', 'losses'])).default([]),
  silent: z.boolean().default(false),
  drillEvery: positive.optional(),
  notify: z.array(z.unknown()).default([]),
  rises: z.array(riseSchema).default([]),
  keeps: z.array(keepSchema).default([]),
  steps: z.array(step).default([]),
});

export type PlanKeys = z.output<typeof planSchema>;

/** Is it a number as people dial it, and no id of one? */
export function isNumber(call: string): boolean {
  return /^\d{3,20}$/.test(call);
}

/** What a plan tells, before its ladders are put in. */
export type Telling = Rung | { readonly ladder: string };

/** A plan whose ladders are still names: what the build prepares, whatever a site's ladders are. */
export interface PlanDraft {
  readonly plan: Omit<Plan, 'notify'>;
  readonly notify: readonly Telling[];
}

export function rungOf({ to, ...keys }: z.output<typeof rungSchema>): Rung {
  return { roles: to, ...keys };
}

/** The plan's keys as the engine has them: what is not written is not there. */
export function draftOf(keys: PlanKeys, name: string, notify: readonly Telling[]): PlanDraft {
  const { description: _, steps, closing, drillEvery: drillEveryMs, rises, keeps, ...rest } = keys;
  const { notify: __, ...plan } = rest;
  return {
    plan: {
      ...plan,
      id: name,
      closing: closing ?? (plan.category === 'trouble' ? 'itself' : 'person'),
      steps: steps.map((each): Step => defined(each) as Step),
      ...(rises.length > 0 && { rises: rises.map((rise): Rise => defined(rise) as Rise) }),
      ...(keeps.length > 0 && { keeps: keeps.map(({ for: forMs, ...keep }) => ({ ...keep, forMs })) }),
      ...(drillEveryMs !== undefined && { drillEveryMs }),
    },
    notify,
  };
}
