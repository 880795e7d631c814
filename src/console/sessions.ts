// Who is logged in, and what shows it: cookies whose secrets are kept as hashes only, in memory, with an end by idleness
// and an end in any case; and the tokens that prove that a page of ours has sent a request. Knows no HTTP.

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ConsoleConfig, ConsoleUser } from '../config/types.ts';
import type { Clock } from '../lib/clock.ts';

const mostSessions = 1000;
const mostPerUser = 20;

export interface LoginRecord {
  readonly key: string;
  readonly user: string;
  /** steady ms */
  readonly sinceMs: number;
  seenMs: number;
}

export interface Sessions {
  /** Gives the cookie's secret. */
  begin(user: ConsoleUser): string;
  /** Whose cookie is this? `used`: somebody did something, so the login goes on. */
  find(secret: string | undefined, used: boolean): { user: ConsoleUser; login: LoginRecord } | undefined;
  record(login: string): LoginRecord | undefined;
  end(login: string): void;
  /** wall ms; when the login ends if nothing is done */
  endsAtMs(login: LoginRecord): number;
  /** Is this login good still? */
  holds(login: string): boolean;
  /** how many are logged in */
  count(): number;
  /** Ends what has run out or whose user is gone or has other rights or another password now. Gives the keys. */
  sweep(): readonly string[];
  /** what a page of ours sends back with everything that changes something */
  token(login: string | undefined): string;
  fits(token: unknown, login: string | undefined): boolean;
}

export function createSessions(options: {
  readonly clock: Clock;
  readonly settings: () => Pick<ConsoleConfig, 'users' | 'idleMs' | 'sessionMs'>;
}): Sessions {
  const { clock, settings } = options;
  const logins = new Map<string, LoginRecord & { readonly rights: string }>();
  const tokenKey = randomBytes(32);

  const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
  const userOf = (login: LoginRecord & { rights: string }): ConsoleUser | undefined => {
    const user = settings().users.find(({ id }) => id === login.user);
    // a new password or another role asks for a new login
    return user !== undefined && rightsOf(user) === login.rights ? user : undefined;
  };
  const leftMs = (login: LoginRecord): number => {
    const { idleMs, sessionMs } = settings();
    return Math.min(login.seenMs + idleMs, login.sinceMs + sessionMs) - clock.steadyMs();
  };
  const isGood = (login: LoginRecord & { rights: string }): boolean =>
    leftMs(login) > 0 && userOf(login) !== undefined;
  const token = (login: string | undefined): string =>
    createHmac('sha256', tokenKey)
      .update(login ?? 'nobody')
      .digest('base64url');

  return {
    begin(user) {
      const secret = randomBytes(32).toString('base64url');
      const nowMs = clock.steadyMs();
      const key = keyOf(secret);
      logins.set(key, { key, user: user.id, sinceMs: nowMs, seenMs: nowMs, rights: rightsOf(user) });
      const own = [...logins.values()].filter((login) => login.user === user.id);
      for (const old of own.slice(0, Math.max(0, own.length - mostPerUser))) logins.delete(old.key);
      for (const old of logins.keys()) if (logins.size > mostSessions) logins.delete(old);
      return secret;
    },
    find(secret, used) {
      if (secret === undefined || secret.length > 100) return undefined;
      const login = logins.get(keyOf(secret));
      if (login === undefined) return undefined;
      const user = userOf(login);
      if (user === undefined || leftMs(login) <= 0) {
        logins.delete(login.key);
        return undefined;
      }
      if (used) login.seenMs = clock.steadyMs();
      return { user, login };
    },
    record: (login) => logins.get(login),
    end: (login) => void logins.delete(login),
    endsAtMs: (login) => clock.wallMs() + Math.max(0, leftMs(login)),
    holds(key) {
      const login = logins.get(key);
      return login !== undefined && isGood(login);
    },
    count: () => [...logins.values()].filter(isGood).length,
    sweep() {
      const gone = [...logins.values()].filter((login) => !isGood(login)).map(({ key }) => key);
      for (const key of gone) logins.delete(key);
      return gone;
    },
    token,
    fits(given, login) {
      if (typeof given !== 'string') return false;
      const [one, other] = [Buffer.from(given), Buffer.from(token(login))];
      return one.length === other.length && timingSafeEqual(one, other);
    },
  };
}

function rightsOf(user: ConsoleUser): string {
  return createHash('sha256').update(`${user.role}\n${user.hash}`).digest('base64url');
}
