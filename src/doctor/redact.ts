// Keeps secrets out of what goes to support. What the site file marks as secret, what its keys say is one, what the
// secrets file, the environment and systemd's credentials hold: each such text is replaced wherever it stands, as are
// private keys and what a URL carries beside its host.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import type { Config } from '../config/types.ts';

export const concealed = '(secret)';
const personal = '(personal)';
/** shorter ones would tear holes into words that are none */
const shortest = 4;
const secretKey =
  /pass|secret|token|psk|credential|authori[sz]ation|api_?-?key|private|hash|cookie|^key$|^pin$/i;
const personalKey = /^(phone|email|addresses)$/i;

export interface Redactor {
  /** the text without any secret */
  clean(text: string): string;
  /** the same of what becomes JSON, which stays so */
  cleanValue(value: unknown): unknown;
}

/** What is known to be secret; `texts`: the site's own files, as they are. */
export function redactor(known: {
  readonly config: Config | undefined;
  readonly texts: readonly string[];
  readonly secretsFile: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}): Redactor {
  const secrets = new Map<string, string>();
  const add = (value: unknown, as = concealed): void => {
    if (typeof value === 'number') add(String(value), as);
    if (typeof value !== 'string' || value.length < shortest || /^(true|false|none|null)$/i.test(value))
      return;
    if (!secrets.has(value)) secrets.set(value, as);
    for (const line of value.includes('\n') ? value.split('\n') : []) add(line.trim(), as);
  };
  for (const text of known.texts) gather(text, add);
  addAll(readOr(known.secretsFile), add);
  const { config, environment } = known;
  if (config) {
    add(config.mqtt?.password);
    add(config.mqtt?.key);
    for (const channel of config.channels) {
      if (channel.type === 'webhook') {
        add(channel.url);
        add(channel.secret);
        for (const value of Object.values(channel.headers)) add(value);
      }
      if (channel.type === 'email') add(channel.password);
    }
    for (const { hash } of config.console?.users ?? []) add(hash);
    for (const { phone, email, addresses } of config.people)
      for (const value of [phone, email, ...Object.values(addresses)]) add(value, personal);
    for (const { settings } of config.buses)
      for (const [key, value] of Object.entries(settings)) if (secretKey.test(key)) add(value);
  }
  for (const [name, value] of Object.entries(environment))
    if (/^KEEPWATCH_SECRET_/.test(name) || secretKey.test(name)) add(value);
  for (const text of credentials(environment.CREDENTIALS_DIRECTORY)) add(text.trim());
  // the longest first: a short one may be part of it
  const ordered = [...secrets].sort(([a], [b]) => b.length - a.length);
  const clean = (text: string): string => {
    let shown = text.replaceAll(
      /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(-----END \1-----|$)/g,
      concealed,
    );
    for (const [secret, as] of ordered) {
      shown = shown.replaceAll(secret, as);
      // as JSON writes it
      const quoted = JSON.stringify(secret).slice(1, -1);
      if (quoted !== secret) shown = shown.replaceAll(quoted, as);
    }
    return byForm(shown);
  };
  const cleanValue = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (Array.isArray(value)) return value.map(cleanValue);
    if (typeof value !== 'object' || value === null) return value;
    const pairs = Object.entries(value).map(([key, inner]) => {
      const isSecret = secretKey.test(key) && typeof inner !== 'object' && typeof inner !== 'boolean';
      return [clean(key), isSecret ? concealed : cleanValue(inner)] as const;
    });
    return Object.fromEntries(pairs);
  };
  return { clean, cleanValue };
}

/** `password: `, `"token": `, `pin=`, also inside a text of JSON, where quotes have a backslash */
const secretWord = String.raw`((?:pass(?:word|phrase)?|secret|token|authorization|api_?key|pin|hash)(?:\\?["'])?[ \t]*[:=][ \t]*)`;
const shapes: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^/\s"'\\]+@/gi, `$1${concealed}@`],
  [/(https?:\/\/[^/\s"'`,})\]\\?]+)[/?][^\s"'`,})\]\\]+/gi, `$1/${concealed}`],
  [/\b(Bearer|Basic) [A-Za-z0-9+/=._~-]{6,}/g, `$1 ${concealed}`],
  [new RegExp(String.raw`${secretWord}\\"(?:(?!\\").)*(?:\\")?`, 'gi'), `$1\\"${concealed}\\"`],
  [new RegExp(String.raw`${secretWord}"(?:\\.|[^"\\\n])*"?`, 'gi'), `$1"${concealed}"`],
  [new RegExp(String.raw`${secretWord}'(?:''|[^'\n])*'?`, 'gi'), `$1'${concealed}'`],
  // to the end of the line or of the pair: it may have spaces
  [new RegExp(String.raw`${secretWord}(?!!secret\b)[^\s"'\\{[][^\n,}\]]*`, 'gi'), `$1${concealed}`],
];

/** What looks like a secret, known or not: in a file that does not parse there is nothing better. */
function byForm(text: string): string {
  return shapes.reduce((shown, [shape, instead]) => shown.replaceAll(shape, instead), text);
}

/** Values under keys that say so, and everything under `!secret`-less headers of channels. */
function gather(text: string, add: (value: unknown, as?: string) => void): void {
  try {
    for (const document of parseAllDocuments(text, { logLevel: 'silent' }))
      walk('contents' in document ? document.contents : undefined, [], add);
  } catch {
    // what can't be parsed is cleaned by its form
  }
}

function walk(node: unknown, keys: readonly string[], add: (value: unknown, as?: string) => void): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      walk(value, [...keys, name], add);
    }
  } else if (isSeq(node)) {
    for (const item of node.items) walk(item, keys, add);
  } else if (isScalar(node)) {
    if (node.tag === '!secret') return;
    const last = keys.at(-1) ?? '';
    if (personalKey.test(last) || keys.at(-2) === 'addresses') add(node.value, personal);
    else if (isSecretAt(keys) && !isPath(node.value)) add(node.value);
  }
}

function isSecretAt(keys: readonly string[]): boolean {
  const last = keys.at(-1) ?? '';
  // public keys and the names of files are none
  if (keys[0] === 'secrets' || (keys[0] === 'console' && last === 'key')) return false;
  if (secretKey.test(last)) return true;
  return keys[0] === 'channels' && (last === 'url' || keys.includes('headers') || keys.includes('body'));
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && /^[\w./-]+\.(pem|key|crt|cer|yaml)$/.test(value);
}

function addAll(text: string, add: (value: unknown) => void): void {
  try {
    for (const document of parseAllDocuments(text, { logLevel: 'silent' })) {
      const visit = (node: unknown): void => {
        if (isMap(node)) for (const { value } of node.items) visit(value);
        else if (isSeq(node)) for (const item of node.items) visit(item);
        else if (isScalar(node)) add(node.value);
      };
      visit('contents' in document ? document.contents : undefined);
    }
  } catch {
    // below
  }
  // also where it is no good YAML: whatever follows a colon
  for (const line of text.split('\n')) add(/^[^:#]+:\s*["']?(.*?)["']?\s*$/.exec(line)?.[1]);
}

function credentials(folder: string | undefined): string[] {
  if (!folder) return [];
  try {
    return readdirSync(folder).map((name) => readOr(path.join(folder, name)));
  } catch {
    return [];
  }
}

function readOr(file: string | undefined): string {
  try {
    return file === undefined ? '' : readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
