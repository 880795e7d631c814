// The `channels:` section: the ways in which people are reached, with where they lead. Refuses what would send a key
// or a message over an open network; it connects to nothing.

import { isIP } from 'node:net';
import path from 'node:path';
import type * as z from 'zod';
import { isLoopback } from '../lib/loopback.ts';
import { type Claims, claimPlace, portWords } from './buses.ts';
import { channelSchemas } from './channel-form.ts';
import { type Context, defined, entries } from './context.ts';
import { readText } from './files.ts';
import { check, type Where, warnOfPlain } from './issues.ts';
import { suggestion } from './nearest.ts';
import type { ChannelConfig, EmailConfig, SmsConfig, WebhookConfig } from './types.ts';
import { show } from './words.ts';
import { isMapping } from './yaml.ts';

export interface ResolvedChannels {
  /** the sound ones, in the order of the file */
  readonly channels: readonly ChannelConfig[];
  /** every id that has an entry, sound or not */
  readonly ids: ReadonlySet<string>;
}

export interface ChannelOptions {
  readonly owned: Claims;
  /** folder of the site file */
  readonly folder: string;
  /** files that were read are added */
  readonly files: Set<string>;
}

export function resolveChannels(context: Context, options: ChannelOptions): ResolvedChannels {
  const { faults } = context;
  const channels: ChannelConfig[] = [];
  const ids = new Set<string>();
  for (const { id, raw, where } of entries(context, 'channels')) {
    ids.add(id);
    if (id === 'mqtt')
      faults.fault(where.key([]), '`mqtt` is the channel of the broker', 'choose another id');
    if (!isMapping(raw)) {
      faults.fault(where.value([]), `channel \`${id}\`: ${show(raw)} is not a map`, 'write `{ type: … }`');
      continue;
    }
    const channel = resolveChannel(context, options, id, raw, where);
    if (channel !== undefined) channels.push(channel);
  }
  return { channels, ids };
}

type Kind = keyof typeof channelSchemas;
const kinds = Object.keys(channelSchemas) as Kind[];

function resolveChannel(
  context: Context,
  options: ChannelOptions,
  id: string,
  raw: Readonly<Record<string, unknown>>,
  where: Where,
): ChannelConfig | undefined {
  const { faults } = context;
  for (const key of ['url', 'secret', 'password']) if (typeof raw[key] === 'string') faults.conceal(raw[key]);
  const { type } = raw;
  if (type === undefined) {
    if (!where.unresolved(['type']))
      faults.fault(
        where.key([]),
        `\`type\` of channel \`${id}\` is missing`,
        `write one of ${kinds.join(', ')}`,
      );
    return undefined;
  }
  if (!kinds.includes(type as Kind)) {
    const todo = suggestion(String(type), kinds, 'remove the channel');
    faults.fault(where.value(['type']), `unknown type ${show(type)}`, todo);
    return undefined;
  }
  if (type === 'sms' && typeof raw.path === 'string')
    options.owned.claim('', portWords(raw.path), `channels.${id}`, claimPlace(where, raw));
  for (const key of ['secret', 'password']) warnOfPlain(raw[key], where, key, `${id}_${key}`, faults);
  const checked = check(channelSchemas[type as Kind], raw, where, faults);
  if (checked === undefined) return undefined;
  const { value } = checked;
  if (value.type === 'webhook') return webhookOf(context, id, value, where);
  if (value.type === 'email') return emailOf(context, options, id, value, where);
  const { within: withinMs, ...sms } = value;
  return { id, ...sms, withinMs } satisfies SmsConfig;
}

const urlHint = 'write https:// with host and path, as a `!secret name`';
const signing: readonly string[] = ['dingtalk', 'feishu'];

function webhookOf(
  { faults }: Context,
  id: string,
  keys: z.output<typeof channelSchemas.webhook>,
  where: Where,
): WebhookConfig {
  const { within: withinMs, secret, ...rest } = keys;
  const place = where.value(['url']);
  const url = URL.canParse(keys.url) ? new URL(keys.url) : undefined;
  // never shown: its path or query is a key
  if (url === undefined || url.hostname === '') faults.fault(place, '`url` is not a URL', urlHint);
  else if (url.protocol === 'http:') {
    if (!isNear(url.hostname))
      faults.fault(place, '`url` begins with http: and leads to another network', urlHint);
    else if (!isLoopback(url.hostname))
      faults.warn(place, '`url` begins with http:, so everybody on this network can read it', urlHint);
  } else if (url.protocol !== 'https:') faults.fault(place, `\`url\` begins with ${url.protocol}`, urlHint);
  const robot = keys.template !== 'generic' && keys.template !== 'ntfy';
  const holdsKey = robot || (url !== undefined && (url.search !== '' || url.password !== ''));
  if (holdsKey && !where.hidden(['url']) && !where.overridden(['url']))
    faults.warn(
      place,
      '`url` holds a key, and stands here for everybody to read',
      `write \`url: !secret ${id}_url\``,
    );
  if (keys.template === 'ntfy' && url !== undefined && url.pathname.length < 2)
    faults.fault(
      place,
      '`url` names no topic',
      'write the topic after the host, such as https://ntfy.sh/TOPIC',
    );
  for (const name of Object.keys(keys.headers)) {
    const isKey = /^(proxy-)?authorization$|token|secret|key$/i.test(name);
    if (!isKey || where.hidden(['headers', name]) || where.overridden(['headers', name])) continue;
    faults.warn(
      where.value(['headers', name]),
      `header \`${name}\` holds a key, and stands here for everybody to read`,
      'write `!secret name`',
    );
  }
  if (secret !== undefined && !signing.includes(keys.template))
    faults.fault(
      where.key(['secret']),
      `\`secret\`: template ${keys.template} signs nothing`,
      `remove it, or write \`template: ${signing.join('` or `')}\``,
    );
  return { id, ...rest, withinMs, ...(secret !== undefined && { secret }) };
}

const usualPorts = { implicit: 465, starttls: 587, none: 25 } as const;

function emailOf(
  { faults }: Context,
  { folder, files }: ChannelOptions,
  id: string,
  keys: z.output<typeof channelSchemas.email>,
  where: Where,
): EmailConfig {
  const { within: withinMs, port, ca, ...rest } = keys;
  if (keys.tls === 'none' && !isLoopback(keys.host))
    faults.fault(
      where.value(['tls']),
      '`tls`: none is only for a server on this machine',
      'write implicit or starttls',
    );
  for (const [one, other] of [
    ['username', 'password'],
    ['password', 'username'],
  ] as const) {
    if (keys[one] !== undefined && keys[other] === undefined && !where.unresolved([other]))
      faults.fault(where.key([one]), `\`${one}\` without \`${other}\``, `add \`${other}: …\``);
  }
  let authority = ca;
  if (ca !== undefined && !ca.includes('-----BEGIN') && !where.hidden(['ca'])) {
    const file = path.resolve(folder, ca);
    authority = readText(file, faults, where.value(['ca']));
    if (authority !== undefined) files.add(file);
  }
  if (authority !== undefined && !/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(authority))
    faults.fault(
      where.value(['ca']),
      '`ca` is not PEM text with a certificate',
      'name a PEM file that has -----BEGIN CERTIFICATE-----',
    );
  return {
    id,
    ...defined(rest),
    port: port ?? usualPorts[keys.tls],
    withinMs,
    ...defined({ ca: authority }),
  };
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase();

/** This machine, or an address that is written out and belongs to a private network. */
function isNear(host: string): boolean {
  const name = bare(host);
  if (isLoopback(name)) return true;
  if (isIP(name) === 4) return /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.)/.test(name);
  return isIP(name) === 6 && /^(f[cd]|fe[89ab])/.test(name);
}
