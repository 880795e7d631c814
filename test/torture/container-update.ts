// `keepwatch update` under a real systemd with an alarm open: a good package goes in, one that nobody signed does not,
// and one whose daemon does not start, stays silent or has spoilt the state for the version before is taken back. Cut off
// at its moments, dpkg with it, it is finished by the unit that a boot starts.

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { signFile } from '../../systemd/package/release.mjs';
import type { Daemon } from '../support/daemon.ts';
import { pid, sh, show, unit } from './container-parts.ts';
import { allRead, allTold, judge, longest, row, type Stage, setStage } from './disk-stage.ts';
import { haveGuests, type InsideOptions, inGuest } from './guest.ts';
import {
  anotherVersion,
  buildPackage,
  dropPackage,
  installed,
  installFirst,
  must,
  newSigner,
  type Signer,
  said,
  saidLater,
  site,
  trust,
} from './package-parts.ts';
import type { Figure } from './scenario.ts';
import {
  type Cut,
  configuring,
  cutAndResume,
  judging,
  judgingBad,
  takingBack,
  unpacking,
} from './update-cuts.ts';

export const what =
  'signed updates (container): a good one, forged ones, bad ones that are taken back, and some that are cut off';

export async function run(options: InsideOptions): Promise<readonly Figure[]> {
  if (haveGuests()) buildPackage(options.tell);
  try {
    return await inGuest({ kind: 'container', scenario: 'container-update', timeoutS: 1800 }, options);
  } finally {
    dropPackage();
  }
}

const socket = '/var/lib/keepwatch/keepwatch.sock';
const program = '/usr/lib/keepwatch/dist/main.js';
const runsNever = `#!/bin/sh
case $1 in run) echo 'this version is broken' >&2; exit 1 ;; esac
exec /usr/bin/node ${program} "$@"
`;
/** Says that it is ready, and does nothing. */
const silent = `#!/bin/sh
case $1 in run) systemd-notify --ready; exec sleep infinity ;; esac
exec /usr/bin/node ${program} "$@"
`;
/** Brings the state into a form that the version before does not know, and fails then. */
const migrates = `#!/bin/sh
case $1 in run)
  exec /usr/bin/node -e '
    const Database = require("/usr/lib/keepwatch/node_modules/better-sqlite3");
    const file = new Database("/var/lib/keepwatch/keepwatch.db");
    file.pragma("user_version = 99");
    file.pragma("wal_checkpoint(TRUNCATE)");
    file.close();
    process.exit(1)' ;;
esac
exec /usr/bin/node ${program} "$@"
`;

export async function inside({ quick, tell }: InsideOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  const ours = newSigner('ours');
  const theirs = newSigner('theirs');
  const stage = await setStage({
    socket,
    launch: async (made) => {
      installFirst(made);
      trust(ours);
      sh('systemctl', 'start', unit);
      return undefined as unknown as Daemon;
    },
  });
  /** Writes and signs it, updates to it, and says how that ended. */
  const update = async (
    version: string,
    change = {},
    signer = ours,
  ): Promise<{ code: number; text: string }> => {
    const file = anotherVersion(version, change);
    signFile(file, signer.keyFile);
    const beganMs = performance.now();
    const { code, text } = await saidLater('keepwatch', 'update', file, '--within', '60s', '--steady', '3s');
    tell(
      `${version}: exit ${code} after ${Math.round((performance.now() - beganMs) / 1000)} s: ${text.trim().split('\n').at(-1)}`,
    );
    return { code: code!, text };
  };
  const expectEnd = (wanted: number, { code, text }: { code: number; text: string }): void =>
    must(code === wanted, `exit ${code}, not ${wanted}`, text);

  try {
    await stage.trip();
    await allTold(stage);
    const config = readFileSync(site, 'utf8');
    const { epoch } = await stage.status();

    // the daemon that runs is not touched by what is refused
    const running = pid();
    expectEnd(1, await update('0.2.0', {}, theirs));
    const unsigned = anotherVersion('0.2.1');
    expectEnd(1, { code: said('keepwatch', 'update', unsigned).code!, text: '' });
    signFile(unsigned, ours.keyFile);
    writeFileSync(unsigned, Buffer.concat([readFileSync(unsigned), Buffer.from('x')]));
    expectEnd(1, { code: said('keepwatch', 'update', unsigned).code!, text: '' });
    expectEnd(1, await update('0.0.9'));
    must(
      pid() === running && installed() === 'ii 0.1.0',
      'something was done with a package that was refused',
    );

    let from = stage.seen.seen.length;
    const beganMs = performance.now();
    expectEnd(0, await update('0.3.0'));
    figures.push(
      row('a good update, with its checks', 'ms', Math.round(performance.now() - beganMs), 90_000),
    );
    must(installed() === 'ii 0.3.0', 'the update is not in', installed());
    await stands(stage, from, epoch);

    for (const [version, bad] of [
      ['0.4.0', runsNever],
      ['0.5.0', silent],
    ] as const) {
      from = stage.seen.seen.length;
      const badMs = performance.now();
      expectEnd(4, await update(version, { program: bad }));
      figures.push(
        row(
          `taken back: ${bad === silent ? 'silent' : 'does not start'}`,
          'ms',
          Math.round(performance.now() - badMs),
          180_000,
        ),
      );
      must(installed() === 'ii 0.3.0', 'what was before is not back', installed());
      await stands(stage, from, epoch);
    }

    const tookMs: number[] = [];
    for (const cut of cutsOf(quick)) tookMs.push(await cutAndResume(stage, cut, ours, tell));
    figures.push(
      row('updates cut off and finished, every event told', '', tookMs.length),
      row('finished after, longest', 'ms', longest(tookMs), 120_000),
    );

    from = stage.seen.seen.length;
    const spoilt = await update('0.6.0', { program: migrates });
    expectEnd(4, spoilt);
    must(
      spoilt.text.includes('the copy of before'),
      'it does not say that the state was restored',
      spoilt.text,
    );
    await allRead(stage, from);
    const after = await stage.status();
    must(
      after.open.alarm === stage.tripped.length,
      `${after.open.alarm} alarms are open with the restored state`,
    );
    must(
      after.epoch !== epoch,
      'the epoch is the same, and what came after the copy would have been lost silently',
    );

    must(readFileSync(site, 'utf8') === config, 'the site file was changed');
    must(show('ActiveState') === 'active', 'it does not run at the end');
    const left = readdirSync('/var/lib/keepwatch-update').sort();
    must(
      left.filter((name) => name.endsWith('.deb')).length <= 2,
      'too many packages are kept',
      left.join(' '),
    );
    figures.push(row('updates taken back with the alarm still open', '', 3));
    await nobodyIsWell(stage, ours);
    return figures;
  } catch (error) {
    for (const each of ['keepwatch-update.service', unit])
      console.log(sh('journalctl', '--unit', each, '--no-pager', '--lines=60', '--output=cat'));
    throw error;
  } finally {
    await stage.leave();
  }
}

/** The moments, each with the daemon left alone and with the daemon ended too, as by a power cut. */
function cutsOf(quick: boolean): Cut[] {
  const bad = { program: silent };
  const once: Omit<Cut, 'version'>[] = [
    { ...unpacking, laterMs: 50, power: true },
    { ...judging, power: true },
    { ...takingBack, change: bad, power: true, again: () => installed().startsWith('ii') },
  ];
  const more: Omit<Cut, 'version'>[] = [
    { ...unpacking, power: false },
    { ...unpacking, laterMs: 250, power: true, again: () => true },
    { ...configuring, power: false },
    { ...configuring, laterMs: 30, power: true },
    { ...judging, laterMs: 1500, power: false },
    { ...judging, power: true, again: () => true },
    { ...judgingBad, change: bad, power: false },
    { ...judgingBad, change: bad, laterMs: 1000, power: true },
    { ...takingBack, change: bad, power: false },
  ];
  return [...once, ...(quick ? [] : more)].map((cut, at) => ({ ...cut, version: `0.5.${at + 1}` }));
}

/** Taken back, and what was before is not well either: the state is of the newer version, and there is no copy of it. */
async function nobodyIsWell(stage: Stage, signer: Signer): Promise<void> {
  const before = installed();
  const file = anotherVersion('0.7.0', { program: migrates });
  signFile(file, signer.keyFile);
  const patience = ['--within', '20s', '--steady', '1s'];
  const { code, text } = await saidLater('keepwatch', 'update', file, '--no-backup', ...patience);
  must(code === 5 && text.includes('there is no copy of it'), `exit ${code}, not 5`, text);
  must(installed() === before, 'what was before is not back', installed());
  must(!existsSync('/var/lib/keepwatch-update/underway.json'), 'the note of the update is still there');
  must(stage.tripped.length > 0, 'nothing was at stake');
}

/** Everything that stood stands, another alarm is told, and no number is missing. */
async function stands(stage: Stage, from: number, epoch: string): Promise<void> {
  await allRead(stage, from);
  await stage.trip();
  await allTold(stage);
  await judge(stage);
  const status = await stage.status();
  must(status.epoch === epoch, 'the state was lost: there is a new epoch');
  must(status.open.alarm === stage.tripped.length, `${status.open.alarm} alarms are open`);
}
