// The GPIO lines that the site names: is there a chip, may the daemon's user reach it, is each line found on it, and who
// else holds one. Takes no line and moves none.

import type { Config } from '../config/types.ts';
import { judgeHeld } from './gpio-holders.ts';
import type { Machine } from './machine.ts';
import { groupsOf, may } from './people.ts';
import {
  asIs,
  type DaemonState,
  type Finding,
  fault,
  type GpioAnswer,
  type GpioBus,
  type GpioLine,
  type GpioWrong,
  good,
  type Look,
  note,
  type Patient,
  say,
} from './types.ts';

const mostNames = 8;

export const gpio: Look = { id: 'gpio', name: say('GPIO', 'GPIO'), look: lookAtLines };

/** Lines of one bus, as the site file has them. */
export function linesOf(config: Config, bus: string, chip: string | undefined): GpioLine[] {
  const details = [
    ...config.devices
      .filter((device) => device.bus === bus)
      .flatMap(({ points }) => points.map(({ address }) => address.detail)),
    ...config.outputs.filter((output) => output.bus === bus).map(({ address }) => address.detail),
  ];
  const texts = details
    .map((detail) => String((detail as { line?: unknown }).line ?? ''))
    .filter((text) => text !== '');
  return [...new Set(texts)].map((line) => ({ line, ...(chip !== undefined && { chip }) }));
}

async function lookAtLines(patient: Patient): Promise<Finding[]> {
  const { config, machine, daemon } = patient;
  if (config === undefined) return [judgePresence(machine)].flat();
  const findings: Finding[] = [];
  for (const bus of config.buses.filter(({ driver }) => driver === 'gpio')) {
    const { chip, ...way } = bus.settings as GpioBus & { chip?: string };
    const lines = linesOf(config, bus.id, chip);
    const answer = await patient.askGpio(lines, way);
    const reach = judgeReach(bus.id, answer, way, patient);
    // a chip that nobody here may open shows nothing of its lines, which is then no news
    if (answer.through !== 'none' || reach.length === 0)
      findings.push(...judgeLines(bus.id, lines, answer, machine));
    for (const wrong of answer.wrong)
      if (wrong.holder !== undefined && !isOwn(bus.id, wrong, daemon))
        findings.push(judgeHeld(bus.id, wrong, wrong.holder, machine));
    findings.push(...reach);
  }
  return findings;
}

/** A line that the daemon holds is held as it should be, unless the daemon itself says that it can't have it. */
export function isOwn(bus: string, { line }: Pick<GpioWrong, 'line'>, daemon: DaemonState): boolean {
  if (daemon.is === 'none') return false;
  if (daemon.is === 'silent') return true;
  const down = daemon.status.buses.find(({ id, up }) => id === bus && !up);
  return !String(down?.because ?? '').includes(`the line ${line} `);
}

function judgePresence(machine: Machine): Finding[] {
  const chips = machine.list('/dev').filter((name) => /^gpiochip\d+$/.test(name));
  const sysfs = machine.list('/sys/class/gpio').filter((name) => /^gpiochip\d+$/.test(name));
  if (chips.length + sysfs.length === 0)
    return [note('noGpio', say('这台机器没有 GPIO', 'this machine has no GPIO'))];
  return [
    good('gpio', say(`GPIO：${[...chips, ...sysfs].join('，')}`, `GPIO: ${[...chips, ...sysfs].join(', ')}`)),
  ];
}

/** Lines that somebody holds are another question. */
export function judgeLines(
  bus: string,
  lines: readonly GpioLine[],
  answer: GpioAnswer,
  machine: Pick<Machine, 'list'>,
): Finding[] {
  const chips = answer.chips.map(({ label, lines: count }) => `${label} (${count})`).join(', ');
  if (answer.through === 'none') {
    return [
      fault(
        'gpioMissing',
        say(`${bus}：找不到 GPIO：${answer.because ?? ''}`, `${bus}: no GPIO: ${answer.because ?? ''}`),
        chipsOf(machine).length > 0
          ? say(
              'sudo apt install gpiod，并删去总线的 `access: sysfs`',
              'sudo apt install gpiod, and take `access: sysfs` from the bus',
            )
          : say(
              '内核没有 GPIO 芯片（没有 /dev/gpiochip*）：在 Raspberry Pi 上更新系统；其他机器：接一块 Modbus 输入板',
              'the kernel has no GPIO chip (no /dev/gpiochip*): on a Raspberry Pi update the system; elsewhere use an input board on Modbus',
            ),
      ),
    ];
  }
  const findings: Finding[] = [];
  const missing = answer.wrong.filter(({ holder }) => holder === undefined);
  for (const { line, what, hint } of missing) {
    const near = nearNames(line, answer.names);
    findings.push(
      fault(
        'gpioNotFound',
        asIs(`${bus}: ${what}`),
        near.length > 0
          ? say(`相近的名称：${near.join('，')}`, `names near to it: ${near.join(', ')}`)
          : asIs(hint),
      ),
    );
  }
  if (missing.length === 0) {
    const way = answer.through === 'sysfs' ? 'sysfs' : 'libgpiod';
    findings.push(
      good(
        'gpio',
        say(
          `${bus}：${lines.length} 条线都找到了（${way}，${chips}）`,
          `${bus}: all ${lines.length} lines are found (${way}, ${chips})`,
        ),
      ),
    );
  }
  if (answer.through === 'chardev') {
    findings.push(
      note(
        'gpioNoSysfs',
        say(
          '内核没有 sysfs GPIO，改用 libgpiod 的工具：守护进程结束时输出会松开',
          'the kernel has no GPIO in sysfs, libgpiod is used: outputs are let go when the daemon ends',
        ),
      ),
    );
  }
  return findings;
}

/** Names that begin alike or hold the same number, the nearest first. */
export function nearNames(line: string, names: readonly string[]): string[] {
  const wanted = line.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
  const number = /\d+$/.exec(wanted)?.[0];
  const score = (name: string): number => {
    const plain = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
    if (plain === wanted) return 3;
    if (number !== undefined && /\d+$/.exec(plain)?.[0] === String(Number(number))) return 2;
    return plain.startsWith(wanted.slice(0, 3)) ? 1 : 0;
  };
  const rated = names.map((name) => ({ name, rating: score(name) })).filter(({ rating }) => rating > 0);
  const best = Math.max(0, ...rated.map(({ rating }) => rating));
  return rated
    .filter(({ rating }) => rating === best)
    .slice(0, mostNames)
    .map(({ name }) => name);
}

function chipsOf(machine: Pick<Machine, 'list'>): string[] {
  return machine.list('/dev').filter((name) => /^gpiochip\d+$/.test(name));
}

/** May the daemon's user use that way, and may whoever asks see anything by it? */
export function judgeReach(
  bus: string,
  { through }: Pick<GpioAnswer, 'through'>,
  { sysfs, access }: GpioBus,
  patient: Pick<Patient, 'machine' | 'runner'>,
): Finding[] {
  const { machine } = patient;
  // the folder that a bus names on purpose is not the kernel's
  const kernels = sysfs === undefined || sysfs === kernelSysfs;
  if (through === 'sysfs') return kernels ? judgeFile(bus, `${kernelSysfs}/export`, 2, patient) : [];
  if (through === 'none' && (access === 'sysfs' || (!kernels && access !== 'chardev'))) return [];
  const forbidden = chipsOf(machine).flatMap((name) => judgeFile(bus, `/dev/${name}`, 6, patient));
  if (forbidden.length > 0 || through !== 'none') return forbidden;
  const self = { uid: machine.uid, groups: new Set(machine.groups) };
  const hidden = chipsOf(machine).find((name) => {
    const stat = machine.stat(`/dev/${name}`);
    return stat !== undefined && !may(self, stat, 6);
  });
  if (hidden === undefined) return [];
  return [
    note(
      'gpioUnseen',
      say(
        `${bus}：${patient.runner.name} 可打开 /dev/${hidden}，您不可：线没有查`,
        `${bus}: ${patient.runner.name} may open /dev/${hidden}, but you may not: the lines were not looked at`,
      ),
      say('用 sudo 再运行一次', 'run this again with sudo'),
    ),
  ];
}

const kernelSysfs = '/sys/class/gpio';

function judgeFile(
  bus: string,
  file: string,
  bits: number,
  { machine, runner }: Pick<Patient, 'machine' | 'runner'>,
): Finding[] {
  const stat = machine.stat(file);
  if (!stat || may(runner, stat, bits)) return [];
  const group = groupsOf(machine).find(({ gid }) => gid === stat.gid)?.name ?? String(stat.gid);
  const again = runner.byUnit
    ? say('sudo systemctl restart keepwatch', 'sudo systemctl restart keepwatch')
    : say('重新登录', 'log in again');
  return [
    fault(
      'gpioForbidden',
      bits === 2
        ? say(
            `${bus}：用户 ${runner.name} 不可写 ${file}（组 ${group}）`,
            `${bus}: ${runner.name} may not write ${file}, which belongs to the group ${group}`,
          )
        : say(
            `${bus}：用户 ${runner.name} 不可打开 ${file}（组 ${group}）`,
            `${bus}: ${runner.name} may not open ${file}, which belongs to the group ${group}`,
          ),
      group === 'root'
        ? say(
            '安装 systemd/60-keepwatch-gpio.rules（软件包已带），然后 sudo udevadm trigger --subsystem-match=gpio',
            'install systemd/60-keepwatch-gpio.rules (the package brings it), then sudo udevadm trigger --subsystem-match=gpio',
          )
        : say(
            `sudo usermod -aG ${group} ${runner.name}，然后 ${again.zh}`,
            `sudo usermod -aG ${group} ${runner.name}, then ${again.en}`,
          ),
    ),
  ];
}
