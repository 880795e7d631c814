// What the console has made in a process of its own, by the built program: reports to download, and the site file as it
// may be shown. The daemon meanwhile answers on.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { availableIn, machineView, temperatureIn, throttledIn } from '../../src/console/machine.ts';
import { differences } from '../../src/settings-changes.ts';
import { blanked } from '../../src/settings-text.ts';
import { type Daemon, newPlace, type Place } from '../support/daemon.ts';
import { type Client, clientOf, openStage, siteWith, users } from './stage.ts';

describe('with the built program', () => {
  let place: Place;
  let daemon: Daemon;
  let client: Client;
  beforeEach(async () => {
    place = newPlace();
    place.write(siteWith({ withoutLogin: 'configure' }));
    daemon = await place.start();
    const { console: url } = await daemon.said('the console', ({ code }) => code === 'STARTED');
    client = clientOf(() => Number(new URL(url).port));
  });
  afterEach(() => place.leave());

  test('an incident and a month, in each form and language', { timeout: 90_000 }, async () => {
    const { json } = await client.command({ verb: 'raise', plan: 'fire', by: '王伟' });
    const { incident } = json;
    const pdf = await client.get(`/incidents/${incident}/report?lang=zh`);
    expect([pdf.status, pdf.headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(pdf.bytes.subarray(0, 5).toString()).toBe('%PDF-');
    expect(pdf.headers['content-disposition']).toBe(`attachment; filename="keepwatch-${incident}.pdf"`);
    const markdown = await client.get(`/incidents/${incident}/report?format=md&lang=en`);
    expect(markdown.headers['content-type']).toBe('text/markdown; charset=utf-8');
    expect(markdown.text).toContain('王伟');
    const month = new Date().toISOString().slice(0, 7);
    const csv = await client.get(`/reports/${month}?format=csv&lang=en`);
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(csv.text).toContain(incident);
    expect((await client.get(`/reports/${month}?format=json`)).json.kind).toBe('month');
    expect((await client.get('/incidents/i99/report')).status).toBe(404);
    expect((await client.get('/reports/2099-01')).status).toBe(400);
  });

  test('while one is made the house answers', { timeout: 90_000 }, async () => {
    const month = new Date().toISOString().slice(0, 7);
    const made = client.get(`/reports/${month}`);
    let done = false;
    void made.then(() => {
      done = true;
    });
    let worstMs = 0;
    let asked = 0;
    while (!done) {
      const beganMs = performance.now();
      await client.get('/health');
      worstMs = Math.max(worstMs, performance.now() - beganMs);
      asked += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await made).status).toBe(200);
    expect(asked).toBeGreaterThan(5);
    expect(worstMs).toBeLessThan(1500);
  });

  test('the settings: the text without secrets, findings with their place, and what a reload would change', {
    timeout: 60_000,
  }, async () => {
    const first = (await client.get('/settings')).json;
    expect(first.file).toBe(place.file);
    expect(first.changes).toEqual([]);
    expect(first.findings.every(({ severity }: { severity: string }) => severity === 'warning')).toBe(true);
    expect(first.machine.node).toBe(process.versions.node);
    place.write(
      siteWith(
        { withoutLogin: 'view' },
        { mqtt: { url: 'mqtt://127.0.0.1', username: 'u', password: 'hunter2hunter2' }, zonse: {} },
      ),
    );
    const { text, findings, changes } = (await client.get('/settings')).json;
    expect(JSON.stringify([text, findings, changes])).not.toContain('hunter2hunter2');
    expect(changes).toEqual(expect.arrayContaining(['console.withoutLogin: configure → view']));
    expect(changes.join('\n')).toMatch(/^\+ mqtt: .*"password":"\*\*\*"/m);
    expect(findings).toContainEqual({
      severity: 'fault',
      line: expect.stringMatching(/keepwatch\.yaml:\d+:\d+: unknown key `zonse`/),
    });
  });
});

test('one viewer does not take all places of those who wait for a report', { timeout: 60_000 }, async () => {
  const place = newPlace();
  const program = path.join(place.folder, 'slow.mjs');
  const gate = path.join(place.folder, 'gate');
  writeFileSync(
    program,
    `import { existsSync } from 'node:fs';
     const look = () => existsSync(${JSON.stringify(gate)}) ? process.stdout.write('done') : setTimeout(look, 20);
     look();`,
  );
  const stage = await openStage(siteWith({ withoutLogin: 'view' }), { users, program });
  try {
    const [nobody, wu] = [stage.client(), stage.client()];
    await wu.logIn('wu');
    const report = (client: Client) => client.get('/reports/2026-01?format=md');
    const answers = Array.from({ length: 12 }, () => report(nobody));
    // (the two that have a place end no sooner than the gate is open)
    const refused = await Promise.race(answers);
    expect(refused).toMatchObject({ status: 503, json: { code: 'busy' } });
    expect(refused.json.message).toMatch(/asked for before is still being done/);
    const own = report(wu);
    writeFileSync(gate, '');
    expect((await own).text).toBe('done');
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBe(2);
    expect(statuses.filter((status) => status === 503).length).toBe(10);
  } finally {
    await stage.stop();
    await place.leave();
  }
});

describe('secrets in a text', () => {
  test.each([
    ['mqtt: { url: x, password: hunter2 }'],
    ['mqtt:\n  password: |\n    hunter2\n    hunter2\n  url: x'],
    ['mqtt:\n  password: >-\n    hunter2'],
    ['mqtt: { password: "hun\\x74er2 hunter2" }'],
    ['chanels: { a: { password: hunter2 } }'],
    ['channels: { a: { url: https://robot.example/?key=hunter2, headers: { X-Key: hunter2 } } }'],
    ['x: &pw hunter2\nmqtt: { password: *pw }'],
    ['a: hunter2\nmqtt: { password: hunter2 }'],
    ['# password: hunter2\na: 1'],
    ['a: 1 # token = hunter2 hunter2'],
    ['mqtt: { url: "mqtt://u:hunter2@h" }\n# see mqtt://u:hunter2@h'],
    ['deep: [ { secret: [hunter2, { x: hunter2 }] } ]'],
    ['mqtt: { password: hunter2'],
    ['password: hunter2\npassword: hunter2'],
    ['buses: { u: { password: hunter2 } }'],
    ['mqtt: { url: x, password: !hunter2 }'],
    ['mqtt:\n  password: !hunter2\n  url: x'],
    ['k: "-----BEGIN PRIVATE KEY-----\\nhunter2"'],
  ])('%j', (text) => {
    expect(text).toMatch(/hun/);
    expect(blanked(text)).not.toMatch(/hunter2|hun\\x74/);
  });

  test('all else stays as it is', () => {
    const text = readFileSync(new URL('../../config/demo/site.yaml', import.meta.url), 'utf8');
    expect(blanked(text)).toBe(text);
    const named = 'mqtt:\n  password: !secret mqtt_password # kept elsewhere\nsecrets: secrets.yaml\n';
    expect(blanked(named)).toBe(named);
  });
});

test('differences in the words of keys', () => {
  expect(differences('a: { b: 1, c: 2 }\nd: x', 'a: { b: 2, e: [1] }\nd: x # y')).toEqual([
    'a.b: 1 → 2',
    '− a.c: 2',
    '+ a.e: [1]',
  ]);
  expect(differences('a: 1', '# only words\na: 1')).toEqual(['only comments, order or spaces differ']);
  expect(differences('a: 1', 'a: [')).toEqual(['the file is not YAML: a reload changes nothing']);
  expect(differences('a: 1', 'a: 1')).toEqual([]);
  expect(differences('a: !secret x', 'a: !secret y')).toEqual(['a: !secret x → !secret y']);
});

describe('the machine', () => {
  test('what is there is told, what is not is absent', () => {
    const view = machineView({ data: '/', clock: 'synced' });
    expect(view.memory.totalBytes).toBeGreaterThan(view.memory.ownBytes);
    expect(view.disk!.totalBytes).toBeGreaterThan(0);
    const nothing = machineView({ data: '/none/at/all', clock: 'unsynced' }, '/none');
    expect(Object.keys(nothing).sort()).toEqual(['clock', 'load', 'memory', 'node', 'uptimeMs']);
  });

  test('a Raspberry Pi’s files', () => {
    const place = newPlace();
    const put = (name: string, text: string): void => {
      mkdirSync(path.dirname(path.join(place.folder, name)), { recursive: true });
      writeFileSync(path.join(place.folder, name), text);
    };
    put('proc/device-tree/model', 'Raspberry Pi 4 Model B Rev 1.5\0');
    put('sys/class/thermal/thermal_zone0/temp', '48312\n');
    put('sys/devices/platform/soc/soc:firmware/get_throttled', '50005\n');
    expect(machineView({ data: '/', clock: 'synced' }, place.folder)).toMatchObject({
      model: 'Raspberry Pi 4 Model B Rev 1.5',
      temperatureC: 48.3,
      underVoltage: { now: true, since: true },
    });
    expect(temperatureIn('48312')).toBe(48.3);
    expect(temperatureIn('hot')).toBeUndefined();
    expect(throttledIn('50005')).toEqual({ now: true, since: true });
    expect(throttledIn('0x50000')).toEqual({ now: false, since: true });
    expect(throttledIn('0')).toEqual({ now: false, since: false });
    expect(throttledIn('')).toBeUndefined();
    expect(availableIn('MemTotal: 1 kB\nMemAvailable:   2048 kB\n')).toBe(2_097_152);
    return place.leave();
  });
});
