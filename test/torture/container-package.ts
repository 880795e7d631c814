// The Debian package under a real systemd: installed, given a site, upgraded again and again with an alarm open and
// alarms that come in meanwhile, run from a disk that can't be written to, removed and purged.

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { until, type Witness } from '../support/broker.ts';
import { base, type Daemon, events, eventually } from '../support/daemon.ts';
import { pid, readWithinMs, sh, show, unit } from './container-parts.ts';
import { allRead, allTold, contacts, judge, longest, row, type Stage, setStage } from './disk-stage.ts';
import { haveGuests, type InsideOptions, inGuest } from './guest.ts';
import {
  anotherVersion,
  apt,
  buildPackage,
  dropPackage,
  installed,
  installFirst,
  must,
  said,
  site,
} from './package-parts.ts';
import type { Figure } from './scenario.ts';

export const what = 'the Debian package (container): install, 50 upgrades with alarms, read-only root, purge';

export async function run(options: InsideOptions): Promise<readonly Figure[]> {
  if (haveGuests()) buildPackage(options.tell);
  try {
    return await inGuest({ kind: 'container', scenario: 'container-package', timeoutS: 2400 }, options);
  } finally {
    dropPackage();
  }
}

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const stage = await setStage({
    socket: '/var/lib/keepwatch/keepwatch.sock',
    launch: async (made) => {
      const beganMs = performance.now();
      installFirst(made);
      figures.push(row('apt-get install', 'ms', Math.round(performance.now() - beganMs), 60_000));
      const startMs = performance.now();
      sh('systemctl', 'start', unit);
      figures.push(
        row(
          'systemctl start, to the first full turn',
          'ms',
          Math.round(performance.now() - startMs),
          readWithinMs,
        ),
      );
      return undefined as unknown as Daemon;
    },
  });
  try {
    must(sh('ps', '-o', 'user=', '-p', String(pid())).startsWith('keepwatc'), 'it does not run as keepwatch');
    const exposure = /exposure level for \S+: ([\d.]+)/.exec(
      sh('systemd-analyze', 'security', unit, '--no-pager'),
    );
    figures.push(row('systemd-analyze security of the installed unit', '', Number(exposure![1]), 2));
    await stage.trip();
    await allTold(stage);
    tell('installed, an alarm is open');
    figures.push(...(await upgrades(stage, quick ? 3 : 50, tell)));
    figures.push(...(await secretsAndReadOnly(stage, tell)));
    await removal(stage, tell);
    return figures;
  } catch (error) {
    console.log(sh('journalctl', '--unit', unit, '--no-pager', '--lines=60', '--output=cat'));
    throw error;
  } finally {
    await stage.leave();
  }
}

/** Each to a higher version; in some of them a contact trips while nobody watches. */
async function upgrades(stage: Stage, count: number, tell: (text: string) => void): Promise<Figure[]> {
  const before = await stage.status();
  const started = stage.seen.seen.filter(({ payload }) =>
    payload.includes('"type":"gateway.started"'),
  ).length;
  const tookMs: number[] = [];
  const blindMs: number[] = [];
  // two for each that trips are left for what follows
  const trips = Math.min(count, contacts - 6);
  const centre = await awayWitness(stage);
  let told = await allTold(stage);
  for (let at = 1; at <= count; at += 1) {
    // away in every second one: the broker keeps what comes meanwhile
    await (at % 2 === 0 ? centre.leave(told) : centre.come());
    const version = `0.1.0+u${at}`;
    const file = anotherVersion(version);
    const from = stage.seen.seen.length;
    const beganMs = performance.now();
    const before = pid();
    if (at <= trips) await stage.tripBlind();
    sh('dpkg', '-i', file);
    tookMs.push(performance.now() - beganMs);
    must(installed() === `ii ${version}`, 'not installed', installed());
    must(pid() !== before && show('ActiveState') === 'active', 'the daemon was not started anew');
    await allRead(stage, from);
    blindMs.push(performance.now() - beganMs);
    const status = await stage.status();
    must(status.version === version, `the daemon says that it is ${status.version}`);
    told = await allTold(stage);
    await judge(stage);
    sh('rm', file);
    if (at % 10 === 0) tell(`${at} upgrades`);
  }
  const after = await stage.status();
  await centre.come();
  const lost = await centre.missing(after.lastSeq);
  must(after.epoch === before.epoch, 'the state was lost: there is a new epoch');
  must(after.open.alarm === stage.tripped.length, `${after.open.alarm} alarms are open`);
  const starts =
    stage.seen.seen.filter(({ payload }) => payload.includes('"type":"gateway.started"')).length - started;
  must(starts >= count, `the subscriber saw ${starts} starts`);
  return [
    row('upgrades with alarms open', '', count),
    // for the witness who stayed all the time `judge` throws at any gap
    row('events lost in them, for a subscriber that comes and goes', '', lost, 0),
    row('events told in them', '', after.lastSeq - before.lastSeq),
    row('dpkg -i, longest', 'ms', longest(tookMs), 60_000),
    row('from its beginning to all contacts read again, longest', 'ms', longest(blindMs), 60_000),
  ];
}

/** A subscriber with a session of its own at the broker, as a monitoring centre has. */
async function awayWitness({ place, broker }: Stage) {
  const seqs = new Set<number>();
  let here: Witness | undefined;
  const take = (): void => {
    if (here === undefined) return;
    for (const { seq } of events(here)) seqs.add(seq);
  };
  const come = async (): Promise<void> => {
    here ??= await place.witness(broker.port, `${base}/event`, ['-c', '-i', 'centre']);
  };
  await come();
  return {
    come,
    /** When it has this number. */
    async leave(last: number): Promise<void> {
      if (here === undefined) return;
      await until('the subscriber has all so far', () => {
        take();
        return seqs.has(last);
      });
      await here.close();
      here = undefined;
    },
    /** How many numbers are missing between the first that it saw and this one. */
    async missing(last: number): Promise<number> {
      await until('the last event is there', () => {
        take();
        return seqs.has(last);
      });
      return last - Math.min(...seqs) + 1 - seqs.size;
    },
  };
}

/** A password by systemd's credentials, and everything but the data on a disk that is read-only. */
async function secretsAndReadOnly(stage: Stage, tell: (text: string) => void): Promise<Figure[]> {
  const dropIn = `/etc/systemd/system/${unit}.d`;
  mkdirSync(dropIn, { recursive: true });
  mkdirSync('/etc/keepwatch/credentials', { mode: 0o700 });
  writeFileSync('/etc/keepwatch/credentials/mqtt_password', 'a secret\n', { mode: 0o600 });
  writeFileSync(
    `${dropIn}/credentials.conf`,
    '[Service]\nLoadCredential=mqtt_password:/etc/keepwatch/credentials/mqtt_password\n',
  );
  const text = sh('cat', site);
  const json = JSON.parse(text);
  // a mark of YAML has no form in JSON
  const marked = JSON.stringify({ ...json, mqtt: { ...json.mqtt, username: 'gw', password: '@' } });
  writeFileSync(site, marked.replace('"@"', '!secret mqtt_password'));
  // the same root once more, read-only, and in it a data partition of its own
  sh('systemctl', 'stop', unit);
  sh('mount', '--bind', '/var/lib/keepwatch', '/var/lib/keepwatch');
  mkdirSync('/read-only');
  sh('mount', '--rbind', '/', '/read-only');
  // what is taken away there later is not to be taken away here
  sh('mount', '--make-rprivate', '/read-only');
  sh('mount', '-o', 'remount,bind,ro', '/read-only');
  must(said('touch', '/read-only/etc/keepwatch/x').code !== 0, 'the root is not read-only');
  writeFileSync(`${dropIn}/root.conf`, '[Service]\nRootDirectory=/read-only\n');
  sh('systemctl', 'daemon-reload');
  const from = stage.seen.seen.length;
  sh('systemctl', 'start', unit);
  must(said('nsenter', '-t', String(pid()), '-m', 'touch', '/usr/x').code !== 0, 'its root is not read-only');
  await allRead(stage, from);
  await stage.trip();
  await allTold(stage);
  await judge(stage);
  tell('an alarm was told with a read-only root and a password from a credential');
  const beganMs = performance.now();
  sh('systemctl', 'stop', unit);
  const tookMs = Math.round(performance.now() - beganMs);
  must(show('Result') === 'success', 'the stop did not succeed', show('Result'));
  // (a namespace of some other service may hold on to it: the empty folder stays)
  sh('umount', '--lazy', '/read-only');
  sh('umount', '/var/lib/keepwatch');
  rmSync(`${dropIn}/root.conf`);
  sh('systemctl', 'daemon-reload');
  return [row('systemctl stop', 'ms', tookMs, 5000)];
}

async function removal(stage: Stage, tell: (text: string) => void): Promise<void> {
  sh('systemctl', 'start', unit);
  apt('remove', 'keepwatch');
  must(said('systemctl', 'is-active', unit).code !== 0, 'it still runs');
  must(!existsSync('/usr/lib/keepwatch'), 'the program is still there', readdirSync('/usr/lib').join(' '));
  must(existsSync(site) && existsSync('/var/lib/keepwatch/keepwatch.db'), 'site or state were removed');
  // back again, with the site and the state that stayed
  const { epoch } = await reinstalled(stage);
  await allTold(stage);
  await judge(stage);
  tell(`removed and installed again: the same epoch ${epoch.slice(0, 8)}, the alarms stand`);
  apt('purge', 'keepwatch');
  for (const gone of [
    site,
    '/etc/keepwatch',
    '/var/lib/keepwatch',
    '/var/lib/keepwatch-update',
    '/usr/lib/keepwatch',
  ])
    must(!existsSync(gone), `${gone} is still there after a purge`);
  must(said('systemctl', 'is-enabled', unit).code !== 0, 'the unit is still enabled after a purge');
  tell('purged');
}

async function reinstalled(stage: Stage): Promise<{ epoch: string }> {
  const from = stage.seen.seen.length;
  sh('dpkg', '-i', anotherVersion('0.1.1'));
  await allRead(stage, from);
  const status = await eventually(
    'the daemon answers',
    () => stage.status().catch(() => undefined),
    (one) => one !== undefined,
  );
  must(status.open.alarm === stage.tripped.length, `${status.open.alarm} alarms are open`);
  return status;
}
