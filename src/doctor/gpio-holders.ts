// Who has a GPIO line that the site wants, and how to have it given back: a process, by number and unit; sysfs, for
// whoever exported it; or a driver of the kernel. The kernel names a holder by a word that the holder chose.

import { type LineHolder, lineHoldersOf } from './holders.ts';
import type { Machine } from './machine.ts';
import { type Finding, fault, type GpioWrong, type Said, say } from './types.ts';

export function judgeHeld(
  bus: string,
  { line }: Pick<GpioWrong, 'line'>,
  holder: string,
  machine: Machine,
): Finding {
  const processes = lineHoldersOf(machine);
  const same = processes.filter(({ name }) => name === holder);
  const likely = same.length > 0 ? same : processes;
  const who = likely.map(nameOf).join(', ');
  // (the word stays what it is in both languages)
  const what =
    who === ''
      ? say(`${bus}：${line} 被 "${holder}" 占用`, `${bus}: "${holder}" holds ${line}`)
      : say(`${bus}：${line} 被 "${holder}" 占用：${who}`, `${bus}: "${holder}" holds ${line}: ${who}`);
  return fault('gpioHeld', what, mendOf(holder, likely, machine.uid === 0));
}

const nameOf = ({ name, pid, unit }: LineHolder): string =>
  unit === undefined ? `${name} (${pid})` : `${name} (${pid}, ${unit})`;

function mendOf(holder: string, likely: readonly LineHolder[], seesAll: boolean): Said {
  if (holder === 'sysfs')
    return say(
      'sysfs 已把它交出：给别的程序，或给改 `access` 之前的 Keepwatch。结束那个程序，或重启机器',
      'sysfs has handed it out, to another program or to Keepwatch before `access` was changed: end that program, or boot the machine again',
    );
  const units = [...new Set(likely.flatMap(({ unit }) => (unit === undefined ? [] : [unit])))];
  if (units.length === 1)
    return say(
      `sudo systemctl disable --now ${units[0]}，或给站点另一条线`,
      `sudo systemctl disable --now ${units[0]}, or give the site another line`,
    );
  if (likely.length === 1)
    return say(
      `结束它（sudo kill ${likely[0]!.pid}），或给站点另一条线`,
      `end it (sudo kill ${likely[0]!.pid}), or give the site another line`,
    );
  if (likely.length > 1) return say('结束占用它的那个程序', 'end the one of these that has it');
  if (!seesAll)
    return say('用 sudo 再运行一次，看是哪个进程', 'run this again with sudo to see which process it is');
  return say(
    '没有进程占用它：是内核驱动。从 /boot/firmware/config.txt 去掉占用它的 dtoverlay 或 dtparam，或给站点另一条线',
    'no process has it, so a driver of the kernel does: take its dtoverlay or dtparam from /boot/firmware/config.txt, or give the site another line',
  );
}
