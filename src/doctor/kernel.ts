// What the kernel is told to do when things go wrong, and where it swaps to. Nothing of it keeps the daemon from
// working; all of it decides how soon a gateway comes back by itself.

import type { Machine } from './machine.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

const leastMemoryKb = 64 * 1024;

export const kernel: Look = {
  id: 'kernel',
  name: say('内核和内存', 'kernel and memory'),
  look: ({ machine }) => [
    ...judgePanic(machine),
    ...judgeWatchdog(machine),
    ...judgeSwap(machine),
    ...judgeMemory(machine),
  ],
};

export function judgePanic(machine: Machine): Finding[] {
  const text = machine.read('/proc/sys/kernel/panic');
  if (text === undefined) return [];
  if (Number(text) !== 0)
    return [
      good('panic', say('内核崩溃后会自动重启', 'after a panic of the kernel the machine boots again')),
    ];
  return [
    note(
      'panicStays',
      say(
        '内核崩溃后机器停住（kernel.panic=0）',
        'after a panic of the kernel the machine stays dead (kernel.panic=0)',
      ),
      say(
        'echo kernel.panic=10 | sudo tee /etc/sysctl.d/60-keepwatch.conf；sudo sysctl --system',
        'echo kernel.panic=10 | sudo tee /etc/sysctl.d/60-keepwatch.conf; sudo sysctl --system',
      ),
    ),
  ];
}

export function judgeWatchdog(machine: Machine): Finding[] {
  const there = machine.list('/dev').some((name) => /^watchdog\d*$/.test(name));
  if (!there) return [];
  const files = [
    '/etc/systemd/system.conf',
    ...['/etc/systemd/system.conf.d', '/usr/lib/systemd/system.conf.d'].flatMap((folder) =>
      machine.list(folder).map((name) => `${folder}/${name}`),
    ),
  ];
  const set = files.some((file) =>
    /^\s*RuntimeWatchdogSec=\s*(?!0\s*$|off\s*$)\S+/m.test(machine.read(file) ?? ''),
  );
  if (set) return [good('watchdog', say('硬件看门狗已启用', 'the hardware watchdog is on'))];
  return [
    note(
      'watchdogOff',
      say(
        '有硬件看门狗，但没有启用：卡死的机器不会重启',
        'there is a hardware watchdog, and it is off: a machine that hangs stays so',
      ),
      say(
        '/etc/systemd/system.conf.d/60-keepwatch.conf 写 [Manager] RuntimeWatchdogSec=15s，重启',
        'write [Manager] RuntimeWatchdogSec=15s in /etc/systemd/system.conf.d/60-keepwatch.conf, and reboot',
      ),
    ),
  ];
}

export function judgeSwap(machine: Machine): Finding[] {
  const [, ...lines] = (machine.read('/proc/swaps') ?? '').split('\n');
  const onCard = lines
    .map((line) => line.split(/\s+/)[0] ?? '')
    .filter((name) => name !== '' && !name.startsWith('/dev/zram'));
  if (onCard.length === 0) return [good('swap', say('没有交换到磁盘', 'nothing is swapped to a disk'))];
  return [
    note(
      'swapOnCard',
      say(
        `交换空间在磁盘上（${onCard.join('，')}）：磨损存储卡，也拖慢报警`,
        `memory is swapped to ${onCard.join(', ')}: it wears a card, and slows alarms`,
      ),
      say(
        'sudo systemctl disable --now dphys-swapfile，或改用 zram',
        'sudo systemctl disable --now dphys-swapfile, or use zram',
      ),
    ),
  ];
}

function judgeMemory(machine: Machine): Finding[] {
  const free = /^MemAvailable:\s+(\d+) kB/m.exec(machine.read('/proc/meminfo') ?? '')?.[1];
  if (free === undefined) return [];
  const shown = `${Math.floor(Number(free) / 1024)} MB`;
  if (Number(free) < leastMemoryKb)
    return [
      fault(
        'memory',
        say(`内存只剩 ${shown}`, `only ${shown} of memory are left`),
        say('结束不需要的程序：`top`', 'end what is not needed: `top`'),
      ),
    ];
  return [good('memory', say(`内存还有 ${shown}`, `${shown} of memory are left`))];
}
