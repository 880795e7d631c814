import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { folder, premises, someKeys } from './support.ts';

const secret = 'correct horse battery';
const site = `${premises}mqtt: { url: mqtt://broker, username: gw, password: !secret mqtt.pass_word }\n`;
const name = 'mqtt.pass_word';

describe('secrets', () => {
  test.each(['KEEPWATCH_SECRET_MQTT_PASS_WORD', name, 'MQTT_PASS_WORD'])(
    'from the variable %s',
    (variable) => {
      expect(folder().load(site, { environment: { [variable]: secret } }).config!.mqtt!.password).toBe(
        secret,
      );
    },
  );

  test("from systemd's credentials", () => {
    const place = folder();
    place.write(`credentials/${name}`, `${secret}\n`);
    const environment = { CREDENTIALS_DIRECTORY: path.join(place.path, 'credentials') };
    expect(place.load(site, { environment }).config!.mqtt!.password).toBe(secret);
  });

  test('from the file beside the site, or the one that it names', () => {
    const place = folder();
    place.write('secrets.yaml', `${name}: ${secret}\n`, 0o600);
    place.write('keys.yaml', someKeys);
    const { config, faults } = place.load(site);
    expect(config!.mqtt!.password).toBe(secret);
    expect(config!.files).toContain(path.join(place.path, 'secrets.yaml'));
    expect(faults.map((fault) => fault.what)).toEqual([
      'the site has no devices',
      expect.stringContaining('the password goes over the network'),
    ]);
    place.write('other.yaml', `${name}: another one\n`, 0o644);
    const other = place.load(`${site}secrets: other.yaml\n`);
    expect(other.config!.mqtt!.password).toBe('another one');
    expect(other.faults.map((fault) => fault.what)).toContain('others on this machine can read the secrets');
  });

  test('missing everywhere is one fault that names the places, without others in its wake', () => {
    const faults = folder().faults(site);
    expect(faults).toHaveLength(2);
    expect(faults[1]).toMatch(
      /^2:61 secret `mqtt.pass_word` is in none of its places: .*KEEPWATCH_SECRET_MQTT_PASS_WORD.*CREDENTIALS_DIRECTORY.*secrets\.yaml/,
    );
  });

  test.each([
    ['a secret URL', `${premises}mqtt: { url: !secret a }\n`],
    ['a secret at a number', `${premises}buses: { b: { driver: modbus-tcp, host: h, port: !secret a } }\n`],
    ['a secret driver', `${premises}buses: { b: { driver: !secret a } }\n`],
    [
      'a secret address',
      `${premises}buses: { h: { driver: modbus-tcp, host: h } }\ndevices: { d: { bus: h, unit: 1, points: { p: { read: !secret a } } } }\n`,
    ],
    ['a secret that is no PEM', `${premises}mqtt: { url: embedded, ca: !secret a }\n`],
    ['a password as a number', `${premises}mqtt: { url: embedded, username: u, password: 8675309 }\n`],
    ['a password in the URL', `${premises}mqtt: { url: "mqtt://u:${secret.replaceAll(' ', '-')}@h" }\n`],
    ['a password that looks like an alias', `${premises}mqtt: { url: embedded, password: *hunter22 }\n`],
    ['a password that looks like a tag', `${premises}mqtt: { url: embedded, password: !hunter22 }\n`],
    ['the secret after the tag', `${premises}mqtt: { url: embedded, password: !secret "${secret}" }\n`],
  ])('never shown: %s', (_, text) => {
    const { config, faults } = folder().load(text, { environment: { a: secret } });
    expect(config).toBeUndefined();
    const shown = JSON.stringify(faults);
    for (const word of ['correct', 'battery', '8675309', 'hunter22']) expect(shown).not.toContain(word);
  });

  test('a broken secrets file shows nothing of itself', () => {
    for (const content of [
      `a: *${'hunter22'}\n`,
      'hunter22',
      'a: 8675309\n',
      'hunter22: x\nhunter22: y\n',
      'a: [hunter22',
    ]) {
      const place = folder();
      place.write('secrets.yaml', content, 0o600);
      const shown = JSON.stringify(place.load(`${premises}mqtt: { url: !secret a }\n`).faults);
      expect(shown).toContain('secrets.yaml');
      expect(shown).not.toMatch(/hunter22|8675309/);
    }
  });

  test('certificates come from files or secrets, and are checked', () => {
    const place = folder();
    place.write('cert.pem', '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n');
    place.write('key.pem', 'nothing of the sort');
    const pemKey = '-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n';
    const text = `${premises}mqtt:\n  url: mqtts://h\n  cert: cert.pem\n`;
    const words = (more: string) =>
      place.faults(text + more, { environment: { k: pemKey } }).filter((fault) => !fault.includes('warning'));
    expect(words('')).toEqual(['4:3 `cert` without `key`; add `key:`, or remove `cert:`']);
    expect(words('  key: key.pem\n')[0]).toMatch(/^5:8 .*key\.pem is not PEM text with a private key/);
    expect(words('  key: gone.pem\n')[0]).toMatch(/^5:8 there is no file .*gone\.pem/);
    expect(words('  key: !secret k\n')).toEqual([]);
  });
});
