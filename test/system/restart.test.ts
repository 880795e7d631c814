// What a kill, a power cut or a bad disk may cost: no alarm, no number, no order. The daemon is killed outright,
// started again on what it left, given a folder that another holds, that is newer, read-only or full.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Broker, installed, publish, until, type Witness } from '../support/broker.ts';
import {
  base,
  command,
  type Daemon,
  event,
  events,
  eventually,
  firsts,
  newPlace,
  type Place,
  seqsInOrder,
  shown,
  siteOf,
} from '../support/daemon.ts';
import { haveLibmodbus, type Slave, startSlave } from '../support/modbus/slave.ts';
import { haveTools } from '../support/need.ts';
import { alarmSite } from './site.ts';

const able = haveLibmodbus() && installed('mosquitto', 'mosquitto_sub', 'mosquitto_pub');
const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
const ownMounts = haveTools(['unshare', ...asRoot, '-m', 'true']);

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

const opened = (about: string) =>
  firsts(seen).filter(
    ({ type, incident }) =>
      type === 'incident.opened' && (incident.plan === about || incident.cause.point === about),
  );
const good = (point: string) => shown(seen, `point/${point}`)?.quality === 'good';
const changesOf = (output: string) =>
  firsts(seen).filter((one) => one.type === 'output.changed' && one.output.id === output);

describe.skipIf(!able)('kill -9', () => {
  test('what was open stays, what came is raised, what went has returned, and no number is lost', async () => {
    place.write(siteOf(broker, alarmSite(slave.port)));
    const first = await place.start();
    await slave.set('discrete', 0, 1);
    await slave.set('input', 0, 3000);
    const fire = await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
    );
    const gas = await event(
      seen,
      'gas',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'gas-leak',
    );
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
    );
    await first.kill();
    const lastSeq = events(seen).at(-1).seq;

    await slave.set('discrete', 1, 1);
    await slave.set('input', 0, 0);
    await slave.set('coil', 0, 0);
    const second = await place.start();
    await event(
      seen,
      'flood',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'water-leak',
    );
    await event(
      seen,
      'gas is gone',
      ({ type, incident }) => type === 'incident.returned' && incident.id === gas.incident.id,
    );
    await eventually(
      'the siren sounds again',
      () => slave.get('coil', 0),
      (value) => value === 1,
    );
    await until('all is read', () => good('inputs/smoke') && good('inputs/ppm'));
    expect(opened('fire').map(({ incident }) => incident.id)).toEqual([fire.incident.id]);
    expect(opened('gas-leak')).toHaveLength(1);
    expect(shown(seen, `incident/${fire.incident.id}`)).toMatchObject({
      state: 'unacknowledged',
      active: true,
    });

    const all = seqsInOrder(events(seen));
    expect(all[0]).toBe(1);
    expect(all.at(-1)).toBeGreaterThan(lastSeq);
    expect(new Set(events(seen).map(({ epoch }) => epoch)).size).toBe(1);
    await second.kill();
    const third = await place.start();
    await until('all is read once more', () =>
      third.log.some(({ code, of, up }) => code === 'LINK' && of === 'device' && up),
    );
    await slave.set('discrete', 0, 0);
    await event(
      seen,
      'smoke is gone',
      ({ type, incident }) => type === 'incident.returned' && incident.id === fire.incident.id,
    );
    expect(opened('fire')).toHaveLength(1);
    expect(opened('water-leak')).toHaveLength(1);
    seqsInOrder(events(seen));
  });

  test('killed again and again in the middle of alarms: each is raised once, in order', {
    timeout: 60_000,
  }, async () => {
    place.write(siteOf(broker, alarmSite(slave.port)));
    let daemon = await place.start();
    for (let round = 0; round < 6; round += 1) {
      await until('the smoke point is known', () => good('inputs/smoke'));
      await slave.set('discrete', round % 2, 1);
      // each time a little later into the storing, publishing and driving of the alarm
      const killAtMs = performance.now() + 20 + round * 12;
      await until('the moment of the kill', () => performance.now() >= killAtMs);
      await daemon.kill();
      await slave.set('discrete', round % 2, 0);
      daemon = await place.start();
    }
    await slave.set('discrete', 0, 1);
    await until('fire stands', () => events(seen).some(({ incident }) => incident?.plan === 'fire'));
    const { lastSeq } = await place.json('status');
    await seen.until('all events are there', () => events(seen).some(({ seq }) => seq === lastSeq));
    const seqs = seqsInOrder(events(seen));
    expect(seqs).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
    // nobody closed it: one fire and one flood at most, whatever came again
    expect(new Set(opened('fire').map(({ incident }) => incident.id)).size).toBe(1);
    expect(new Set(opened('water-leak').map(({ incident }) => incident.id)).size).toBeLessThanOrEqual(1);
  });

  test('what was due while it was down happens once, at once', async () => {
    const site = alarmSite(slave.port, {
      outputs: {
        siren: { bus: 'lan', unit: 1, write: 'coil:0', silenceable: true, maxOn: '2s' },
        beacon: { bus: 'lan', unit: 1, write: 'coil:1' },
      },
      rules: {
        slow: { when: 'inputs.flood', for: '2s', plan: 'demonstration', zone: 'kitchen' },
        quick: { when: 'inputs.heat', for: '2s', plan: 'riot', zone: 'plant' },
      },
    });
    place.write(siteOf(broker, site));
    const first = await place.start();
    await until('points are known', () => good('inputs/flood'));
    await slave.set('discrete', 0, 1);
    await slave.set('discrete', 1, 1);
    await slave.set('discrete', 2, 1);
    expect(
      await command(seen, broker.port, { verb: 'output', output: 'beacon', value: true, for: '2s' }),
    ).toMatchObject({ ok: true });
    await eventually(
      'both are on',
      async () => [await slave.get('coil', 0), await slave.get('coil', 1)].join(),
      (on) => on === '1,1',
    );
    await until(
      'the floods are seen',
      () =>
        shown(seen, 'point/inputs/flood')?.value === true && shown(seen, 'point/inputs/heat')?.value === true,
    );
    await first.kill();
    const dueMs = performance.now() + 2300;
    expect(opened('demonstration')).toEqual([]);
    expect(opened('riot')).toEqual([]);
    await slave.set('discrete', 2, 0);
    await until('all of it is overdue', () => performance.now() > dueMs);

    const beganMs = performance.now();
    await place.start();
    await event(
      seen,
      'the slow rule',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'demonstration',
    );
    await eventually(
      'both are off',
      async () => [await slave.get('coil', 0), await slave.get('coil', 1)].join(),
      (on) => on === '0,0',
    );
    expect(performance.now() - beganMs).toBeLessThan(3500);
    expect(opened('demonstration')).toHaveLength(1);
    expect(opened('riot')).toEqual([]);
    expect(changesOf('siren').map(({ output }) => output.value)).toEqual([true, false]);
    expect(changesOf('beacon').map(({ output }) => output.value)).toEqual([true, false]);
    const { outputs } = await place.json('status');
    expect(outputs).toMatchObject([
      { id: 'siren', desired: false },
      { id: 'beacon', desired: false },
    ]);
  });
});

describe.skipIf(!able)('a data folder', () => {
  test('serves one daemon: the second says so in one line and exits 1, the first goes on', async () => {
    place.write(siteOf(broker, alarmSite(slave.port)));
    await place.start();
    const second = place.spawn();
    expect((await second.ended).code).toBe(1);
    expect(second.stderr()).toMatch(
      /^keepwatch: not started: another keepwatch runs on this data folder[^\n]*; [^\n]+\n$/,
    );
    expect(second.stderr()).toContain(place.data);
    await slave.set('discrete', 0, 1);
    await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    expect(await place.cli('status')).toMatchObject({ code: 0 });
    expect(shown(seen, 'status')).toMatchObject({ state: 'online' });
  });

  test('of a newer version is refused and left as it is', async () => {
    place.write(siteOf(broker, alarmSite(slave.port)));
    const first = await place.start();
    expect(await first.stop()).toBe(0);
    const file = path.join(place.data, 'keepwatch.db');
    const database = new Sqlite(file);
    const version = database.pragma('user_version', { simple: true }) as number;
    database.pragma(`user_version = ${version + 1}`);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.close();
    const digest = () => createHash('sha256').update(readFileSync(file)).digest('hex');
    const before = digest();
    const names = readdirSync(place.data).sort();
    const second = place.spawn();
    expect((await second.ended).code).toBe(1);
    expect(second.stderr()).toMatch(/^keepwatch: not started: [^\n]*newer[^\n]*; [^\n]+\n$/);
    expect(digest()).toBe(before);
    expect(readdirSync(place.data).sort()).toEqual(names);
  });

  test('with a damaged file is guarded all the same: set aside, said, and a new epoch', async () => {
    place.write(siteOf(broker, alarmSite(slave.port)));
    const first = await place.start();
    const { epoch } = await event(seen, 'started', ({ type }) => type === 'gateway.started');
    await first.stop();
    const descriptor = openSync(path.join(place.data, 'keepwatch.db'), 'r+');
    writeSync(descriptor, Buffer.alloc(8192, 0x5a), 0, 8192, 0);
    closeSync(descriptor);
    const second = await place.start();
    await slave.set('discrete', 0, 1);
    const fire = await event(seen, 'fire', ({ type }) => type === 'incident.opened');
    expect(fire.epoch).not.toBe(epoch);
    expect(second.log.some(({ code }) => code === 'STATE_DAMAGED')).toBe(true);
    expect((await place.json('status')).warnings.join()).toContain('damaged');
    expect(readdirSync(place.data).some((name) => name.includes('.damaged-'))).toBe(true);
  });
});

const mounted = (mounts: string) => [
  'unshare',
  ...asRoot,
  '-m',
  'sh',
  '-c',
  `set -e; ${mounts}; shift; exec "$@"`,
  'sh',
  place.data,
];
const atSocket = () => path.join(place.folder, 'k.sock');
const status = async () => JSON.parse((await place.cli('status', '--json', '--socket', atSocket())).stdout);

/** Takes all the space that is left. */
function fill(file: string): void {
  const descriptor = openSync(file, 'a');
  const block = Buffer.alloc(65_536);
  try {
    for (;;) writeSync(descriptor, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
}

describe.skipIf(!able || !ownMounts)('a disk', () => {
  beforeEach(() => {
    mkdirSync(place.data);
    place.write(siteOf(broker, alarmSite(slave.port)));
  });

  const guards = async (daemon: Daemon) => {
    await slave.set('discrete', 0, 1);
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
      5000,
    );
    await until('the trouble and the fire stand at the broker', () => {
      const incidents = seen.seen
        .filter(({ topic, payload }) => topic.startsWith(`${base}/incident/`) && payload !== '')
        .map(({ payload }) => JSON.parse(payload));
      return (
        incidents.some(({ cause }) => cause.rule === 'health_storage') &&
        incidents.some(({ plan }) => plan === 'fire')
      );
    });
    expect(await status()).toMatchObject({
      store: { ok: false, because: expect.stringMatching(/./) },
      open: { alarm: 1, trouble: 1 },
    });
    expect(daemon.running()).toBe(true);
  };

  test('that fills up silences nothing, and when it has space again all is stored and told in order', {
    timeout: 60_000,
  }, async () => {
    const daemon = await place.start({
      socket: atSocket(),
      through: mounted('mount -t tmpfs -o size=3m tmpfs "$1"'),
    });
    await until('points are known', () => good('inputs/smoke'));
    const ballast = path.join(`/proc/${daemon.pid}/root`, place.data, 'ballast');
    fill(ballast);
    for (let count = 0; !daemon.log.some(({ code }) => code === 'STORE_FAILED'); count += 1) {
      expect(count).toBeLessThan(100);
      await publish(
        broker.port,
        `${base}/command`,
        JSON.stringify({
          id: `fill-${count}`,
          verb: 'raise',
          plan: 'riot',
          zone: 'plant',
          note: 'x'.repeat(1500),
          by: 'li',
        }),
      );
      await seen.until('a reply', () => seen.json(`${base}/reply`).some(({ id }) => id === `fill-${count}`));
      if (existsSync(ballast)) fill(ballast);
    }
    await slave.set('discrete', 0, 1);
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
      5000,
    );
    await until('the storage trouble stands at the broker', () =>
      seen.seen.some(
        ({ topic, payload }) => topic.startsWith(`${base}/incident/`) && payload.includes('health_storage'),
      ),
    );
    const troubled = await status();
    expect(troubled).toMatchObject({ store: { ok: false }, open: { trouble: 1 } });
    expect(opened('fire')).toEqual([]); // not on the disk yet
    await slave.set('discrete', 1, 1);
    await until('the flood stands at the broker', () =>
      seen.seen.some(
        ({ topic, payload }) => topic.startsWith(`${base}/incident/`) && payload.includes('water-leak'),
      ),
    );

    rmSync(ballast);
    await event(
      seen,
      'fire',
      ({ type, incident }) => type === 'incident.opened' && incident.plan === 'fire',
      10_000,
    );
    await event(
      seen,
      'the storage is well',
      ({ type, incident }) => type === 'incident.closed' && incident.cause.rule === 'health_storage',
      10_000,
    );
    const { lastSeq, store } = await status();
    expect(store).toEqual({ ok: true });
    await seen.until('all events are there', () => events(seen).some(({ seq }) => seq === lastSeq));
    expect(seqsInOrder(events(seen))).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
    expect(await command(seen, broker.port, { verb: 'replay', from: 1 })).toMatchObject({
      ok: true,
      sent: lastSeq,
    });
    const again = events(seen).filter(({ replayed }) => replayed);
    expect(again.map(({ seq, id }) => `${seq} ${id}`)).toEqual(
      seqsInOrder(events(seen)).map((seq) => `${seq} ${events(seen).find((one) => one.seq === seq).id}`),
    );
  });

  const readOnly = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"';
  const inside = ({ pid }: Daemon, ...argv: string[]) => {
    const whose = asRoot.length === 0 ? [] : ['-U', '--preserve-credentials'];
    execFileSync('nsenter', ['-t', String(pid), ...whose, '-m', ...argv]);
  };
  const mend = (daemon: Daemon) => inside(daemon, 'mount', '-o', 'remount,rw,bind', place.data);

  /** The disk takes writes again: the trouble ends, and all that happened is told in order, from the first. */
  async function recovers(): Promise<void> {
    await event(
      seen,
      'the storage is well',
      ({ type, incident }) => type === 'incident.closed' && incident.cause.rule === 'health_storage',
    );
    expect(opened('fire')).toHaveLength(1);
    const { lastSeq, epoch, store } = await status();
    expect(store).toEqual({ ok: true });
    await seen.until('all events are there', () =>
      events(seen).some((one) => one.seq === lastSeq && one.epoch === epoch),
    );
    const own = events(seen).filter((one) => one.epoch === epoch);
    expect(seqsInOrder(own)).toEqual(Array.from({ length: lastSeq }, (_, index) => index + 1));
    expect(await command(seen, broker.port, { verb: 'replay', from: 1 })).toMatchObject({
      ok: true,
      sent: lastSeq,
    });
  }

  test('that is read-only from the first start is no reason not to guard, and is used when it is mended', async () => {
    const daemon = await place.start({ socket: atSocket(), through: mounted(readOnly) });
    await guards(daemon);
    mend(daemon);
    await recovers();
    // What was begun in memory is on the disk now: the next daemon goes on with it.
    const { epoch, lastSeq } = await status();
    await daemon.kill();
    await place.start({ socket: atSocket() });
    expect(await status()).toMatchObject({ epoch, open: { alarm: 1, trouble: 0 } });
    expect((await status()).lastSeq).toBeGreaterThan(lastSeq);
    expect(opened('fire')).toHaveLength(1);
  });

  test('that has become read-only is no reason not to guard; the state of before is kept', async () => {
    const before = await place.start();
    await until('points are known', () => good('inputs/smoke'));
    await before.kill();
    const daemon = await place.start({ socket: atSocket(), through: mounted(readOnly) });
    await guards(daemon);
    mend(daemon);
    await recovers();
    expect(
      readdirSync(place.data).filter((name) => /^keepwatch\.db\.superseded-\w+$/.test(name)),
    ).toHaveLength(1);
    expect((await status()).warnings.join()).toContain('superseded');
  });

  test('that holds no socket is no reason not to guard', async () => {
    const daemon = await place.start({ through: mounted(readOnly) });
    await slave.set('discrete', 0, 1);
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
      5000,
    );
    expect(daemon.log.find(({ code }) => code === 'CONTROL')).toMatchObject({ level: 'error' });
  });

  test('that is full from the start is no reason not to guard, and is used when there is space', async () => {
    const full =
      'mount -t tmpfs -o size=4m tmpfs "$1"; dd if=/dev/zero of="$1/ballast" bs=4k 2>/dev/null || true';
    const daemon = await place.start({ socket: atSocket(), through: mounted(full) });
    await guards(daemon);
    rmSync(path.join(`/proc/${daemon.pid}/root`, place.data, 'ballast'));
    await recovers();
  });

  test('that is full when a daemon with a state starts: what stood is known, and the numbers go on', async () => {
    const first = await place.start({ socket: atSocket() });
    const raised = await place.cli('raise', 'riot', '--zone', 'plant', '--socket', atSocket());
    expect(raised.code).toBe(0);
    const { epoch } = await status();
    await first.stop();
    // a full disk with the state of before on it
    const full =
      'cp -r "$1" "$1.copy"; mount -t tmpfs -o size=4m tmpfs "$1"; cp "$1.copy"/* "$1"; dd if=/dev/zero of="$1/ballast" bs=4k 2>/dev/null || true';
    const daemon = await place.start({ socket: atSocket(), through: mounted(full) });
    await slave.set('discrete', 0, 1);
    await eventually(
      'the siren sounds',
      () => slave.get('coil', 0),
      (value) => value === 1,
      5000,
    );
    const troubled = await eventually('the trouble stands', status, ({ store }) => store.ok === false);
    expect(troubled).toMatchObject({ epoch, open: { alarm: 2, trouble: 1 } });
    rmSync(path.join(`/proc/${daemon.pid}/root`, place.data, 'ballast'));
    await recovers();
    expect(new Set(events(seen).map((one) => one.epoch))).toEqual(new Set([epoch]));
    expect(opened('riot')).toHaveLength(1);
  });
});
