// Files that somebody wrote to reach further than a file may: into code, into other files, into memory. Each is refused
// in words, nothing is run, and no fault repeats the content of a file that was named in the place of another.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fill } from '../../src/notify/channels/fill.ts';
import { folder, premises, smallSite } from '../config/support.ts';

let elsewhere: string;
let mark: string;
beforeAll(() => {
  elsewhere = mkdtempSync(path.join(tmpdir(), 'keepwatch-elsewhere-'));
  mark = path.join(elsewhere, 'was-run');
});
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const withRule = (when: string): string =>
  smallSite.replace('inputs.smoke && plc.level > 57.0', JSON.stringify(when));
const faultsOf = (site: string): string[] =>
  folder()
    .faults(site)
    .filter((line) => !line.includes(' warning '));

describe('conditions', () => {
  test.each([
    'eval("1") == 1',
    'Function("return 1")() == 1',
    'require("fs") != null',
    'import("fs") != null',
    'process.exit(1)',
    'globalThis.process != null',
    'this.process != null',
    'constructor.constructor("return 1")() == 1',
    'inputs.constructor',
    'inputs.__proto__',
    'inputs.smoke.constructor',
    'inputs["__proto__"]["x"]',
    '"".constructor("x") == ""',
    '[].constructor == 1',
    '{"a": 1}.__proto__.x == 1',
    'inputs.smoke && toString() == ""',
    'inputs.smoke || __proto__',
    'hasOwnProperty("x")',
    '(() => true)()',
    'inputs.smoke = true',
    'inputs.smoke; process.exit()',
    '`1` == "1"',
    'new Date() > 0',
    'fetch("http://127.0.0.1/")',
    'file("/etc/passwd") == ""',
    'env("HOME") == ""',
  ])('%s', (when) => {
    expect(faultsOf(withRule(when)).length).toBeGreaterThan(0);
  });

  test('the same conditions with honest words are taken, so it is not the form that was refused', () => {
    expect(faultsOf(withRule('inputs.smoke && plc.level > 57.0'))).toEqual([]);
  });

  test.each([
    ['very deep', `${'('.repeat(1900)}inputs.smoke${')'.repeat(1900)}`],
    ['very long', `inputs.smoke${' && inputs.smoke'.repeat(10_000)}`],
    ['many levels of not', `${'!'.repeat(3900)}inputs.smoke`],
  ])('%s: judged, not fallen over', (_name, when) => {
    expect(Array.isArray(folder().faults(withRule(when)))).toBe(true);
  });
});

describe('YAML', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(
      (name, index) => `${name}: &${name} [${Array(10).fill(`*${'abcdefgh'[index]}`).join(', ')}]`,
    ),
    '',
  ].join('\n');
  const places: Record<string, (text: string) => { name: string; content: string; site: string }> = {
    'the site file': (text) => ({ name: 'unused.yaml', content: '', site: smallSite + text }),
    contacts: (text) => ({
      name: 'contacts.yaml',
      content: text,
      site: `${smallSite}contacts: contacts.yaml\n`,
    }),
    'a plan': (text) => ({ name: 'plans/fire.yaml', content: text, site: `${smallSite}plans: plans\n` }),
    'a profile': (text) => ({
      name: 'profiles/meter.yaml',
      content: text,
      site: `${smallSite.replace('    every: 200ms\n', '    every: 200ms\n    profile: meter\n')}profiles: profiles\n`,
    }),
    ladders: (text) => ({ name: 'ladders.yaml', content: text, site: `${smallSite}ladders: ladders.yaml\n` }),
    keys: (text) => ({ name: 'keys.yaml', content: text, site: smallSite }),
    secrets: (text) => ({
      name: 'secrets.yaml',
      content: text,
      site: `${smallSite}mqtt: { url: embedded, username: u, password: !secret a }\n`,
    }),
  };
  const texts: Record<string, () => string> = {
    'a function': () => `x: !!js/function "function () { require('fs').writeFileSync('${mark}', '') }"\n`,
    'an object of Python': () => `x: !!python/object/apply:os.system ["touch ${mark}"]\n`,
    'an include': () => 'x: !include /etc/passwd\n',
    'an include as text': () => '<<: !include /etc/passwd\n',
    'a bomb of aliases': () => bomb,
    'an alias in itself': () => 'x: &x [*x]\n',
    __proto__: () => '__proto__: { polluted: true }\n',
    constructor: () => 'constructor: { prototype: { polluted: true } }\n',
    'a key that is a map': () => '? { a: 1 }\n: 2\n',
    'two documents': () => 'x: 1\n---\ny: 2\n',
  };

  for (const [where, place] of Object.entries(places))
    test.each(Object.entries(texts))(`%s in ${where}`, (_name, text) => {
      const site = folder();
      const { name, content, site: siteText } = place(text());
      if (content !== '') site.write(name, content, 0o600);
      const beganMs = process.cpuUsage().user;
      const { faults, config } = site.load(siteText);
      expect(faults.some(({ severity }) => severity === 'fault')).toBe(true);
      expect(config).toBeUndefined();
      expect(existsSync(mark)).toBe(false);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      // refused before it is unfolded: a bomb of nine levels would be a billion values
      expect(process.cpuUsage().user - beganMs).toBeLessThan(20_000_000);
    });
});

describe('files named in the place of others', () => {
  const canaries: Record<string, string> = {
    passwd: 'root:zzcanaryzz:0:0:zzcanaryzz:/root:/bin/sh\ndaemon:x:1:1:zzcanaryzz:/:/bin/false\n',
    shadow: 'root:$y$j9T$zzcanaryzz:19000:0:99999:7:::\nx:!zzcanaryzz:1::::::\n',
    'private.pem': '-----BEGIN PRIVATE KEY-----\nzzcanaryzz\n-----END PRIVATE KEY-----\n',
    environment: 'PASSWORD=zzcanaryzz\nTOKEN="zzcanaryzz"\n',
    'token.json': '{"token":"zzcanaryzz","nested":{"secret":["zzcanaryzz"]}}\n',
    'list.yaml': '- zzcanaryzz\n- password: zzcanaryzz\n',
    broken: 'a: [zzcanaryzz\nb: "zzcanaryzz\n',
    'no-text': '\u0000\u0001zzcanaryzz\uffff',
  };
  const keys: Record<string, (file: string) => string> = {
    contacts: (file) => `${smallSite}contacts: ${file}\n`,
    ladders: (file) => `${smallSite}ladders: ${file}\n`,
    plans: (file) => `${smallSite}plans: ${file}\n`,
    profiles: (file) =>
      `${smallSite.replace('    every: 200ms\n', '    every: 200ms\n    profile: meter\n')}profiles: ${file}\n`,
    secrets: (file) =>
      `${smallSite}secrets: ${file}\nmqtt: { url: embedded, username: u, password: !secret a }\n`,
    'commands.keys': (file) => `${smallSite}commands: { keys: ${file} }\n`,
    'mqtt.ca': (file) => `${smallSite}mqtt: { url: "mqtts://127.0.0.1", ca: ${file} }\n`,
    'mqtt.cert': (file) => `${smallSite}mqtt: { url: "mqtts://127.0.0.1", cert: ${file}, key: ${file} }\n`,
    'duties.readiness': (file) => `${smallSite}duties: { readiness: ${file} }\n`,
    profile: (file) => smallSite.replace('    every: 200ms\n', `    every: 200ms\n    profile: "${file}"\n`),
  };

  for (const [key, siteOf] of Object.entries(keys))
    test.each(Object.keys(canaries))(`${key}: %s`, (name) => {
      const site = folder();
      const file = path.join(elsewhere, name);
      writeFileSync(file, canaries[name]!);
      const relative = path.relative(site.path, file);
      for (const written of [file, relative]) {
        const { faults } = site.load(siteOf(JSON.stringify(written).slice(1, -1)), { environment: {} });
        expect(JSON.stringify(faults)).not.toContain('zzcanaryzz');
        // (a private key is what mqtt.key asks for; everything else is told to be wrong)
        expect(faults.length).toBeGreaterThan(0);
      }
    });

  test.each(['/dev/zero', '/dev/stdin', '/proc/self/mem', '/proc/kcore', '/'])(
    '%s is no file to be read',
    (file) => {
      const faults = faultsOf(`${smallSite}contacts: ${file}\n`);
      expect(faults).toHaveLength(1);
    },
  );

  test('ids of plans and profiles are names, not paths', () => {
    for (const id of ['../../../etc/passwd', '/etc/passwd', '..', 'a/b', 'a%2fb', 'a\\0'])
      expect(
        faultsOf(withRule('inputs.smoke').replace('plan: fire', `plan: "${id}"`)).length,
      ).toBeGreaterThan(0);
  });
});

describe('templates', () => {
  test('put words into places and nothing else', () => {
    const values = { title: '{{text}} $[process.exit()]', text: '{{title}}', ids: ['a'] };
    expect(fill({ a: '{{title}}', b: 'x {{text}} {{ title }}' }, values)).toEqual({
      a: '{{text}} $[process.exit()]',
      b: 'x {{title}} {{text}} $[process.exit()]',
    });
    for (const place of [
      '{{constructor}}',
      '{{__proto__}}',
      '{{toString}}',
      '{{title.constructor}}',
      '{{#each ids}}',
      '{{{title}}}',
      '<%= title %>',
      '{{ 7*7 }}',
      '{{valueOf}}',
    ])
      expect(JSON.stringify(fill({ a: place }, { title: 'T' }))).not.toMatch(/49|function|\[object|native/);
    expect(fill({ a: '{{constructor}} {{__proto__}}' }, {})).toEqual({ a: '{{constructor}} {{__proto__}}' });
  });

  test('a body of a site can’t name a place that there is not', () => {
    const body = '{ text: "{{constructor}} {{env}}" }';
    const site = folder();
    site.write(
      'contacts.yaml',
      'people: { li: { name: 李, phone: "13800000000", roles: [guard], channels: [hook] } }\n',
    );
    const { faults } = site.load(
      `${premises}contacts: contacts.yaml\nchannels: { hook: { type: webhook, url: "https://a.example/x", body: ${body} } }\n`,
    );
    expect(JSON.stringify(faults)).not.toMatch(/native code|\[object/);
  });
});
