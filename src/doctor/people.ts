// Who is who on this machine: users and groups from their files, and who runs the daemon. Pure but for those files.

import type { Machine, Stat } from './machine.ts';
import type { Runner } from './types.ts';
import { effectiveUnit } from './unit-file.ts';

export interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export function groupsOf(machine: Machine): Group[] {
  return (machine.read('/etc/group') ?? '').split('\n').flatMap((line) => {
    const [name, , gid, members = ''] = line.split(':');
    return name && gid !== undefined
      ? [{ name, gid: Number(gid), members: members.split(',').filter(Boolean) }]
      : [];
  });
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export function usersOf(machine: Machine): User[] {
  return (machine.read('/etc/passwd') ?? '').split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    return name && gid !== undefined ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/** The unit's user with its groups where there is such a unit and user, else whoever asks. */
export function runnerOf(machine: Machine): Runner {
  const unit = effectiveUnit(machine);
  const groups = groupsOf(machine);
  const named = unit?.settings.get('User')?.at(-1);
  const user = named === undefined ? undefined : usersOf(machine).find(({ name }) => name === named);
  if (unit && user) {
    const extra = (unit.settings.get('SupplementaryGroups') ?? []).flatMap((value) => value.split(/\s+/));
    const main = unit.settings.get('Group')?.at(-1);
    const wanted = groups.filter(
      ({ name, members }) => extra.includes(name) || name === main || members.includes(user.name),
    );
    return {
      name: user.name,
      uid: user.uid,
      groups: new Set([user.gid, ...wanted.map(({ gid }) => gid)]),
      byUnit: true,
    };
  }
  const self = usersOf(machine).find(({ uid }) => uid === machine.uid);
  return {
    name: self?.name ?? String(machine.uid),
    uid: machine.uid,
    groups: new Set(machine.groups),
    byUnit: false,
  };
}

/** May this user do that by the permission bits? `bits`: 4 to read, 2 to write. */
export function may({ uid, groups }: Pick<Runner, 'uid' | 'groups'>, stat: Stat, bits: number): boolean {
  if (uid === 0) return true;
  if (stat.uid === uid) return ((stat.mode >> 6) & bits) === bits;
  if (groups.has(stat.gid)) return ((stat.mode >> 3) & bits) === bits;
  return (stat.mode & bits) === bits;
}
