// `init` and `doctor` on the boards of guest-gpio.ts, as the package has put them there: what a technician is told of a
// line that is not there, one that somebody has, a user out of the group, a kernel without sysfs. Each must be found,
// with its mend, and nothing else may be.

import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { until } from '../support/broker.ts';
import { sh, unit } from './container-parts.ts';
import { patienceMs, row } from './disk-stage.ts';
import { type Board, type Chip, pi4, pi5, plugIn } from './guest-gpio.ts';
import { must, said, site } from './package-parts.ts';
import type { Figure } from './scenario.ts';

interface Finding {
  readonly state: 'good' | 'note' | 'fault';
  readonly code: string;
  readonly what: { readonly zh: string; readonly en: string };
  readonly mend?: { readonly zh: string; readonly en: string };
}

/** With `--deep`, because an emulated machine is slower than any limit. */
function doctor(look = 'gpio', through: readonly string[] = []): Finding[] {
  const { text } = said(...through, 'keepwatch', 'doctor', '--json', '--deep');
  const from = text.indexOf('{');
  must(from >= 0, 'the doctor gave no JSON', text);
  const { looks } = JSON.parse(text.slice(from, text.lastIndexOf('}') + 1));
  return looks.find(({ id }: { id: string }) => id === look).findings;
}

function mustFind(
  where: string,
  findings: readonly Finding[],
  code: string,
  what: RegExp,
  mend?: RegExp,
): void {
  const found = findings.find((each) => each.code === code);
  const all = JSON.stringify(findings);
  must(found !== undefined && what.test(found.what.en), `${where}: ${code} is not found as ${what}`, all);
  must(mend === undefined || mend.test(found!.mend?.en ?? ''), `${where}: the mend is not ${mend}`, all);
  const others = findings.filter((each) => each.state === 'fault' && each.code !== code);
  must(others.length === 0, `${where}: something else is found too`, all);
}

/** As the next start would read the site. */
function changed(from: string | RegExp, to: string): void {
  writeFileSync(site, readFileSync(site, 'utf8').replace(from, to));
}

export async function examineBoards(tell: (text: string) => void): Promise<Figure[]> {
  const kept = readFileSync(site, 'utf8');
  let found = 0;
  try {
    for (const [board, way] of [
      [pi4, 'sysfs'],
      [pi5, 'chardev'],
    ] as const) {
      const chip = plugIn(board);
      try {
        begun(board);
        found += await examined(chip, way);
        tell(`${board.name}: init and doctor (${way})`);
      } finally {
        chip.remove();
      }
    }
  } finally {
    writeFileSync(site, kept);
    // what its daemons had to tell is not of the day that follows
    sh('find', '/var/lib/keepwatch', '-mindepth', '1', '-delete');
  }
  return [row('troubles of GPIO that the doctor explains on a Pi 4 and a Pi 5', '', found)];
}

/** The first site file, by options alone. */
function begun({ name }: Board): void {
  rmSync(site);
  const argv = ['--yes', '--premises', 'store_0042', '--language', 'en', '--zone', 'hall'];
  const lines = ['--contact', 'smoke=GPIO17:smoke:hall', '--contact', 'panic=GPIO27:panic:hall:no'];
  const where = ['--dir', '/etc/keepwatch', '--data', '/var/lib/keepwatch', '--mqtt', 'none'];
  const made = said(
    'keepwatch',
    'init',
    ...argv,
    ...lines,
    ...where,
    '--output',
    'siren=GPIO22',
    '--output',
    'bell=GPIO98',
  );
  must(made.code === 0, `${name}: init`, made.text);
  must(
    /no line is called GPIO98/.test(made.text),
    `${name}: init does not tell of a missing line`,
    made.text,
  );
  must(!/called GPIO(17|22)/.test(made.text), `${name}: init misses a line that is there`, made.text);
  changed(/^ {2}bell: .*\n/m, '');
  const checked = said('keepwatch', 'check', '-c', site);
  must(checked.code === 0, `${name}: check of what init wrote`, checked.text);
  must(sh('stat', '-c', '%G %a', site) === 'keepwatch 640', 'the daemon may not read what init wrote');
}

async function examined(chip: Chip, way: 'sysfs' | 'chardev'): Promise<number> {
  const { name, label } = chip.board;
  const at = `${name}, ${way}`;
  if (way === 'chardev') changed('driver: gpio', 'driver: gpio, access: chardev');
  mustFind(at, doctor(), 'gpio', new RegExp(`all 3 lines are found .*${label}`));
  const fresh = doctor('rights').filter(({ state }) => state === 'fault');
  must(fresh.length === 0, `${at}: faults of rights before the first start`, JSON.stringify(fresh));

  changed('GPIO17', 'BCM17');
  mustFind(at, doctor(), 'gpioNotFound', /no line is called BCM17/, /^names near to it: GPIO17$/);
  changed('BCM17', 'GPIO17');

  await busy(chip, at);
  await outOfGroup(at, way);
  return 5 + (way === 'chardev' ? 0 : withoutSysfs(at));
}

/** Held by a program before the daemon comes, and while it tries. */
async function busy(chip: Chip, at: string): Promise<void> {
  const other = spawn('gpiomon', [chip.device, '17'], { stdio: 'ignore' });
  try {
    await until(
      'gpiomon has GPIO17',
      () => /"GPIO17"\s+"gpiomon"/.test(sh('gpioinfo', chip.device)),
      patienceMs,
    );
    const what = new RegExp(`"gpiomon" holds GPIO17: gpiomon \\(${other.pid}`);
    mustFind(at, doctor(), 'gpioHeld', what, /give the site another line$/);
    sh('systemctl', 'start', unit);
    const because = (): string =>
      sh('journalctl', '--unit', unit, '--no-pager', '--lines=30', '--output=cat');
    await until(
      'the daemon says who has it',
      () => /GPIO17[^"]*had: \\"gpiomon\\" holds it/.test(because()),
      patienceMs,
    );
    mustFind(`${at}, daemon up`, doctor(), 'gpioHeld', what);
  } finally {
    other.kill();
    sh('systemctl', 'stop', unit);
  }
}

/** The user without the group, and a unit that does not bring it either. */
async function outOfGroup(at: string, way: 'sysfs' | 'chardev'): Promise<void> {
  const folder = `/etc/systemd/system/${unit}.d`;
  sh('gpasswd', '--delete', 'keepwatch', 'gpio');
  // the unit names the group by itself: nothing is wrong yet
  mustFind(at, doctor(), 'gpio', /all 3 lines are found/);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/groups.conf`, '[Service]\nSupplementaryGroups=\nSupplementaryGroups=dialout\n');
  sh('systemctl', 'daemon-reload');
  const file = way === 'sysfs' ? '/sys/class/gpio/export' : '/dev/gpiochip0';
  const mend = /^sudo usermod -aG gpio keepwatch, then sudo systemctl restart keepwatch$/;
  const what = new RegExp(`keepwatch may not (open|write) ${file}, which belongs to the group gpio`);
  mustFind(at, doctor(), 'gpioForbidden', what, mend);
  // the mend as it is told
  sh('usermod', '-aG', 'gpio', 'keepwatch');
  mustFind(at, doctor(), 'gpio', /all 3 lines are found/);
  rmSync(folder, { recursive: true });
  sh('systemctl', 'daemon-reload');
  if (way !== 'chardev') return;
  // somebody who may see nothing is told that, and not that there is nothing
  const nobody = ['setpriv', '--reuid', 'nobody', '--regid', 'keepwatch', '--clear-groups'];
  mustFind(
    `${at}, as nobody`,
    doctor('gpio', nobody),
    'gpioUnseen',
    /keepwatch may open .* but you may not/,
    /sudo/,
  );
}

/** An empty folder over it, as a kernel leaves it out. */
function withoutSysfs(at: string): number {
  sh('mount', '-t', 'tmpfs', 'none', '/sys/class/gpio');
  try {
    // the siren's line stays with sysfs, which the daemon had it from: that is told, with what to do
    const left = /"sysfs" holds GPIO22/;
    mustFind(`${at}, without sysfs`, doctor(), 'gpioHeld', left, /boot the machine again$/);
    changed('driver: gpio', 'driver: gpio, access: sysfs');
    mustFind(
      `${at}, sysfs alone`,
      doctor(),
      'gpioMissing',
      /\/sys\/class\/gpio/,
      /take `access: sysfs` from the bus/,
    );
    return 2;
  } finally {
    sh('umount', '/sys/class/gpio');
  }
}
