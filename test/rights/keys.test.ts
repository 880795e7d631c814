// The `commands:` section and the file of keys: defaults by where the broker is, every fault at its place, and nothing of
// a key that was mistaken for another in any fault. Then the two commands for people, as processes.

import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rawOf } from '../../src/rights/public-key.ts';
import { folder, smallSite } from '../config/support.ts';
import { keepwatch } from '../support/daemon.ts';
import { door, holder } from './people.ts';

const pair = generateKeyPairSync('ed25519');
const raw = rawOf(pair.publicKey).toString('base64');
const other = rawOf(generateKeyPairSync('ed25519').publicKey).toString('base64');
const at = (url: string, more = ''): string => `${smallSite}mqtt: { url: "${url}"${more} }\n`;
const nobody = /nobody can command this site over MQTT/;

describe('who may command', () => {
  test.each([
    ['mqtt://127.0.0.1', 'open'],
    ['mqtt://127.8.9.1:1884', 'open'],
    ['mqtt://localhost', 'open'],
    ['mqtt://[::1]:1883', 'open'],
    ['ws://[::ffff:127.0.0.1]:80', 'open'],
    ['embedded', 'open'],
    ['mqtt://192.168.1.10', 'signed'],
    ['mqtts://broker.example', 'signed'],
    ['mqtt://127.0.0.1.example.org', 'signed'],
    ['mqtt://localhost.example', 'signed'],
    ['mqtt://[::2]', 'signed'],
  ])('a broker at %s: %s by default', (url, accept) => {
    const { config, faults } = folder().load(at(url));
    expect(config!.commands).toEqual({ accept, keys: [] });
    expect(faults.filter(({ what }) => nobody.test(what))).toHaveLength(accept === 'signed' ? 1 : 0);
  });

  test('an embedded broker that listens on the network is not this machine alone', () => {
    const { config } = folder().load(at('embedded', ', listen: "0.0.0.0:1883"'));
    expect(config!.commands.accept).toBe('signed');
  });

  test('open is refused where the broker is elsewhere, and taken where it is here', () => {
    const site = folder();
    expect(site.faults(`${at('mqtt://broker.example')}commands: { accept: open }\n`)).toEqual([
      expect.stringMatching(/^29:21 the broker is not on this machine.*; write `accept: signed`/),
    ]);
    expect(site.faults(`${at('mqtt://127.0.0.1')}commands: { accept: open }\n`)).toEqual([]);
  });

  test('signed on loopback, and no broker at all', () => {
    const site = folder();
    const signed = site.load(`${at('mqtt://127.0.0.1')}commands: { accept: signed }\n`);
    expect(signed.config!.commands.accept).toBe('signed');
    expect(signed.faults.map(({ what }) => what)).toEqual([expect.stringMatching(nobody)]);
    expect(site.load(smallSite).faults).toEqual([]);
  });

  test('keys are read from beside the site file, and are among the files of the site', () => {
    const site = folder();
    site.write(
      'keys.yaml',
      `wang: { name: 王伟, role: operate, publicKey: "${raw}", until: 2027-12-31 }\n`,
      0o644,
    );
    const { config, faults } = site.load(at('mqtts://broker.example'));
    expect(faults).toEqual([]);
    expect(config!.commands.keys).toEqual([
      // the day ends in Shanghai
      { id: 'wang', name: '王伟', role: 'operate', publicKey: raw, untilMs: Date.UTC(2027, 11, 31, 16) },
    ]);
    expect(config!.files).toContain(path.join(site.path, 'keys.yaml'));
  });

  test('a file that is named must be there', () => {
    expect(folder().faults(`${at('mqtt://127.0.0.1')}commands: { keys: people.yaml }\n`)).toEqual([
      expect.stringMatching(/^29:19 there is no file .*people\.yaml; check the path/),
    ]);
  });

  test('every fault of the keys at once, each at its place', () => {
    const site = folder();
    site.write(
      'keys.yaml',
      `Wang: { name: 王, role: operate, publicKey: "${raw}" }
li: { name: 李, role: boss, publicKey: "${other}" }
zhao: { role: view, publicKey: "${other}" }
qian: { name: 钱, role: view, publicKey: "${raw}" }
sun: { name: 孙, role: view, publicKey: "short" }
zhou: { name: 周, role: view, publicKey: "${other}", untill: 2027-01-01 }
wu: { name: 吴, role: view, publicKey: "${other}", until: 2027-02-30 }
`,
      0o644,
    );
    expect(site.faults(at('mqtts://broker.example'))).toEqual([
      'keys.yaml:1:1 `Wang` is not an id; write a small letter, then small letters, digits and _, at most 64',
      'keys.yaml:2:22 `role`: `boss` is not possible here; known here: view, acknowledge, operate, configure',
      'keys.yaml:3:1 `name` of `zhao` is missing; add `name: …`',
      'keys.yaml:4:41 this is the key of `Wang`; give each a key of their own',
      'keys.yaml:5:40 this is not an Ed25519 public key; write its 32 bytes in base64 (44 characters), or PEM',
      expect.stringMatching(/^keys\.yaml:6:89 unknown key `untill`; did you mean `until`\?$/),
      expect.stringMatching(/^keys\.yaml:7:\d+ `until`: `2027-02-30` is not a date/),
    ]);
  });

  test('a private key that was put there by mistake is not repeated', () => {
    const site = folder();
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const body = pem.split('\n')[1]!;
    site.write(
      'keys.yaml',
      `wang:\n  name: 王\n  role: view\n  publicKey: |\n    ${pem.replaceAll('\n', '\n    ')}\n`,
      0o644,
    );
    const faults = site.faults(at('mqtts://broker.example'));
    expect(faults).toEqual([expect.stringMatching(/this is a private key.*make a new pair/)]);
    expect(JSON.stringify(faults)).not.toContain(body);
  });

  test('a client certificate needs TLS', () => {
    const site = folder();
    site.write('cert.pem', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');
    site.write('key.pem', '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n');
    const certificate = ', cert: cert.pem, key: key.pem';
    expect(site.faults(at('mqtt://127.0.0.1', certificate))).toEqual([
      expect.stringMatching(/^28:34 `cert` with `url` mqtt:, which has no TLS; write mqtts:\/\//),
    ]);
    expect(site.faults(at('mqtts://127.0.0.1', certificate))).toEqual([]);
  });

  test('warns of a key that ran out, and of a file that others can change', () => {
    const site = folder();
    const file = site.write(
      'keys.yaml',
      `wang: { name: 王, role: view, publicKey: "${raw}", until: 2026-01-31 }\n`,
    );
    chmodSync(file, 0o666);
    expect(site.faults(at('mqtts://broker.example'), { now: Date.UTC(2026, 1, 1) })).toEqual([
      expect.stringMatching(
        /^keys\.yaml:1:1 warning others on this machine can change who may command; chmod go-w/,
      ),
      expect.stringMatching(/^keys\.yaml:1:\d+ warning the key `wang` ran out on 2026-01-31; remove it/),
    ]);
  });
});

describe('the commands for people', { timeout: 60_000 }, () => {
  let place: string;
  beforeAll(() => {
    place = mkdtempSync(path.join(tmpdir(), 'keepwatch-keys-'));
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));
  const run = (...argv: string[]) => keepwatch(argv, { cwd: place });

  test('a key is made, listed, and what it signs is taken', async () => {
    const made = await run(
      'key',
      'new',
      'wang',
      '--role',
      'operate',
      '--name',
      '王伟',
      '--until',
      '2030-01-31',
    );
    expect(made.code).toBe(0);
    const file = path.join(place, 'wang.key.pem');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const pem = readFileSync(file, 'utf8');
    expect(made.stdout + made.stderr).not.toContain(pem.split('\n')[1]!);
    // what was printed is a file of keys as it is
    const site = folder();
    site.write('keys.yaml', made.stdout, 0o644);
    const { config } = site.load(at('mqtts://broker.example'));
    expect(config!.commands.keys).toEqual([
      expect.objectContaining({ id: 'wang', name: '王伟', role: 'operate' }),
    ]);
    const signed = await run(
      ...['sign', '--key', 'wang.key.pem', '--premises', 'store_0042', '--by', '王伟', '--id', 'd-1'],
      ...['drill', 'action=start', 'plan=fire', 'outputs:=true'],
    );
    expect(signed.code).toBe(0);
    const command = JSON.parse(signed.stdout);
    expect(command).toMatchObject({
      id: 'd-1',
      verb: 'drill',
      by: '王伟',
      plan: 'fire',
      outputs: true,
      key: 'wang',
    });
    const [key] = config!.commands.keys;
    const gate = door([{ ...holder('wang', 'view'), key: key! }]);
    gate.clock.stepWall(Date.now() - gate.clock.wallMs());
    expect(await gate.run({ ...command, origin: 'mqtt' })).toBe('ran');
  });

  test('a key that is there is never written over', async () => {
    writeFileSync(path.join(place, 'chen.key.pem'), 'the only copy');
    const { code, stdout, stderr } = await run('key', 'new', 'chen', '--role', 'view');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/chen\.key\.pem is there already; choose another with --out/);
    expect(readFileSync(path.join(place, 'chen.key.pem'), 'utf8')).toBe('the only copy');
  });

  test.each([
    ['no role', ['key', 'new', 'li']],
    ['a role that there is not', ['key', 'new', 'li', '--role', 'boss']],
    ['no id', ['key', 'new', 'Li', '--role', 'view']],
    ['another action', ['key', 'show', 'li', '--role', 'view']],
    ['no date', ['key', 'new', 'li', '--role', 'view', '--until', 'tomorrow']],
    ['no premises', ['sign', '--key', 'wang.key.pem', 'ack']],
    ['a life too long', ['sign', '--key', 'wang.key.pem', '--premises', 's', '--for', '11m', 'ack']],
    ['a field that is none', ['sign', '--key', 'wang.key.pem', '--premises', 's', 'ack', 'i3']],
    ['a field of the envelope', ['sign', '--key', 'wang.key.pem', '--premises', 's', 'ack', 'until=2030']],
    ['no JSON', ['sign', '--key', 'wang.key.pem', '--premises', 's', 'drill', 'outputs:=yes']],
    ['nobody named', ['sign', '--key', '/dev/null', '--premises', 's', 'ack']],
  ])('wrong usage: %s', async (_name, argv) => {
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });

  const make = ['key', 'new', 'mo', '--role'];
  const sign = ['sign', '--key', 'wang.key.pem', '--premises', 's'];
  test.each<[string, readonly string[], string]>([
    [
      'no role',
      ['key', 'new', 'mo'],
      '--role is missing; write one of view, acknowledge, operate, configure',
    ],
    ['a role that there is not', [...make, 'boss'], '--role boss is not a role; write one of view, '],
    [
      'an id that means something else',
      ['key', 'new', 'constructor', '--role', 'view'],
      'choose another name',
    ],
    [
      'a day that there is not',
      [...make, 'view', '--until', '2027-02-31'],
      '2027-02-31 is not a date; write',
    ],
    [
      'a day that is over',
      [...make, 'view', '--until', '2020-01-31'],
      '2020-01-31 is over; write the last day',
    ],
    ['an empty name', [...make, 'view', '--name', ' '], '--name is empty; write the name'],
    [
      'premises that are no id',
      ['sign', '--key', 'wang.key.pem', '--premises', 'S 1', 'ack'],
      '"S 1" is not an id',
    ],
    [
      'an owner that is no id',
      [...sign, '--as', 'X Y', 'ack'],
      '--as "X Y" is not an id; write a small letter',
    ],
    ['an empty verb', [...sign, ''], 'the verb is empty; write one such as ack'],
    ['an empty id', [...sign, '--id', '', 'ack'], '--id is not a text of 1 to 128 characters; write one'],
    ['an empty session', [...sign, '--session', '', 'ack'], '--session is not a text of 1 to 128 characters'],
    ['a name too long', [...sign, '--by', 'x'.repeat(65), 'ack'], '--by is not a text of 1 to 64 characters'],
    [
      'a field with its own option',
      [...sign, 'ack', 'id=i3'],
      "id can't be given as a field; write --id in its",
    ],
    ['a field that is set', [...sign, 'ack', 'nonce=1'], 'because `sign` sets it; leave it out'],
    [
      'a field twice',
      [...sign, 'ack', 'incident=i3', 'incident=i4'],
      'incident is given twice; give it once',
    ],
    ['a number without end', [...sign, 'level', 'of:=1e400'], "of can't be signed: a number is too large"],
  ])('wrong usage is told in one clear sentence: %s', async (_name, argv, words) => {
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^keepwatch: [^\n]+\n$/);
  });

  test.each<[string, readonly string[], RegExp]>([
    [
      'a key into no folder',
      ['key', 'new', 'mo', '--role', 'view', '--out', 'nowhere/mo.key.pem'],
      /^keepwatch: the key can't be written to nowhere\/mo\.key\.pem \(ENOENT\); name a file in a folder that exists/,
    ],
    [
      'a key file that is not there',
      ['sign', '--key', 'nowhere.pem', '--premises', 's', 'ack'],
      /^keepwatch: there is no file nowhere\.pem; check the path/,
    ],
    [
      'a folder',
      ['sign', '--key', '.', '--premises', 's', 'ack'],
      /^keepwatch: \. is a folder; name the file/,
    ],
  ])('%s', async (_name, argv, words) => {
    const { code, stdout, stderr } = await run(...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  test.each([
    [
      'no key',
      'not a key at all: hunter2-hunter2',
      /wrong\.key\.pem is not a private key in PEM; name the file/,
    ],
    [
      'the public key',
      generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      /wrong\.key\.pem holds a public key, which can't sign; name the file/,
    ],
    [
      'locked',
      generateKeyPairSync('ed25519')
        .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      /the key in wrong\.key\.pem is locked with a password; take that off/,
    ],
    [
      'another kind',
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString(),
      /a key of the kind ec/,
    ],
  ])('signing with a file that is %s: told, and nothing of it shown', async (_name, text, words) => {
    writeFileSync(path.join(place, 'wrong.key.pem'), text, { mode: 0o600 });
    const { code, stdout, stderr } = await run('sign', '--key', 'wrong.key.pem', '--premises', 's', 'ack');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr).not.toContain(text.split('\n').at(-2) ?? text);
  });
});
