// The forms of duties in a site file, and of an article of the stock list. What they have to do with people and plans
// is checked elsewhere.

import * as z from 'zod';
import { date, duration, id, text } from './values.ts';

export const dutiesSchema = z.strictObject({
  readiness: z.string().min(1).max(1000).optional().describe('file of the stock and inspection list'),
  remindBefore: duration.default(14 * 86_400_000).describe('told so long before'),
  exerciseWithin: duration
    .refine((ms) => ms > 0, { error: 'a time of zero has passed at once; write one such as 366d' })
    .optional()
    .describe('every alarm point must have been active once in this time'),
  drillBefore: z
    .array(z.strictObject({ date, name: text, within: duration.default(30 * 86_400_000) }))
    .default([])
    .describe('drills are due before these dates'),
  contactsCheckedEvery: duration
    .refine((ms) => ms > 0, { error: 'a time of zero has passed at once; write one such as 180d' })
    .optional()
    .describe('the contacts are looked through so often'),
});

export const articleSchema = z.strictObject({
  name: text.describe('name for people'),
  place: text.optional().describe('where it lies'),
  amount: z.number().min(0).optional().describe('how much there must be'),
  unit: text.optional().describe('of the amount, for people'),
  expires: date.optional().describe('good until this date'),
  check: duration
    .refine((ms) => ms > 0, { error: 'a time of zero has passed at once; write one such as 30d' })
    .optional()
    .describe('looked at so often'),
  role: id.optional().describe('who looks at it'),
});
