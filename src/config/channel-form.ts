// The forms of channels in a site file, one for each type. What they have to do with each other and with the rest of
// a site is checked elsewhere.

import * as z from 'zod';
import { duration } from './values.ts';

const longestMs = 10 * 60_000;

const within = duration
  .refine((ms) => ms > 0 && ms <= longestMs, {
    error: 'this is not between 1ms and 10m; write 10m or less',
  })
  .default(2 * 60_000)
  .describe('what is not delivered by then goes to the next channel; at most 10m');

const header = z.string().regex(/^[\t\u0020-\u007e\u0080-\u00ff]*$/, {
  error: 'this can not stand in a header; write plain letters on one line',
});
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const webhookSchema = z.strictObject({
  type: z.literal('webhook'),
  template: z
    .enum(['generic', 'wecom', 'dingtalk', 'feishu', 'ntfy', 'slack'])
    .default('generic')
    .describe('shape of what is sent'),
  url: z.string().min(1).describe('where to; write `!secret name`, since it holds a key'),
  secret: z.string().min(1).optional().describe('signs requests to dingtalk and feishu'),
  headers: z
    .record(z.string(), header)
    .superRefine((headers, context) => {
      for (const name of Object.keys(headers))
        if (!headerName.test(name))
          context.addIssue({
            code: 'custom',
            path: [name],
            message: 'this is not the name of a header; write one such as X-Store',
          });
    })
    .default({})
    .describe('headers of the request'),
  body: z.unknown().optional().describe('what is sent, in place of the template'),
  within,
});

const emailSchema = z.strictObject({
  type: z.literal('email'),
  host: z.string().min(1).max(255).describe('mail server'),
  port: z.int().min(1).max(65_535).optional().describe('default 465 implicit, 587 starttls, 25 none'),
  tls: z.enum(['implicit', 'starttls', 'none']).default('implicit').describe('none only on this machine'),
  username: z.string().min(1).optional().describe('user name at the server'),
  password: z.string().min(1).optional().describe('password; write `!secret name`'),
  from: z
    .email({ error: 'this is not an e-mail address; write name@example.com' })
    .describe('address of the sender'),
  ca: z.string().min(1).optional().describe('PEM file of the authority that signed the server'),
  within,
});

const smsSchema = z.strictObject({
  type: z.literal('sms'),
  path: z.string().min(1).describe('serial port of the modem'),
  baudRate: z.int().min(300).max(4_000_000).default(115_200).describe('bits per second'),
  within,
});

/** By the word in `type`. */
export const channelSchemas = { webhook: webhookSchema, email: emailSchema, sms: smsSchema };
