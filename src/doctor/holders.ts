// Which processes have a device open, and whether somebody has locked it: from /proc alone, so that the device itself
// is not touched; and which have lines of GPIO. Sees the descriptors of others only as root or as the same user.

import { statSync } from 'node:fs';
import type { Machine } from './machine.ts';

export interface Holder {
  readonly pid: number;
  readonly name: string;
}

export interface Holding {
  readonly holders: readonly Holder[];
  /** there is a lock by flock(2) on it */
  readonly locked: boolean;
}

/** @param device absolute path without links */
export function holdersOf(machine: Machine, device: string): Holding {
  const holders = openFiles(machine).flatMap(({ pid, files }): Holder[] => {
    if (!files.some(({ file, to }) => to === device && isSame(file, device))) return [];
    const targets = files.map(({ to }) => to);
    return isMaker(targets, device) ? [] : [{ pid, name: nameOf(machine, pid) }];
  });
  return { holders, locked: isLocked(machine.read('/proc/locks') ?? '', inodeOf(device)) };
}

export interface LineHolder extends Holder {
  /** the unit of systemd that it belongs to, such as `lircd.service` */
  readonly unit?: string;
}

/** Processes that have lines of GPIO chips by the character device. Which lines, the kernel does not say. */
export function lineHoldersOf(machine: Machine): LineHolder[] {
  return openFiles(machine)
    .filter(({ files }) => files.some(({ to }) => /^anon_inode:\[?gpio/.test(to ?? '')))
    .map(({ pid }) => {
      const unit = /\/([^/]+\.service)(\/|$)/m.exec(machine.read(`/proc/${pid}/cgroup`) ?? '')?.[1];
      return { pid, name: nameOf(machine, pid), ...(unit !== undefined && { unit }) };
    });
}

interface Process {
  readonly pid: number;
  readonly files: readonly { readonly file: string; readonly to: string | undefined }[];
}

/** A walk over all processes is dear on a busy gateway: one does for all ports of a look around. */
const walked = new WeakMap<Machine, readonly Process[]>();

function openFiles(machine: Machine): readonly Process[] {
  const before = walked.get(machine);
  if (before) return before;
  const found = machine
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => {
      const folder = `/proc/${name}/fd`;
      const files = machine
        .list(folder)
        .map((fd) => ({ file: `${folder}/${fd}`, to: machine.link(`${folder}/${fd}`) }));
      return { pid: Number(name), files };
    });
  walked.set(machine, found);
  return found;
}

/** A name may lead elsewhere for a process in a container; of pseudo terminals each container has its own. */
function isSame(descriptor: string, device: string): boolean {
  try {
    const [one, other] = [statSync(descriptor), statSync(device)];
    if (other.rdev === 0) return one.dev === other.dev && one.ino === other.ino;
    return one.rdev === other.rdev && (one.dev === other.dev || !device.startsWith('/dev/pts/'));
  } catch {
    return true;
  }
}

/** Whoever has both ends of a pseudo terminal made it, and is what is behind the port, not a user of it. */
function isMaker(open: readonly (string | undefined)[], device: string): boolean {
  return (
    device.startsWith('/dev/pts/') && open.some((each) => each === '/dev/ptmx' || each === '/dev/pts/ptmx')
  );
}

/** `/proc/locks` names a file as `major:minor:inode` of the file system that it is on. */
export function isLocked(locks: string, inode: string | undefined): boolean {
  if (inode === undefined) return false;
  return locks.split('\n').some((line) => {
    const words = line.trim().split(/\s+/);
    return words.includes('FLOCK') && words.some((word) => word.toLowerCase() === inode);
  });
}

function inodeOf(device: string): string | undefined {
  try {
    const { dev, ino } = statSync(device);
    const hex = (value: number): string => value.toString(16).padStart(2, '0');
    // as the kernel packs a device's number
    const major = (dev >> 8) & 0xfff;
    const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00);
    return `${hex(major)}:${hex(minor)}:${ino}`;
  } catch {
    return undefined;
  }
}

function nameOf(machine: Machine, pid: number): string {
  const name = machine.read(`/proc/${pid}/comm`) || 'unknown';
  return name.slice(0, 40);
}
