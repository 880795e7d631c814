// `keepwatch replay` against a real daemon, and against the folder that it left: what other rules would have made of
// the past, faults in those rules, and that the data stays as it was.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Daemon, eventually, newPlace, type Place, siteOf } from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from '../system/site.ts';

const able = haveLibmodbus();
let place: Place;
let slave: Slave;
let daemon: Daemon;

/** Sets an input and waits until the daemon believes it. */
async function set(point: string, address: number, value: number): Promise<void> {
  await slave.set('discrete', address, value);
  await eventually(
    `${point} is ${value}`,
    () => place.json('points'),
    (points) => points.find(({ id }: { id: string }) => id === point)?.value === (value === 1),
  );
}

function rules(text: string): string {
  const file = path.join(place.folder, 'other.yaml');
  writeFileSync(file, text);
  return file;
}

const other = `rules:
  heat_flood: { when: inputs.flood, plan: fire, zone: kitchen }
  smoke_slow: { when: inputs.smoke, for: 1h, plan: fire, zone: atrium }
`;

/** `onlyThen fire atrium` for each pair. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of the command
const told = ({ pairs }: any): string[] =>
  pairs.map(
    // biome-ignore lint/suspicious/noExplicitAny: as above
    ({ found, was, would }: any) => `${found} ${(would ?? was).plan} ${(would ?? was).zone ?? ''}`.trim(),
  );

describe.skipIf(!able)('replay', () => {
  beforeAll(async () => {
    place = newPlace();
    slave = await startSlave('tcp');
    place.write(siteOf('embedded', alarmSite(slave.port, { mqtt: { listen: '127.0.0.1:0' } })));
    daemon = await place.start();
    await set('inputs.smoke', 0, 1);
    await set('inputs.smoke', 0, 0);
    await set('inputs.flood', 1, 1);
    await set('inputs.flood', 1, 0);
  }, 60_000);
  afterAll(async () => {
    await place?.leave();
    await slave?.stop();
  });

  const both = ['both fire atrium', 'both water-leak kitchen'];
  const changed = ['onlyThen fire atrium', 'both water-leak kitchen', 'onlyNow fire kitchen'];

  test("the site's own rules find what was", async () => {
    const found = await place.json('replay', '--from', '1h');
    expect(told(found)).toEqual(both);
    expect(found.cut).toBe(true);
  });

  test('other rules find other things, in both languages', async () => {
    const file = rules(other);
    expect(told(await place.json('replay', '--from', '1h', '--rules', file)).sort()).toEqual(changed.sort());
    const { code, stdout, stderr } = await place.cli('replay', '--from', '1h', '--rules', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^− only then +Fire · Atrium .*inputs\.smoke/m);
    expect(stdout).toMatch(/^\+ only now +Fire · Kitchen .*inputs\.flood/m);
    expect(stdout).toContain('both 1, only then 1, only now 1');
    expect(stdout).toMatch(/close.* are not replayed/);
    const chinese = (await place.cli('replay', '--from', '1h', '--rules', file, '--lang', 'zh')).stdout;
    expect(chinese).toMatch(/^− 仅当时 +火灾 · 中庭/m);
    expect(chinese).toContain('都有 1，仅当时 1，仅此规则 1');
    expect(chinese).toContain('不重演人员对事件的操作');
  });

  test('times in each form, those without an offset at the premises', async () => {
    expect(told(await place.json('replay', '--from', '2001-01-01', '--to', '2001-01-02 08:00'))).toEqual([]);
    // of the premises, eight hours ahead
    const early = await place.json('replay', '--from', '2001-01-01T08:00Z', '--to', '2001-01-02');
    expect(early).toMatchObject({ to: '2001-01-01T16:00:00.000Z', facts: 0 });
    expect((await place.json('replay', '--from', '2001-01-01T08:00Z')).facts).toBeGreaterThan(0);
    expect((await place.cli('replay', '--from', '1h', '--to', '1d')).code).toBe(2);
  });

  test('of warnings only those of the rules are shown', async () => {
    const suppressed = 'when: inputs.flood, suppress: inputs.smoke, level: urgent, plan: fire';
    const file = rules(`rules:\n  a: { ${suppressed} }\n`);
    const { code, stderr } = await place.cli('replay', '--from', '1h', '--rules', file);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\S*other\.yaml:2:\d+: warning: `suppress` on a rule of urgent incidents.*\n$/);
  });

  test('faults in the rules name their file and place, and are 1', async () => {
    const file = rules(
      'rules:\n  a: { when: inputs.smokes, plan: fire }\n  b: { when: inputs.smoke, plan: fires }\nzones: {}\n',
    );
    const { code, stdout, stderr } = await place.cli('replay', '--from', '1h', '--rules', file);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    for (const fault of [
      /other\.yaml:2:\d+: .*inputs\.smokes/,
      /other\.yaml:3:\d+: .*fires/,
      /other\.yaml:4:1: .*zones/,
    ])
      expect(stderr).toMatch(fault);
    const missing = await place.cli('replay', '--from', '1h', '--rules', 'none.yaml');
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/none\.yaml/) });
  });

  test('a socket that is named and does not answer is 3', async () => {
    const { code, stderr } = await place.cli('replay', '--from', '1h', '--socket', '/nowhere/k.sock');
    expect([code, stderr]).toEqual([3, expect.stringContaining('/nowhere/k.sock')]);
  });

  test('of a daemon that has gone the folder is read, and not a byte of it changes', async () => {
    expect(await daemon.stop()).toBe(0);
    const hashes = (): string[] =>
      readdirSync(place.data).map((name) => {
        const hash = createHash('sha256').update(readFileSync(path.join(place.data, name)));
        return `${name} ${hash.digest('hex')}`;
      });
    const before = hashes();
    expect(told(await place.json('replay', '--from', '1h', '--rules', rules(other))).sort()).toEqual(
      changed.sort(),
    );
    expect(hashes()).toEqual(before);
  });

  test('after a kill as well', async () => {
    const second = await place.start();
    await second.kill();
    expect(told(await place.json('replay', '--from', '1h'))).toEqual(both);
    const third = await place.start();
    expect(await third.stop()).toBe(0);
  });

  test('a folder that has no journal is 1', async () => {
    const empty = newPlace();
    try {
      empty.write(siteOf('embedded', alarmSite(slave.port)));
      expect(await empty.cli('replay', '--from', '1h')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('no journal'),
      });
      expect(readdirSync(empty.folder)).toEqual(['keepwatch.yaml']);
    } finally {
      await empty.leave();
    }
  });
});
