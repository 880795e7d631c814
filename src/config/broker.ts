// The `mqtt:` section beyond its schema: the URL, and certificates read from their files. It must not
// connect to anything.

import path from 'node:path';
import type * as z from 'zod';
import { isLoopback } from '../lib/loopback.ts';
import type { FaultList } from './faults.ts';
import { readText } from './files.ts';
import { type Checked, check, type Where, warnOfPlain } from './issues.ts';
import { mqttSchema } from './schema.ts';
import type { MqttConfig } from './types.ts';
import { parseListen } from './values.ts';

const schemes = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];
const urlHint = 'write mqtt://, mqtts://, ws:// or wss:// with host and port, or embedded';
const longestHeartbeatMs = 60_000;
const shortestHeartbeatMs = 100;

function checkUrl(url: string, where: Where, faults: FaultList): void {
  if (url === 'embedded') return;
  const place = where.value(['url']);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    faults.fault(place, '`url` is not a URL', urlHint);
    return;
  }
  // never shown: a URL may hold a password
  if (parsed.password !== '' || parsed.username !== '') {
    faults.fault(
      place,
      '`url` holds a user name or password',
      'use `username:` and `password: !secret name` instead',
    );
  }
  if (!schemes.includes(parsed.protocol)) {
    faults.fault(place, `\`url\` begins with ${parsed.protocol}`, urlHint);
  } else if (parsed.hostname === '') {
    faults.fault(place, '`url` names no host', urlHint);
  }
}

/** Whoever can listen on the way to the broker reads the password, and then speaks in this gateway's name. */
function warnOfOpenPassword(url: string, where: Where, faults: FaultList): void {
  const { protocol, hostname } = URL.canParse(url) ? new URL(url) : { protocol: '', hostname: '' };
  if (!['mqtt:', 'ws:'].includes(protocol) || hostname === '' || isLoopback(hostname)) return;
  faults.warn(
    where.value(['url']),
    `\`url\` begins with ${protocol}, so the password goes over the network for everybody to read`,
    `write ${protocol === 'ws:' ? 'wss' : 'mqtts'}://, with \`ca:\` where the broker has an authority of its own`,
  );
}

type Section = z.output<typeof mqttSchema>;

/** PEM text as it stands, or from the file that is named. */
function pem(
  section: Section,
  key: 'ca' | 'cert' | 'key',
  folder: string,
  where: Where,
  faults: FaultList,
  files: Set<string>,
): string | undefined {
  const value = section[key];
  if (value === undefined) return undefined;
  const place = where.value([key]);
  const kind =
    key === 'key' ? /-----BEGIN [A-Z ]*PRIVATE KEY-----/ : /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/;
  if (value.includes('-----BEGIN')) {
    if (key === 'key') faults.conceal(value);
    if (!kind.test(value)) faults.fault(place, `\`${key}\` is PEM text of another kind`, wantedPem(key));
    return value;
  }
  if (where.hidden([key])) {
    faults.fault(place, `\`${key}\` from its secret is not PEM text`, wantedPem(key));
    return undefined;
  }
  const file = path.resolve(folder, value);
  const text = readText(file, faults, place);
  if (text === undefined) return undefined;
  files.add(file);
  if (!kind.test(text)) {
    faults.fault(
      place,
      `${file} is not PEM text with a ${key === 'key' ? 'private key' : 'certificate'}`,
      wantedPem(key),
    );
  }
  return text;
}

const wantedPem = (key: string): string =>
  `name a PEM file that has -----BEGIN ${key === 'key' ? 'PRIVATE KEY' : 'CERTIFICATE'}-----`;

export interface BrokerContext {
  readonly premises: string;
  /** folder of the site file */
  readonly folder: string;
  readonly files: Set<string>;
}

/** The broker's settings; undefined where they have faults. */
export function resolveMqtt(
  raw: unknown,
  where: Where,
  faults: FaultList,
  context: BrokerContext,
): MqttConfig | undefined {
  const checked: Checked<Section> | undefined = check(mqttSchema, raw, where, faults);
  if (checked === undefined) return undefined;
  const section = checked.value;
  if (section.password !== undefined) faults.conceal(section.password);
  checkUrl(section.url, where, faults);
  const heartbeatMs = section.heartbeat ?? longestHeartbeatMs;
  if (heartbeatMs > longestHeartbeatMs || heartbeatMs < shortestHeartbeatMs) {
    faults.fault(where.value(['heartbeat']), '`heartbeat` is not between 100ms and 60s', 'write 60s or less');
  }
  const authority = pem(section, 'ca', context.folder, where, faults, context.files);
  const cert = pem(section, 'cert', context.folder, where, faults, context.files);
  const key = pem(section, 'key', context.folder, where, faults, context.files);
  for (const [one, other] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (section[one] !== undefined && section[other] === undefined && !where.unresolved([other])) {
      faults.fault(
        where.key([one]),
        `\`${one}\` without \`${other}\``,
        `add \`${other}:\`, or remove \`${one}:\``,
      );
    }
  }
  // (the library would speak TLS all the same, to a port that has none)
  if (section.cert !== undefined && /^(mqtt|ws):/.test(section.url))
    faults.fault(
      where.key(['cert']),
      `\`cert\` with \`url\` ${section.url.split(':')[0]}:, which has no TLS`,
      `write ${section.url.startsWith('ws') ? 'wss' : 'mqtts'}://, or remove \`cert\` and \`key\``,
    );
  if (section.password !== undefined && section.username === undefined && !where.unresolved(['username'])) {
    faults.fault(where.key(['password']), '`password` without `username`', 'add `username: …`');
  }
  warnOfPlain(section.password, where, 'password', 'mqtt_password', faults);
  if (section.key?.includes('-----BEGIN')) warnOfPlain(section.key, where, 'key', 'mqtt_key', faults);
  if (section.password !== undefined) warnOfOpenPassword(section.url, where, faults);
  return {
    url: section.url,
    listen: parseListen(section.listen)!,
    ...(section.username === undefined ? {} : { username: section.username }),
    ...(section.password === undefined ? {} : { password: section.password }),
    ...(authority === undefined ? {} : { ca: authority }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    prefix: section.prefix,
    clientId: section.clientId ?? `keepwatch-${context.premises}`,
    heartbeatMs,
    ...(section.receiptWithin === undefined ? {} : { receiptWithinMs: section.receiptWithin }),
  };
}
