// Cuts `keepwatch update` off in a guest, with all that it has started, and lets the unit of the package finish it as a
// boot would. Knows the moments of an update, and how to see from outside that one has come; no scenario.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { signFile } from '../../systemd/package/release.mjs';
import { until } from '../support/broker.ts';
import { pid, sh, show, unit } from './container-parts.ts';
import { allTold, judge, type Stage } from './disk-stage.ts';
import { anotherVersion, type Change, installed, must, type Signer, said } from './package-parts.ts';

export const folder = '/var/lib/keepwatch-update';
const note = `${folder}/underway.json`;
const cutUnit = 'update-to-be-cut.service';
const resumeUnit = 'keepwatch-update.service';

/** Where it is, by what dpkg says of the package: H while the files come in, F or U until it is configured. */
const status = (): string => installed().slice(0, 2);
const stepOf = (): string => (existsSync(note) ? JSON.parse(readFileSync(note, 'utf8')).step : 'none');

export interface Cut {
  readonly name: string;
  readonly version: string;
  readonly change?: Change;
  /** the moment has come */
  isNow(version: string): boolean;
  /** further into it, ms */
  readonly laterMs?: number;
  /** the daemon is ended with it, as by the power; else it goes on as it is */
  readonly power: boolean;
  /** cuts the resumption off too, when this has come, and begins it again */
  again?(version: string): boolean;
  /** which versions may run in the end, and what the journal says */
  readonly ends: readonly { readonly version: 'old' | 'new'; readonly code: string }[];
}

const back = [{ version: 'old', code: 'UPDATE_TAKEN_BACK' }] as const;
const stays = [{ version: 'new', code: 'UPDATE_FINISHED' }] as const;
const isJudged = (version: string): boolean => installed() === `ii ${version}` && stepOf() === 'installing';

export const unpacking: Pick<Cut, 'name' | 'isNow' | 'ends'> = {
  name: 'while dpkg unpacks',
  isNow: () => status()[1] === 'H',
  ends: back,
};
export const configuring: Pick<Cut, 'name' | 'isNow' | 'ends'> = {
  name: 'while dpkg configures',
  // (the one of before is F as well, while it is asked to make room)
  isNow: (version) => ['U', 'F'].includes(status()[1]!) && installed().slice(3) === version,
  // it may have been done in the same moment
  ends: [...back, ...stays],
};
export const judging: Pick<Cut, 'name' | 'isNow' | 'ends'> = {
  name: 'while it is judged',
  isNow: isJudged,
  ends: stays,
};
export const judgingBad: Pick<Cut, 'name' | 'isNow' | 'ends'> = {
  name: 'while a bad one is judged',
  isNow: isJudged,
  ends: back,
};
export const takingBack: Pick<Cut, 'name' | 'isNow' | 'ends'> = {
  name: 'while a bad one is taken back',
  isNow: () => stepOf() === 'takingBack' && status()[1] !== 'i',
  ends: back,
};

/** Gives from the start of the unit to its end, ms. */
export async function cutAndResume(stage: Stage, cut: Cut, signer: Signer, tell: (text: string) => void) {
  const before = installed().slice(3);
  const file = anotherVersion(cut.version, cut.change);
  signFile(file, signer.keyFile);
  const { epoch } = await stage.status();
  const ours = `--unit=${cutUnit}`;
  sh(
    'systemd-run',
    '--quiet',
    '--collect',
    ours,
    'keepwatch',
    'update',
    file,
    '--within',
    '60s',
    '--steady',
    '4s',
  );
  await until(cut.name, () => cut.isNow(cut.version), 180_000);
  if (cut.isNow === isJudged) {
    const second = said('keepwatch', 'update', file);
    must(
      second.code === 1 && /another update is under way/.test(second.text),
      'a second one is not refused',
      second.text,
    );
  }
  if (cut.laterMs) await new Promise((resolve) => setTimeout(resolve, cut.laterMs));
  await kill(cutUnit);
  const found = installed();
  must(existsSync(note), `${cut.name}: it had ended before it was cut off`, found);
  const waiting = said('keepwatch', 'update', file);
  must(waiting.code === 1 && /was interrupted/.test(waiting.text), 'another is not refused', waiting.text);

  if (cut.power) {
    said('systemctl', 'kill', '--signal=KILL', unit);
    sh('systemctl', 'stop', unit);
  }
  // what trips while nobody watches stands until it is read
  await stage.tripBlind();
  const since = new Date().toISOString();
  const beganMs = performance.now();
  if (cut.again) {
    sh('systemctl', 'start', '--no-block', resumeUnit);
    await until(`${cut.name}: again`, () => cut.again!(cut.version), 60_000);
    await kill(resumeUnit);
    said('systemctl', 'stop', resumeUnit);
    must(existsSync(note), 'the note has gone with a resumption that was cut off');
  }
  // the target brings in what a boot would start, the daemon and the unit behind it, and waits for neither here
  sh('systemctl', 'start', '--no-block', cut.power ? 'multi-user.target' : resumeUnit);
  await until(`${cut.name}: it is finished`, () => !existsSync(note) && !isActive(resumeUnit), 180_000);
  const tookMs = performance.now() - beganMs;
  const words = sh(
    'journalctl',
    '--unit',
    resumeUnit,
    '--output=cat',
    '--no-pager',
    `--since=${since.slice(0, 19).replace('T', ' ')}`,
  );
  const now = installed();
  tell(
    `${cut.name}${cut.again ? ', twice' : ''}${cut.power ? ', with the daemon' : ''}: found ${found}, then ${now}`,
  );
  must(
    cut.ends.some(
      ({ version, code }) =>
        now === `ii ${version === 'old' ? before : cut.version}` && words.includes(`"code":"${code}"`),
    ),
    `${cut.name} ended as ${now} from ${before}`,
    words,
  );
  must(said('systemctl', 'is-failed', resumeUnit).code !== 0, 'the unit has failed', words);
  must(said('dpkg', '--audit').text === '', 'dpkg has something to complain of');
  must(show('ActiveState') === 'active' && pid() > 0, 'the daemon does not run');
  const left = readdirSync(folder).filter(
    (name) => !/^(keepwatch_.*\.deb|state-.*\.backup|lock)$/.test(name),
  );
  must(left.length === 0, 'something was left behind', left.join(' '));
  // (once more does nothing: the condition of the unit does not hold)
  sh('systemctl', 'start', resumeUnit);

  await allTold(stage);
  await until(`${cut.name}: what tripped meanwhile was told`, () => told(stage), 60_000);
  await allTold(stage);
  await judge(stage);
  const state = await stage.status();
  must(state.epoch === epoch, 'the state was lost: there is a new epoch');
  must(state.open.alarm === stage.tripped.length, `${state.open.alarm} alarms are open`);
  must(state.version === now.slice(3), `the daemon says that it is ${state.version}`);
  return tookMs;
}

const told = (stage: Stage): boolean =>
  stage.seen.seen.filter(({ payload }) => payload.includes('"type":"incident.opened"')).length >=
  stage.tripped.length;

const isActive = (name: string): boolean =>
  ['activating', 'active', 'reloading'].includes(
    sh('systemctl', 'show', name, '--property=ActiveState', '--value'),
  );

/** Every process of it, dpkg and its scripts too. */
async function kill(name: string): Promise<void> {
  sh('systemctl', 'kill', '--signal=KILL', name);
  await until(
    `${name} is gone`,
    () => said('systemctl', 'show', name, '--property=MainPID', '--value').text.trim() === '0',
    20_000,
  );
  await until('dpkg is gone', () => said('pgrep', '-x', 'dpkg').code !== 0, 20_000);
}
