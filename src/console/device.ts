// What shows that a person has logged in on a device before: an entry for each in one long-lived cookie, made with a key out
// of that person's own password hash. So it needs no file and outlives a restart, ends with the password, and nobody can
// make one who does not have the hash. It gives no right at all; wrong passwords are counted apart by it. Knows no HTTP.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ConsoleUser } from '../config/types.ts';
import { logins as limits } from './limits.ts';

type Owner = Pick<ConsoleUser, 'id' | 'hash'>;

/** seconds since 1970 and a random name, then what proves both */
const entryForm = /^(([a-z0-9]{1,8})-[A-Za-z0-9_]{12})-([A-Za-z0-9_]{22})$/;
const dayMs = 86_400_000;

/** Which device this is to the one who wants to log in; undefined: they have not logged in on it before. */
export function deviceOf(
  owner: Owner | undefined,
  cookie: string | undefined,
  wallMs: number,
): string | undefined {
  if (owner === undefined) return undefined;
  return entriesIn(cookie)
    .map((entry) => entryForm.exec(entry)!)
    .find(
      ([, what, at, proof]) =>
        // (one of the future is of before the clock was set back)
        wallMs - Number.parseInt(at!, 36) * 1000 < limits.deviceDays * dayMs &&
        isSame(proof!, proofOf(owner, what!)),
    )?.[1];
}

/** The cookie with an entry for this one, who has logged in now, in the place of an earlier one. */
export function rememberedOn(owner: Owner, cookie: string | undefined, wallMs: number): string {
  const others = entriesIn(cookie).filter((entry) => {
    const [, what, , proof] = entryForm.exec(entry)!;
    return !isSame(proof!, proofOf(owner, what!));
  });
  const what = `${Math.floor(wallMs / 1000).toString(36)}-${word(randomBytes(9))}`;
  return [`${what}-${proofOf(owner, what)}`, ...others].slice(0, limits.mostOfDevice).join('.');
}

function entriesIn(cookie: string | undefined): string[] {
  return (cookie ?? '').split('.', limits.mostOfDevice).filter((entry) => entryForm.test(entry));
}

function proofOf({ id, hash }: Owner, what: string): string {
  const key = createHmac('sha256', hash).update('keepwatch-device-v1').digest();
  return word(createHmac('sha256', key).update(`${id}\n${what}`).digest().subarray(0, 16));
}

/** (entries have `-` and `.` between their parts) */
const word = (bytes: Buffer): string => bytes.toString('base64url').replaceAll('-', '_');

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
