// Logins on a clock of the test's: they end by idleness and in any case; passwords and how often they may be tried.

import { describe, expect, test } from 'vitest';
import { createLockout } from '../../src/console/lockout.ts';
import { createRate } from '../../src/console/rate.ts';
import { createSessions } from '../../src/console/sessions.ts';
import { faultOfPassword, hashOf, isHash, isPassword, nobodysHash } from '../../src/rights/passwords.ts';
import { virtualClock } from '../support/clock.ts';
import { cheapHash, password } from './stage.ts';

const hourMs = 3_600_000;

describe('a login', () => {
  const wu = { id: 'wu', name: 'Wu', role: 'view', hash: cheapHash(password) } as const;
  const begin = () => {
    const clock = virtualClock();
    const settings = { users: [wu] as (typeof wu)[], idleMs: 12 * hourMs, sessionMs: 48 * hourMs };
    const sessions = createSessions({ clock, settings: () => settings });
    return { clock, settings, sessions, secret: sessions.begin(wu) };
  };

  test('ends after idleness; only what is done puts that off', async () => {
    const { clock, sessions, secret } = begin();
    await clock.advance(11 * hourMs);
    expect(sessions.find(secret, false)?.user.id).toBe('wu');
    await clock.advance(2 * hourMs);
    expect(sessions.find(secret, true)).toBeUndefined();
    const other = begin();
    await other.clock.advance(11 * hourMs);
    expect(other.sessions.find(other.secret, true)).toBeDefined();
    await other.clock.advance(11 * hourMs);
    expect(other.sessions.find(other.secret, true)).toBeDefined();
  });

  test('ends in any case, and sweeping tells which', async () => {
    const { clock, sessions, secret } = begin();
    const { key } = sessions.find(secret, true)!.login;
    for (let count = 0; count < 5; count += 1) {
      await clock.advance(9 * hourMs);
      expect(sessions.find(secret, true)).toBeDefined();
    }
    expect(sessions.endsAtMs(sessions.record(key)!) - clock.wallMs()).toBe(3 * hourMs);
    expect(sessions.sweep()).toEqual([]);
    await clock.advance(3 * hourMs);
    expect(sessions.sweep()).toEqual([key]);
    expect(sessions.find(secret, true)).toBeUndefined();
  });

  test('ends with the user, with the role and with the password', () => {
    for (const changed of [[], [{ ...wu, role: 'configure' }], [{ ...wu, hash: cheapHash(password) }]]) {
      const { settings, sessions, secret } = begin();
      settings.users = changed as (typeof wu)[];
      expect(sessions.find(secret, true)).toBeUndefined();
    }
  });

  test('a token fits its login alone', () => {
    const { sessions, secret } = begin();
    const { key } = sessions.find(secret, true)!.login;
    expect(sessions.fits(sessions.token(key), key)).toBe(true);
    expect(sessions.fits(sessions.token(undefined), key)).toBe(false);
    expect(sessions.fits(sessions.token(key), undefined)).toBe(false);
    for (const odd of [undefined, null, '', 7, ['x'], sessions.token(key).slice(1)])
      expect(sessions.fits(odd, key)).toBe(false);
  });

  test('one user holds no more than twenty', () => {
    const { sessions, secret } = begin();
    for (let count = 0; count < 20; count += 1) sessions.begin(wu);
    expect(sessions.find(secret, true)).toBeUndefined();
  });
});

describe('wrong passwords', () => {
  const home = '10.0.0.2';
  const wrong = (
    lockout: ReturnType<typeof createLockout>,
    count: number,
    name = 'wu',
    address = home,
  ): void => {
    for (let each = 0; each < count; each += 1) lockout.wrong(name, address);
  };

  test('make one wait longer each time, and not for ever', async () => {
    const clock = virtualClock();
    const lockout = createLockout(clock);
    wrong(lockout, 4);
    expect(lockout.waitMs('wu', home)).toBe(0);
    wrong(lockout, 1);
    expect(lockout.waitMs('wu', home)).toBe(15_000);
    wrong(lockout, 1);
    expect(lockout.waitMs('wu', home)).toBe(30_000);
    wrong(lockout, 10);
    expect(lockout.waitMs('wu', home)).toBe(15 * 60_000);
    await clock.advance(15 * 60_000);
    expect(lockout.waitMs('wu', home)).toBe(0);
    await clock.advance(hourMs + 1);
    wrong(lockout, 1);
    expect(lockout.waitMs('wu', home)).toBe(0);
  });

  test('a stranger does not lock somebody out where that person has logged in before', () => {
    const lockout = createLockout(virtualClock());
    lockout.right('wu', home);
    wrong(lockout, 14, 'wu', '10.0.0.66');
    expect(lockout.waitMs('wu', '10.0.0.66')).toBeGreaterThan(0);
    expect(lockout.waitMs('wu', '10.0.0.77')).toBeGreaterThan(0);
    expect(lockout.waitMs('wu', home)).toBe(0);
  });

  test('an address that tries many names waits for all of them', () => {
    const lockout = createLockout(virtualClock());
    for (let each = 0; each < 15; each += 1) wrong(lockout, 1, `n${each}`);
    expect(lockout.waitMs('somebody', home)).toBeGreaterThan(0);
    expect(lockout.waitMs('somebody', '10.0.0.3')).toBe(0);
  });
});

test('a login of one’s own does not make guesses at others’ free', () => {
  const lockout = createLockout(virtualClock());
  const address = '10.0.0.66';
  for (let each = 0; each < 10; each += 1) lockout.wrong(`n${each}`, address);
  lockout.right('own', address);
  for (let each = 0; each < 9; each += 1) lockout.wrong(`m${each}`, address);
  expect(lockout.waitMs('somebody', address)).toBe(0);
  lockout.wrong('m9', address);
  expect(lockout.waitMs('somebody', address)).toBeGreaterThan(0);
});

test('a rate fills again by itself', async () => {
  const clock = virtualClock();
  const rate = createRate(clock, 3, 2);
  expect([1, 2, 3, 4].map(() => rate.take('a'))).toEqual([true, true, true, false]);
  expect(rate.take('b')).toBe(true);
  await clock.advance(500);
  expect([1, 2].map(() => rate.take('a'))).toEqual([true, false]);
});

describe('a password', () => {
  test('is kept as a hash that another does not fit', async () => {
    const hash = await hashOf('正确的密码很长很长的');
    expect(isHash(hash)).toBe(true);
    expect(hash).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    expect(await isPassword('正确的密码很长很长的', hash)).toBe(true);
    expect(await isPassword('正确的密码很长很长', hash)).toBe(false);
    expect(await hashOf('正确的密码很长很长的')).not.toBe(hash);
  });

  test('is the same however its letters are composed', async () => {
    expect(await isPassword('caf\u0065\u0301 du matin', cheapHash('caf\u00e9 du matin'))).toBe(true);
  });

  test('nobody’s fits none', async () => {
    expect(isHash(nobodysHash)).toBe(true);
    expect(await isPassword('', nobodysHash)).toBe(false);
  });

  test('a hash that would take the memory or the time is none', () => {
    const tail = `$${'A'.repeat(22)}$${'A'.repeat(43)}`;
    for (const parameters of [
      'ln=18,r=8,p=1',
      'ln=17,r=16,p=1',
      'ln=15,r=8,p=99',
      'ln=9,r=8,p=1',
      'ln=15,r=0,p=1',
      'ln=1e1,r=8,p=1',
    ])
      expect([parameters, isHash(`$scrypt$${parameters}${tail}`)]).toEqual([parameters, false]);
    expect(isHash(`$scrypt$ln=15,r=8,p=1${tail}`)).toBe(true);
  });

  test.each([
    ['short', 'wu', /10 characters or more/],
    ['x'.repeat(201), 'wu', /200 characters or less/],
    ['aaaaaaaaaaaa', 'wu', /same few characters/],
    ['gatekeeper1', 'gatekeeper', /little more than the name/],
    ['a long enough one', 'wu', undefined],
  ])('%s', (given, name, fault) => {
    const said = faultOfPassword(given, name);
    if (fault === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(fault);
  });
});
