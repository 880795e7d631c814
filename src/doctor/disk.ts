// What the state is written to: room, inodes, whether it can be written and keeps what it was given, and how worn it is.

import path from 'node:path';
import type { Machine, Space } from './machine.ts';
import { type Finding, fault, good, type Look, note, say } from './types.ts';

const leastBytes = 64 * 1024 * 1024;
const leastNodes = 500;
const usualState = 512 * 1024 * 1024;
const inMemory = new Set(['tmpfs', 'ramfs', 'devtmpfs']);
const withoutJournal = new Set(['vfat', 'exfat', 'msdos', 'ext2', 'fuseblk']);

export const disk: Look = {
  id: 'disk',
  name: say('磁盘', 'disk'),
  look({ machine, config, data }) {
    const folder = existing(machine, data ?? '/var/lib/keepwatch');
    const space = machine.space(folder);
    const mount = mountOf(
      machine.read('/proc/self/mounts') ?? machine.read('/proc/mounts') ?? '',
      machine.real(folder) ?? folder,
    );
    return [
      ...(space ? judgeSpace(folder, space, config?.storage.mostBytes ?? usualState) : []),
      ...(mount ? judgeMount(mount, journalOf(machine, mount)) : []),
      ...judgeWear(machine),
    ];
  },
};

/** The folder, or the nearest above it that is there. */
function existing(machine: Machine, folder: string): string {
  let each = folder;
  while (machine.stat(each) === undefined && path.dirname(each) !== each) each = path.dirname(each);
  return each;
}

export function judgeSpace(folder: string, space: Space, wantedBytes: number): Finding[] {
  const mb = (bytes: number): string => `${Math.floor(bytes / 1024 / 1024)} MB`;
  const mend = say(
    '清理：sudo journalctl --vacuum-size=100M；sudo apt clean；或把 `storage.most` 调小',
    'make room: sudo journalctl --vacuum-size=100M; sudo apt clean; or lower `storage.most`',
  );
  const findings: Finding[] = [];
  const free = mb(space.freeBytes);
  if (space.freeBytes < leastBytes)
    findings.push(fault('diskFull', say(`${folder} 只剩 ${free}`, `${folder}: only ${free} free`), mend));
  else if (space.freeBytes < wantedBytes)
    findings.push(
      note(
        'diskTight',
        say(
          `${folder} 剩 ${free}，状态最多会用 ${mb(wantedBytes)}`,
          `${folder}: ${free} free, and the state may take ${mb(wantedBytes)}`,
        ),
        mend,
      ),
    );
  else findings.push(good('disk', say(`${folder} 剩 ${free}`, `${folder}: ${free} free`)));
  if (space.allNodes > 0 && space.freeNodes < leastNodes)
    findings.push(
      fault(
        'diskNodes',
        say(`${folder} 只剩 ${space.freeNodes} 个 inode`, `${folder}: only ${space.freeNodes} inodes free`),
        say('删除大量小文件', 'remove what made so many small files'),
      ),
    );
  return findings;
}

export interface Mount {
  readonly device: string;
  readonly at: string;
  readonly type: string;
  readonly options: readonly string[];
}

/** The mount that a folder is on. */
export function mountOf(mounts: string, folder: string): Mount | undefined {
  const all = mounts.split('\n').flatMap((line): Mount[] => {
    const [device, at, type, options] = line
      .split(' ')
      .map((word) =>
        word.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      );
    return device && at && type && options ? [{ device, at, type, options: options.split(',') }] : [];
  });
  const holds = ({ at }: Mount): boolean => at === '/' || folder === at || folder.startsWith(`${at}/`);
  // of two at one place the later covers the earlier
  return all
    .filter(holds)
    .reduce<Mount | undefined>(
      (best, each) => (!best || each.at.length >= best.at.length ? each : best),
      undefined,
    );
}

/** false: it has none; undefined: not known */
function journalOf(machine: Machine, { device, type }: Mount): boolean | undefined {
  if (type !== 'ext4') return undefined;
  const name = path.basename(machine.real(device) ?? device);
  const task = machine.read(`/sys/fs/ext4/${name}/journal_task`);
  return task === undefined ? undefined : task !== '<none>';
}

export function judgeMount(mount: Mount, journal: boolean | undefined): Finding[] {
  const { at, type, options } = mount;
  if (options.includes('ro')) {
    return [
      fault(
        'diskReadOnly',
        say(`${at} 只读：状态写不进去`, `${at} is read-only: the state can't be written`),
        options.includes('errors=remount-ro') || /^ext/.test(type)
          ? say(
              '多半是磁盘出错：dmesg | tail；换卡并恢复备份。有意只读时，把 `data` 放到可写分区',
              'most often the disk has failed: dmesg | tail; change the card and restore a backup. Where it is meant so, put `data` on a partition that can be written',
            )
          : say('把 `data` 放到可写的分区', 'put `data` on a partition that can be written'),
      ),
    ];
  }
  if (inMemory.has(type))
    return [
      fault(
        'diskMemory',
        say(
          `${at} 在内存里（${type}）：断电后状态全丢`,
          `${at} is memory (${type}): a power cut takes the state`,
        ),
        say('把 `data` 放到磁盘上', 'put `data` on a disk'),
      ),
    ];
  const mend = say('用带日志的 ext4', 'use ext4 with its journal');
  if (withoutJournal.has(type) || journal === false)
    return [
      note(
        'diskNoJournal',
        say(
          `${at}（${type}）没有日志：断电可能损坏文件系统`,
          `${at} (${type}) has no journal: a power cut may damage it`,
        ),
        mend,
      ),
    ];
  if (type === 'overlay')
    return [
      note(
        'diskOverlay',
        say(
          `${at} 是 overlay：上层若在内存里，断电后状态全丢`,
          `${at} is an overlay: if its upper layer is memory, a power cut takes the state`,
        ),
        say('把 `data` 放到单独的可写分区', 'put `data` on a partition of its own that can be written'),
      ),
    ];
  return [good('mount', say(`${at}（${type}）可写`, `${at} (${type}) can be written`))];
}

/** eMMC and industrial cards tell their wear; ordinary SD cards don't. */
export function judgeWear(machine: Machine): Finding[] {
  return machine
    .list('/sys/block')
    .filter((name) => /^mmcblk\d+$/.test(name))
    .flatMap((name): Finding[] => {
      const read = (file: string): string | undefined => machine.read(`/sys/block/${name}/device/${file}`);
      const life = (read('life_time') ?? '')
        .split(/\s+/)
        .map(Number)
        .filter((value) => value > 0);
      const eol = Number(read('pre_eol_info') ?? 0);
      const mend = say(
        '备份（keepwatch backup），换新卡',
        'make a backup (keepwatch backup) and change the card',
      );
      // each step is a tenth of its life; 11: beyond it
      const worst = Math.max(0, ...life);
      const percent = Math.min(100, worst * 10);
      if (worst >= 11 || eol >= 3)
        return [fault('cardWorn', say(`${name} 寿命已尽`, `${name} is at the end of its life`), mend)];
      if (worst >= 9 || eol === 2)
        return [
          note(
            'cardWearing',
            say(`${name} 已用寿命约 ${percent}%`, `${name}: about ${percent} % of its life is used`),
            mend,
          ),
        ];
      if (worst > 0)
        return [
          good(
            'card',
            say(`${name} 已用寿命不超过 ${percent}%`, `${name}: at most ${percent} % of its life is used`),
          ),
        ];
      return [];
    });
}
