// Logins on a clock of the test's: they end by idleness and in any case; passwords and how often they may be tried.

import { describe, expect, test } from 'vitest';
import { deviceOf, rememberedOn } from '../../src/console/device.ts';
import { type Attempt, createLockout, type Lockout } from '../../src/console/lockout.ts';
import { oneAtATime } from '../../src/console/one-at-a-time.ts';
import { createPlaces } from '../../src/console/places.ts';
import { createRate } from '../../src/console/rate.ts';
import { createSessions } from '../../src/console/sessions.ts';
import { faultOfPassword, hashOf, isHash, isPassword, nobodysHash } from '../../src/rights/passwords.ts';
import { virtualClock } from '../support/clock.ts';
import { eventually } from '../support/daemon.ts';
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
  const at = (address: string, name = 'wu', device?: string): Attempt => ({ name, address, device });
  const wrong = (lockout: Lockout, count: number, attempt = at(home)): void => {
    for (let each = 0; each < count; each += 1) lockout.wrong(attempt);
  };

  test('make one wait longer each time, and not for ever', async () => {
    const clock = virtualClock();
    const lockout = createLockout(clock);
    wrong(lockout, 4);
    expect(lockout.waitMs(at(home))).toBe(0);
    wrong(lockout, 1);
    expect(lockout.waitMs(at(home))).toBe(15_000);
    wrong(lockout, 1);
    expect(lockout.waitMs(at(home))).toBe(30_000);
    wrong(lockout, 10);
    expect(lockout.waitMs(at(home))).toBe(15 * 60_000);
    await clock.advance(15 * 60_000);
    expect(lockout.waitMs(at(home))).toBe(0);
    await clock.advance(hourMs + 1);
    wrong(lockout, 1);
    expect(lockout.waitMs(at(home))).toBe(0);
  });

  test('a stranger locks out nobody elsewhere, also right after a restart', () => {
    const lockout = createLockout(virtualClock());
    wrong(lockout, 14, at('10.0.0.66'));
    expect(lockout.waitMs(at('10.0.0.66'))).toBeGreaterThan(0);
    expect(lockout.waitMs(at(home))).toBe(0);
  });

  test('a device on which one has logged in counts by itself, whatever its address did', () => {
    const lockout = createLockout(virtualClock());
    for (let each = 0; each < 30; each += 1) wrong(lockout, 1, at(home, `n${each}`));
    wrong(lockout, 14);
    expect(lockout.waitMs(at(home))).toBeGreaterThan(0);
    const own = at(home, 'wu', 'd1');
    expect(lockout.waitMs(own)).toBe(0);
    // and is no way round
    wrong(lockout, 5, own);
    expect(lockout.waitMs(own)).toBe(15_000);
    expect(lockout.waitMs(at(home, 'wu', 'd2'))).toBe(0);
  });

  test('an address that tries many names waits for all of them', () => {
    const lockout = createLockout(virtualClock());
    for (let each = 0; each < 15; each += 1) wrong(lockout, 1, at(home, `n${each}`));
    expect(lockout.waitMs(at(home, 'somebody'))).toBeGreaterThan(0);
    expect(lockout.waitMs(at('10.0.0.3', 'somebody'))).toBe(0);
  });

  test('a name that is tried from very many addresses is tried by turns, and never locked', async () => {
    const clock = virtualClock();
    const lockout = createLockout(clock);
    lockout.right(at(home));
    for (let each = 0; each < 19; each += 1) wrong(lockout, 1, at(`10.0.1.${each}`));
    expect([1, 2, 3].map(() => lockout.turnMs(at('10.0.2.1')))).toEqual([0, 0, 0]);
    wrong(lockout, 1, at('10.0.1.99'));
    expect([1, 2, 3].map(() => lockout.turnMs(at('10.0.2.1')))).toEqual([0, 3000, 6000]);
    // who has logged in from there, or on this device, waits for none of them
    expect(lockout.turnMs(at(home))).toBe(0);
    expect(lockout.turnMs(at('10.0.2.1', 'wu', 'd1'))).toBe(0);
    expect(lockout.turnMs(at('10.0.2.1', 'li'))).toBe(0);
    for (let each = 0; each < 10; each += 1) lockout.turnMs(at('10.0.2.1'));
    expect(lockout.turnMs(at('10.0.2.1'))).toBeUndefined();
    await clock.advance(6000);
    expect(lockout.turnMs(at('10.0.2.1'))).toBe(15_000);
  });
});

describe('a device', () => {
  const wu = { id: 'wu', hash: cheapHash(password) };
  const li = { id: 'li', hash: cheapHash(password) };
  const nowMs = Date.UTC(2026, 10, 1);
  const dayMs = 86_400_000;

  test('is known to whoever has logged in on it, and for no longer than their password', () => {
    const cookie = rememberedOn(wu, undefined, nowMs);
    expect(deviceOf(wu, cookie, nowMs)).toMatch(/^[a-z0-9]+-\w{12}$/);
    expect(deviceOf(wu, cookie, nowMs + 399 * dayMs)).toBe(deviceOf(wu, cookie, nowMs));
    expect(deviceOf(wu, cookie, nowMs + 401 * dayMs)).toBeUndefined();
    expect(deviceOf(li, cookie, nowMs)).toBeUndefined();
    expect(deviceOf({ ...wu, hash: cheapHash(password) }, cookie, nowMs)).toBeUndefined();
    expect(deviceOf({ ...wu, id: 'li' }, cookie, nowMs)).toBeUndefined();
    expect(deviceOf(undefined, cookie, nowMs)).toBeUndefined();
  });

  test('is shared by a few people, each in one entry', () => {
    let cookie = rememberedOn(wu, undefined, nowMs);
    cookie = rememberedOn(li, cookie, nowMs);
    for (let each = 0; each < 5; each += 1) cookie = rememberedOn(wu, cookie, nowMs + each * 1000);
    expect(cookie.split('.').length).toBe(2);
    expect(deviceOf(wu, cookie, nowMs)).not.toBe(deviceOf(li, cookie, nowMs));
    for (let each = 0; each < 12; each += 1)
      cookie = rememberedOn({ id: `u${each}`, hash: wu.hash }, cookie, nowMs);
    expect(cookie.split('.').length).toBe(10);
    expect(deviceOf(wu, cookie, nowMs)).toBeUndefined();
    expect(cookie).toMatch(/^[A-Za-z0-9_.-]{20,1000}$/);
  });

  test('nothing else is one', () => {
    const cookie = rememberedOn(wu, undefined, nowMs);
    for (const odd of [
      '',
      '.',
      cookie.slice(1),
      cookie.slice(0, -1),
      `${cookie}x`,
      cookie.replace(/^./, 'z'),
      cookie.toUpperCase(),
      '__proto__',
    ])
      expect([odd, deviceOf(wu, odd, nowMs)]).toEqual([odd, undefined]);
  });
});

test('a login of one’s own does not make guesses at others’ free', () => {
  const lockout = createLockout(virtualClock());
  const at = (name: string): Attempt => ({ name, address: '10.0.0.66', device: undefined });
  for (let each = 0; each < 10; each += 1) lockout.wrong(at(`n${each}`));
  lockout.right(at('own'));
  for (let each = 0; each < 9; each += 1) lockout.wrong(at(`m${each}`));
  expect(lockout.waitMs(at('somebody'))).toBe(0);
  lockout.wrong(at('m9'));
  expect(lockout.waitMs(at('somebody'))).toBeGreaterThan(0);
});

test('one address does not take all places, and somebody known goes first', async () => {
  const places = createPlaces(2);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const queue = oneAtATime(3);
  const ask = (whose: string, first = false): Promise<string> =>
    places.hold(whose, () =>
      queue.run(async () => {
        begun.push(whose);
        await new Promise<void>((resolve) => void ends.push(resolve));
        return whose;
      }, first),
    );
  const all = [ask('a'), ask('a'), ask('b')];
  await expect(ask('a')).rejects.toMatchObject({ status: 503, code: 'busy' });
  await expect(ask('c')).rejects.toMatchObject({ status: 503, code: 'busy' });
  all.push(ask('known', true));
  for (let each = 0; each < 4; each += 1) {
    await eventually(
      'the next begins',
      () => ends.length,
      (count) => count > each,
    );
    ends[each]!();
  }
  expect(await Promise.all(all)).toEqual(['a', 'a', 'b', 'known']);
  expect(begun).toEqual(['a', 'known', 'a', 'b']);
  // and all is free again
  const last = ask('a');
  await eventually(
    'it begins',
    () => ends.length,
    (count) => count === 5,
  );
  ends[4]!();
  await last;
});

test('a rate fills again by itself', async () => {
  const clock = virtualClock();
  const rate = createRate(clock, { atOnce: 3, perSecond: 2 });
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
