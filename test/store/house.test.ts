// The state of a real daemon as people handle it: copied while alarms come in, put back, verified, damaged. Real
// slave, real broker, real commands.

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { schemaSteps } from '../../src/store/migrations.ts';
import { type Broker, installed, type Witness } from '../support/broker.ts';
import {
  base,
  command,
  event,
  events,
  firsts,
  newPlace,
  type Place,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { alarmSite } from '../system/site.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');

let place: Place;
let slave: Slave;
let broker: Broker;
let seen: Witness;

beforeEach(async () => {
  if (!able) return;
  place = newPlace();
  slave = await startSlave('tcp');
  place.later(slave, () => slave.stop());
  broker = await place.broker();
  seen = await place.witness(broker.port);
});
afterEach(() => place?.leave());

const site = (more = {}) => siteOf(broker, alarmSite(slave.port, more));
const inFolder = (name: string): string => path.join(place.folder, name);
/** @param known ids of events that are not meant */
const opened = (point: string, known: ReadonlySet<string> = new Set()) =>
  event(
    seen,
    `${point} opened`,
    ({ type, id, incident }) =>
      type === 'incident.opened' && !known.has(id) && incident.signals[0].because.startsWith(point),
  );
const known = (): Set<string> => new Set(events(seen).map(({ id }) => id));

/** Writes note after note, each an event, until it is told to end. */
function load(incident: string): () => Promise<void> {
  let going = true;
  const ended = (async () => {
    for (let count = 1; going; count += 1)
      await command(seen, broker.port, { verb: 'note', incident, text: `note ${count}` });
  })();
  return async () => {
    going = false;
    await ended;
  };
}

describe.skipIf(!able)('a copy', () => {
  test('is made under load and put back into the running daemon: open incidents live, under a new epoch', {
    timeout: 120_000,
  }, async () => {
    const secret = 'not-for-a-copy';
    place.write(
      site({
        secrets: 'hidden.yaml',
        channels: { hook: { type: 'webhook', url: `http://127.0.0.1:9/${secret}` } },
      }),
    );
    writeFileSync(inFolder('hidden.yaml'), `other: ${secret}\n`, { mode: 0o600 });
    const daemon = await place.start();
    await slave.set('discrete', 0, 1);
    const fire = await opened('inputs.smoke');
    const endLoad = load(fire.incident.id);
    const copy = inFolder('one.backup');
    const made = await place.json('backup', copy);
    await endLoad();
    expect(made).toMatchObject({ file: copy, configFiles: 1, outside: [] });
    expect(readFileSync(copy).includes(secret)).toBe(false);
    // what is there may be the only copy of what was before
    const whole = readFileSync(copy);
    const over = await place.cli('backup', copy);
    expect(over).toMatchObject({ code: 1, stdout: '' });
    expect(over.stderr).toMatch(
      /one\.backup is there already; give another name, or --force to replace it\n$/,
    );
    expect(readFileSync(copy).equals(whole)).toBe(true);
    expect(readdirSync(place.data).filter((name) => name.includes('backup'))).toEqual([]);
    const verified = await place.cli('verify', '--file', copy, '--head', made.head);
    expect(verified).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^intact: \d+ facts, \d+ events, head /),
    });
    // what came after the copy is what is lost by going back to it
    expect((await place.cli('verify', '--head', made.head)).code).toBe(0);
    await slave.set('input', 0, 3000);
    const gas = await opened('inputs.ppm');

    const before = await place.json('status');
    const mine = readFileSync(place.file, 'utf8');
    place.write(site({ zones: { annex: { name: 'Annex' } } }));
    const changed = readFileSync(place.file, 'utf8');
    // with the secret written out the site is as it was: only the name of it is in the copy
    writeFileSync(inFolder('hidden.yaml'), `channels_hook_url: http://127.0.0.1:9/${secret}\n`, {
      mode: 0o600,
    });
    const told = known();
    const restored = await place.json('restore', copy);
    expect(restored.configFiles).toEqual(['keepwatch.yaml']);
    expect(readFileSync(place.file, 'utf8')).toBe(mine.replace(/"http:[^"]*"/, '!secret channels_hook_url'));
    const kept = readdirSync(place.folder).find((name) => name.startsWith('keepwatch.yaml.before-restore-'))!;
    expect(readFileSync(inFolder(kept), 'utf8')).toBe(changed);
    expect(readdirSync(place.data).some((name) => name.startsWith('keepwatch.db.before-restore-'))).toBe(
      true,
    );

    const after = await place.json('status');
    expect(after.epoch).toBe(restored.epoch);
    expect(after.epoch).not.toBe(before.epoch);
    expect(daemon.running()).toBe(true);
    // the fire of before is the same incident; the gas is found anew, and its old message at the broker is emptied
    expect((await place.json('incidents')).map(({ id }: { id: string }) => id)).toContain(fire.incident.id);
    const again = await opened('inputs.ppm', told);
    expect(again.epoch).toBe(after.epoch);
    expect(again.id.startsWith(`${after.epoch}-`)).toBe(true);
    expect(again.incident.id).not.toBe(gas.incident.id);
    await seen.until(
      'the lost incident is emptied',
      () => shown(seen, `incident/${gas.incident.id}`) === undefined,
    );
    expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({ id: fire.incident.id });
    const numbers = firsts(seen)
      .filter(({ epoch }) => epoch === after.epoch)
      .map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0] + index));
    expect((await place.cli('verify')).code).toBe(0);

    // and once more after a kill: nothing of before the copy was put in place comes back
    await daemon.kill();
    const next = await place.start();
    expect((await place.json('status')).epoch).toBe(after.epoch);
    expect((await place.json('incidents')).map(({ id }: { id: string }) => id)).toContain(again.incident.id);
    expect(await next.stop()).toBe(0);
  });

  test('goes into an empty place without a daemon, with the plans and contacts of the site', {
    timeout: 30_000,
  }, async () => {
    place.write(site({ data: 'state' }));
    const daemon = await place.start();
    await slave.set('discrete', 0, 1);
    const fire = await opened('inputs.smoke');
    await daemon.stop();
    const copy = inFolder('two.backup');
    writeFileSync(copy, 'of last week');
    expect(await place.cli('backup', copy, '--force')).toMatchObject({ code: 0 });
    const elsewhere = newPlace();
    place.later(elsewhere, () => elsewhere.leave());
    const { code, stdout } = await elsewhere.cli('restore', copy);
    expect([code, stdout]).toEqual([0, expect.stringContaining('keepwatch.yaml: written')]);
    expect(existsSync(path.join(elsewhere.folder, 'state', 'keepwatch.db'))).toBe(true);
    const second = await elsewhere.start();
    expect((await elsewhere.json('incidents')).map(({ id }: { id: string }) => id)).toEqual([
      fire.incident.id,
    ]);
    expect(await second.stop()).toBe(0);
  });

  test('that is newer, damaged, changed or none at all is refused, and nothing is touched', {
    timeout: 120_000,
  }, async () => {
    place.write(site());
    const daemon = await place.start();
    await slave.set('discrete', 0, 1);
    await opened('inputs.smoke');
    const good = inFolder('good.backup');
    expect((await place.cli('backup', good)).code).toBe(0);
    const spoilt = (name: string, spoil: (file: string) => void): string => {
      const file = inFolder(name);
      writeFileSync(file, readFileSync(good));
      spoil(file);
      return file;
    };
    const sql = (text: string) => (file: string) => {
      const database = new Sqlite(file);
      database.exec(text);
      database.close();
    };
    const newer = spoilt('newer', sql(`PRAGMA user_version = ${schemaSteps.length + 1}`));
    const changed = spoilt(
      'changed',
      sql(`UPDATE event SET body = replace(body, 'smoke', 'smoko') WHERE seq = 2`),
    );
    const cut = spoilt('cut', (file) => writeFileSync(file, readFileSync(good).subarray(0, 9000)));
    const none = spoilt('none', (file) => writeFileSync(file, 'a text\n'.repeat(1000)));
    const climbing = spoilt('climbing', sql(`UPDATE config_file SET name = '../keepwatch.yaml', site = 1`));
    const names = readdirSync(place.folder).sort();
    const { session, epoch } = await place.json('status');
    for (const [file, why] of [
      [newer, 'newer keepwatch'],
      [changed, 'its chain is broken'],
      [cut, 'damaged'],
      [none, 'damaged'],
      [climbing, 'not a copy'],
    ] as const) {
      const { code, stderr } = await place.cli('restore', file);
      expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
      expect(stderr).toMatch(/^keepwatch: [^\n]+; [^\n]+\n$/);
    }
    expect(await place.json('status')).toMatchObject({ session, epoch });
    expect(readdirSync(place.folder).sort()).toEqual(names);
    expect(readdirSync(place.data).filter((name) => /restore/.test(name))).toEqual([]);
    expect(daemon.running()).toBe(true);
  });

  test('whose site file the daemon could not run is refused, and all is put back', {
    timeout: 30_000,
  }, async () => {
    place.write(site());
    const daemon = await place.start();
    const good = inFolder('good.backup');
    expect((await place.cli('backup', good)).code).toBe(0);
    const database = new Sqlite(good);
    database.exec(
      `UPDATE config_file SET body = CAST(replace(CAST(body AS TEXT), 'coil:0', 'coal:0') AS BLOB)`,
    );
    database.close();
    const mine = readFileSync(place.file, 'utf8');
    const { session } = await place.json('status');
    const { code, stderr } = await place.cli('restore', good);
    expect([code, stderr]).toEqual([1, expect.stringContaining('coal')]);
    expect(readFileSync(place.file, 'utf8')).toBe(mine);
    expect(readdirSync(place.data).filter((name) => /restore/.test(name))).toEqual([]);
    expect(await place.json('status')).toMatchObject({ session });
    expect(daemon.running()).toBe(true);
  });
});

describe.skipIf(!able)('a state that is damaged', () => {
  test('is set aside, and a trouble stays until a person resets it', { timeout: 30_000 }, async () => {
    place.write(site());
    const first = await place.start();
    await slave.set('discrete', 0, 1);
    const fire = await opened('inputs.smoke');
    await seen.until('the fire is shown', () => shown(seen, `incident/${fire.incident.id}`) !== undefined);
    await first.stop();
    await slave.set('discrete', 0, 0);
    // the snapshot is the state: its table is found by its first bytes, and one of them is turned
    const file = path.join(place.data, 'keepwatch.db');
    const bytes = readFileSync(file);
    const at = bytes.indexOf('{"version":1,"epoch":') + 30;
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.from([bytes[at]! ^ 1]), 0, 1, at);
    closeSync(descriptor);

    await place.start();
    const trouble = await event(
      seen,
      'the trouble',
      ({ type, incident }) => type === 'incident.opened' && incident.cause.rule === 'health_state',
    );
    expect(trouble.epoch).not.toBe(fire.epoch);
    expect(trouble.because).toMatch(/^the stored state was damaged and set aside as keepwatch\.db\.damaged-/);
    expect(trouble.because).toContain(`open then: ${fire.incident.id}`);
    const { id } = trouble.incident;
    await seen.until(
      'the old fire is emptied',
      () => shown(seen, `incident/${fire.incident.id}`) === undefined,
    );
    expect(seen.seen.some(({ topic }) => topic === `${base}/incident/${fire.incident.id}`)).toBe(true);
    await place.cli('ack', id, '--by', 'li');
    expect((await place.cli('close', id, '--by', 'li')).stderr).toContain('reset');
    const before = known();
    await slave.set('discrete', 0, 1);
    await opened('inputs.smoke', before);
    expect((await place.cli('reset', id, '--by', 'li')).code).toBe(0);
    await event(seen, 'closed', (one) => one.type === 'incident.closed' && one.incident.id === id);
  });
});
