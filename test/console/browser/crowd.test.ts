// The page under what is meant badly or is simply much: names that would like to be markup, 2,000 points, 200 incidents at
// once, and everybody who should not get in: wrong passwords, locked names, logins that have run out, people without the
// right.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { haveBrowser, openBrowser, type Visit } from '../../support/browser.ts';
import { eventually, type SiteFile } from '../../support/daemon.ts';
import { cheapHash, clientOf, password, users } from '../stage.ts';
import { goTo, type House, type Look, look, openHouse, overflowOf, shiftsOf } from './house.ts';

const able = haveBrowser();
const zoneCount = 200;
const pointCount = 2000;
const markup = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>';
const hostile = {
  markup,
  quotes: `"'\`\${window.owned=1}{{owned}}</title></style>`,
  long: 'W'.repeat(190),
  rightToLeft: '\u202eevil\u202c مستشعر الدخان في القاعة',
  emoji: '🔥👨‍👩‍👧‍👦🏳️‍🌈'.repeat(8),
};

function crowdSite(port: number): SiteFile {
  const zone = (index: number): string => `z${index}`;
  const names = Object.values(hostile);
  const points: Record<string, object> = {};
  for (let index = 0; index < pointCount; index += 1) {
    const named = index < names.length ? names[index]! : `P ${index}`;
    points[`p${index}`] = {
      read: `discrete:${index}`,
      name: named,
      zone: zone(index % zoneCount),
      ...(index < zoneCount && { kind: 'flood' }),
    };
  }
  return {
    zones: Object.fromEntries(
      Array.from({ length: zoneCount }, (_, index) => [
        zone(index),
        { name: names[index] ?? `Zone ${index}` },
      ]),
    ),
    contacts: 'contacts.yaml',
    buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port } },
    devices: { box: { bus: 'lan', unit: 1, every: '1s', timeout: '5s', name: markup, points } },
  };
}

describe.skipIf(!able)('a page that is not treated kindly', () => {
  let browser: Browser;
  let house: House;
  const open: Visit[] = [];
  beforeAll(async () => {
    [browser, house] = await Promise.all([
      openBrowser(),
      openHouse({
        site: crowdSite,
        users,
        console: { withoutLogin: 'none', idle: '1h' },
        people: { people: { m: { name: markup, roles: ['control_room'], phone: '+86 138 0000 0001' } } },
        cells: ({ discrete }) => {
          for (let index = 0; index < pointCount; index += 1) discrete.set(index, false);
        },
      }),
    ]);
    await house.client.logIn('li');
  });
  afterAll(async () => {
    await browser?.close();
    await house?.leave();
  });
  afterEach(async () => {
    for (const { context } of open.splice(0)) await context.close();
  });

  const watch = async (how: Look = {}): Promise<Visit> => {
    const seen = await look(browser, house.url, how);
    open.push(seen);
    return seen;
  };
  const fill = async (page: Page, name: string, given: string): Promise<void> => {
    await page.getByLabel('Name', { exact: false }).first().fill(name);
    await page.getByLabel(/^Password/).fill(given);
    await page.keyboard.press('Enter');
  };
  const logIn = async (how: Look & { readonly as: string }): Promise<Visit> => {
    const seen = await watch(how);
    await seen.page.locator('.login-now').waitFor();
    await seen.page.locator('input[name=name]').fill(how.as);
    await seen.page.locator('input[name=password]').fill(password);
    await seen.page.keyboard.press('Enter');
    await seen.page.locator('.login-form').waitFor({ state: 'detached' });
    return seen;
  };
  /** what the browser itself says of an answer that refuses */
  const own = (complaints: readonly string[]): string[] =>
    complaints.filter((line) => !/status of 40[139]|status of 429|ERR_INCOMPLETE_CHUNKED/.test(line));

  describe('a login', () => {
    test('is asked for, refuses what is wrong, leads back, and forgets everything at its end', async () => {
      const { page, complaints, hosts } = await watch({ at: 'points' });
      await page.locator('.login-now').waitFor();
      expect(await page.locator('body').innerText()).not.toContain('Zone 7');
      await fill(page, 'li', 'not the right one');
      await page.getByText('Name or password is wrong.').waitFor();
      expect(await page.locator('input[name=password]').inputValue()).toBe('');
      await page.getByLabel(/^Password/).fill(password);
      await page.keyboard.press('Enter');
      // back to where one was
      await page.getByRole('heading', { level: 1, name: 'Points' }).waitFor();
      await page.getByText('2000 of 2000 points').waitFor();
      await page.locator('.menu-button').click();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.locator('.login-now').waitFor();
      expect(await page.locator('body').innerText()).not.toContain('P 7');
      await page.goBack();
      await page.locator('.login-now').waitFor();
      expect(own(complaints)).toEqual([]);
      expect([...hosts]).toEqual([new URL(house.url).host]);
    });

    test('that the daemon has ended leads to the login and from there back', async () => {
      const { page, context } = await logIn({ as: 'an', at: 'raise' });
      await page.locator('.raise .plan').first().waitFor();
      expect((await context.cookies())[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
      // a new password ends it, as the end of its time does
      const file = path.join(house.place.folder, 'users.yaml');
      writeFileSync(file, JSON.stringify({ ...users, an: { ...users.an, hash: cheapHash(password) } }));
      house.daemon().signal('SIGHUP');
      await page.getByText('Then you are led back to where you were.').waitFor();
      expect(await page.locator('.plan').count()).toBe(0);
      await page.locator('input[name=name]').fill('an');
      await page.locator('input[name=password]').fill(password);
      await page.keyboard.press('Enter');
      await page.locator('.raise .plan').first().waitFor();
    });

    test('is locked after wrong passwords, and says for how long', async () => {
      const { page } = await watch({ language: 'zh' });
      await page.locator('.login-now').waitFor();
      for (let tries = 0; tries < 8; tries += 1) {
        if (await page.locator('.login-now').isDisabled()) break;
        await page.locator('input[name=name]').fill('an');
        await page.locator('input[name=password]').fill(`wrong ${tries}`);
        await page.keyboard.press('Enter');
        await page.locator('.login-failure', { hasText: /\S/ }).waitFor();
        await page.locator('.login-now[aria-busy=false]').waitFor();
      }
      expect(await page.locator('.login-now').isDisabled()).toBe(true);
      expect(await page.locator('.login-failure').innerText()).toMatch(/锁定.*\d+ 秒/);
    });

    test('of somebody who may only look shows nothing to press, and what is sent all the same is refused', async () => {
      house.unit.discrete.set(9, true);
      const { page } = await logIn({ as: 'wu' });
      await page.locator('.card').first().waitFor();
      expect(await page.getByRole('button', { name: /^(Acknowledge|Silence)/ }).count()).toBe(0);
      await page.locator('.card-title a').first().click();
      await page.locator('.steps').waitFor();
      for (const name of [
        /Acknowledge/,
        /Silence/,
        /note/i,
        /level/,
        /Shelve/,
        /Close the incident/,
        /^Done/,
      ])
        expect([String(name), await page.getByRole('button', { name }).count()]).toEqual([String(name), 0]);
      for (const at of ['points', 'outputs', 'drills', 'readiness', 'contacts', 'floors']) {
        await goTo(page, at);
        await page.locator('main h1').waitFor();
        const acting = /out of service|Switch|Start|Sign off|All checked|Edit|Add a floor/;
        expect([
          at,
          await page
            .locator('main')
            .getByRole('button', { name: acting })
            .filter({ hasNotText: 'Out of service' })
            .count(),
        ]).toEqual([at, 0]);
      }
      const statuses = await page.evaluate(async () => {
        const { csrf } = await (await fetch('/api/v1/session')).json();
        const [{ id }] = (await (await fetch('/api/v1/incidents')).json()).incidents;
        const send = async (token: string) =>
          (
            await fetch('/api/v1/command', {
              method: 'POST',
              headers: { 'content-type': 'application/json', 'x-keepwatch-csrf': token },
              body: JSON.stringify({ id: `forged-${token.length}`, verb: 'ack', incident: id, by: 'boss' }),
            })
          ).status;
        return [await send(csrf), await send('forged'), (await fetch('/api/v1/settings')).status];
      });
      expect(statuses).toEqual([403, 403, 403]);
      const [incident] = (await house.client.get('/incidents')).json.incidents;
      expect(incident.acknowledged).toBe(false);
    });
  });

  test('names that would like to be markup are text, wherever they stand, and fit on a phone', async () => {
    for (let index = 0; index < 5; index += 1) house.unit.discrete.set(index, true);
    const { page, complaints, hosts } = await logIn({ as: 'zhao', width: 360 });
    await page.locator('.card').nth(4).waitFor();
    const [incident] = (await house.client.get('/incidents')).json.incidents;
    for (const text of Object.values(hostile))
      await house.command({ verb: 'note', incident: incident.id, text });
    const raised = await house.command({
      verb: 'raise',
      plan: 'fire',
      zone: 'z2',
      place: hostile.long,
      note: markup,
      finder: markup,
    });
    await house.client.ask('PUT', '/floors/f', {
      body: { name: markup, points: { 'box.p0': [0.9, 0.5] }, zones: { z2: [0.5, 0.5, 0.4, 0.4] } },
    });
    for (const at of [
      '',
      `incident/${incident.id}`,
      `incident/${raised}`,
      'history',
      'points',
      'points/box.p2',
      'buses',
      'floors',
      'contacts',
      'raise/fire',
      'drills',
      'settings',
    ]) {
      await goTo(page, at);
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      await page.locator('.empty[role=status]').first().waitFor({ state: 'detached' });
      expect([at, await overflowOf(page)]).toEqual([at, 0]);
    }
    await goTo(page, `incident/${incident.id}`);
    await page.locator('.timeline').getByText(markup).first().waitFor();
    await goTo(page, 'contacts');
    await page.getByText(markup).first().waitFor();
    expect(await page.evaluate(() => 'owned' in window)).toBe(false);
    expect(await page.locator('main img[src=x], main script').count()).toBe(0);
    // what turns the direction ends with its own words
    await goTo(page, 'points/box.p3');
    expect(await page.locator('h1').first().getAttribute('dir')).toBe('auto');
    expect(complaints).toEqual([]);
    expect([...hosts]).toEqual([new URL(house.url).host]);
  });

  test('two thousand points are searched and turned over at once', async () => {
    const { page } = await logIn({ as: 'zhao', at: 'points' });
    await page.getByText('2000 of 2000 points').waitFor();
    const beganMs = Date.now();
    await page.getByRole('searchbox').fill('P 1999');
    await page.getByText('1 of 2000 points').waitFor();
    await page.getByRole('link', { name: 'P 1999' }).waitFor();
    expect(Date.now() - beganMs).toBeLessThan(3000);
    house.unit.discrete.set(1999, true);
    await page
      .getByRole('row', { name: /P 1999/ })
      .getByText('yes')
      .waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText(/^Page 2 of/).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(250);
  });

  test('two hundred incidents at once: all are there, the last one is acknowledged, the page stays quick', async () => {
    const { page, complaints } = await logIn({ as: 'li', width: 768 });
    await page.locator('.card').first().waitFor();
    const before = (await shiftsOf(page)).length;
    for (let index = 0; index < zoneCount; index += 1) house.unit.discrete.set(index, true);
    await eventually(
      'all are on the wall',
      () => page.locator('.card').count(),
      (count) => count >= zoneCount,
      20_000,
    );
    expect((await shiftsOf(page)).slice(before)).toEqual([]);
    expect(await page.locator('.band-head').innerText()).toMatch(/20\d alarms/);
    // the one at the very end, by its place and not by its order in the document
    const last = await page.locator('.card').evaluateAll((all) => {
      const lowest = all.reduce((one, other) =>
        one.getBoundingClientRect().top > other.getBoundingClientRect().top ? one : other,
      );
      return lowest.querySelector('.card-id')!.textContent!;
    });
    const card = page.locator('.card', { has: page.locator(`.card-id:text-is("${last}")`) });
    const beganMs = Date.now();
    await card.getByRole('button').press('Enter');
    await card.getByText(/^✓ Acknowledged by/).waitFor();
    expect(Date.now() - beganMs).toBeLessThan(5000);
    const { incidents } = (await house.client.get('/incidents')).json;
    expect(incidents.find(({ id }: { id: string }) => id.startsWith(`${last}_`))).toMatchObject({
      acknowledged: true,
      acknowledgedBy: '李娜',
    });
    // still alive, and quick to go elsewhere
    expect(await page.locator('.stale').count()).toBe(0);
    await goTo(page, 'history');
    await page.getByText(/^20\d incidents|^\d+ incidents/).waitFor({ timeout: 5000 });
    expect(complaints).toEqual([]);
  });

  test('a stranger’s page and a foreign name for the gateway get nothing', async () => {
    const { port } = new URL(house.url);
    const stranger = clientOf(() => Number(port));
    const { status } = await stranger.ask('GET', '/status', { headers: { host: 'evil.example' } });
    expect(status).toBe(403);
    const { page, hosts } = await watch();
    await page.locator('.login-now').waitFor();
    expect(await page.evaluate(async () => (await fetch('/api/v1/points')).status)).toBe(401);
    expect([...hosts]).toEqual([new URL(house.url).host]);
  });
});
