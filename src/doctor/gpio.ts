// The GPIO lines that the site names: is there a chip, is each line found on it, and who else holds one. Takes no line
// and moves none.

import type { Config } from '../config/types.ts';
import type { Machine } from './machine.ts';
import { groupsOf, may } from './people.ts';
import {
  asIs,
  type Finding,
  fault,
  type GpioAnswer,
  type GpioLine,
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
    const { sysfs, chip } = bus.settings as { sysfs?: string; chip?: string };
    const lines = linesOf(config, bus.id, chip);
    const answer = await patient.askGpio(lines, sysfs);
    findings.push(...judgeLines(bus.id, lines, answer, daemon.is === 'none'));
    if (answer.through === 'chardev' || (answer.through === 'none' && sysfs === undefined))
      findings.push(...judgeChips(bus.id, patient));
  }
  return findings;
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

/** @param free no daemon runs, so that a line with a holder is held by somebody else */
export function judgeLines(
  bus: string,
  lines: readonly GpioLine[],
  answer: GpioAnswer,
  free: boolean,
): Finding[] {
  const chips = answer.chips.map(({ label, lines: count }) => `${label} (${count})`).join(', ');
  if (answer.through === 'none') {
    return [
      fault(
        'gpioMissing',
        say(`${bus}：找不到 GPIO：${answer.because ?? ''}`, `${bus}: no GPIO: ${answer.because ?? ''}`),
        say(
          '在 Raspberry Pi 上：sudo apt install gpiod，并把用户加入组 gpio；其他机器：接一块 Modbus 输入板',
          'on a Raspberry Pi: sudo apt install gpiod, and the user into the group gpio; elsewhere: use an input board on Modbus',
        ),
      ),
    ];
  }
  const findings: Finding[] = [];
  for (const { line, what, hint } of answer.wrong) {
    const held = /holds it/.test(what);
    if (held && !free) continue;
    const near = held ? [] : nearNames(line, answer.names);
    findings.push(
      fault(
        held ? 'gpioHeld' : 'gpioNotFound',
        asIs(`${bus}: ${what}`),
        near.length > 0
          ? say(`相近的名称：${near.join('，')}`, `names near to it: ${near.join(', ')}`)
          : asIs(hint),
      ),
    );
  }
  if (answer.wrong.length === 0) {
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

function judgeChips(bus: string, { machine, runner }: Patient): Finding[] {
  return machine
    .list('/dev')
    .filter((name) => /^gpiochip\d+$/.test(name))
    .flatMap((name): Finding[] => {
      const stat = machine.stat(`/dev/${name}`);
      if (!stat || may(runner, stat, 6)) return [];
      const group = groupsOf(machine).find(({ gid }) => gid === stat.gid)?.name ?? String(stat.gid);
      return [
        fault(
          'gpioForbidden',
          say(
            `${bus}：用户 ${runner.name} 不可打开 /dev/${name}（组 ${group}）`,
            `${bus}: ${runner.name} may not open /dev/${name}, which belongs to the group ${group}`,
          ),
          group === 'root'
            ? say('安装 systemd/60-keepwatch-gpio.rules', 'install systemd/60-keepwatch-gpio.rules')
            : say(
                `sudo usermod -aG ${group} ${runner.name}，然后重新登录`,
                `sudo usermod -aG ${group} ${runner.name}, then log in again`,
              ),
        ),
      ];
    });
}
