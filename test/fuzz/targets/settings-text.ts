// A site file's text as it may be shown: nothing that stands under a key of secrets is in it, and it is YAML still, with the
// same keys; never an error.

import { parseDocument } from 'yaml';
import { differences } from '../../../src/settings-changes.ts';
import { blanked } from '../../../src/settings-text.ts';
import { must, outline, type Target, textOf } from '../target.ts';

export const settingsText: Target = {
  name: 'settings-text',
  what: 'texts of site files for people: no secret under any form of YAML, the rest as it was; never an error',
  seeds: [
    'mqtt: { url: mqtt://h, username: u, password: hush-hush }\nchannels: { a: { url: hush-hush } }\n',
    'mqtt:\n  password: |\n    hush-hush\n  url: x\n# token: hush-hush\n',
    'a: &p hush-hush\nmqtt: { password: *p }\n',
    'mqtt: { password: &p { x: *p, y: hush-hush } }\n',
    'password: !secret name\nlist: [ { secret: "hush-hush" } ]\n',
  ],
  words: [
    'password: ',
    'secret: ',
    'token: ',
    'channels: ',
    'url: ',
    'headers: ',
    'hush-hush',
    '!secret ',
    '&p ',
    '*p',
    '|\n  ',
    '>-\n  ',
    '{ ',
    ' }',
    '[ ',
    ' ]',
    '# ',
    '"',
    "'",
  ],
  largestBytes: 500,
  slowestMs: 200,
  executions: 50_000,
  run(bytes) {
    const text = textOf(bytes);
    const shown = blanked(text);
    const document = parseDocument(shown, { logLevel: 'silent', uniqueKeys: false });
    const before = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
    if (before.errors.length === 0)
      must(document.errors.length === 0, () => `no YAML any more: ${shown.slice(0, 300)}`);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 50 });
      JSON.stringify(value);
    } catch {
      differences(text, shown);
      return 'too many aliases, or one into itself';
    }
    look(value, false);
    const lines = differences(text, shown);
    must(lines.length <= 201, 'more lines than are shown');
    return `${outline(value, 2)} ${lines.length === 0}`;
  },
};

function look(value: unknown, secret: boolean): void {
  if (typeof value === 'string') must(!secret || !value.includes('hush-hush'), () => `shown: ${value}`);
  else if (Array.isArray(value)) for (const each of value) look(each, secret);
  else if (typeof value === 'object' && value !== null)
    for (const [key, each] of Object.entries(value))
      look(each, secret || /^(password|secret|token)$/.test(key));
}
