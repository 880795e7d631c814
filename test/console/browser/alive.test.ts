// What the wall is for: an alarm that a device raises is there without a hand, nothing moves when it comes, and a page
// whose daemon is dead or stuck says so over everything and catches up once it is back.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { haveBrowser, openBrowser, type Visit } from '../../support/browser.ts';
import { eventually } from '../../support/daemon.ts';
import { calm, goTo, type House, input, type Look, look, openHouse, overflowOf, shiftsOf } from './house.ts';

const able = haveBrowser();
/** the limit that was set, and what a busy machine may add */
const staleWithinMs = 3000 + 1500;

describe.skipIf(!able)('the wall', () => {
  let browser: Browser;
  let house: House;
  const open: Visit[] = [];
  beforeAll(async () => {
    [browser, house] = await Promise.all([openBrowser(), openHouse()]);
  });
  afterAll(async () => {
    await browser?.close();
    await house?.leave();
  });
  beforeEach(async () => {
    if (!house.daemon().running()) await house.start();
    await calm(house);
  });
  afterEach(async () => {
    if (house.daemon().running()) house.daemon().signal('SIGCONT');
    for (const { context } of open.splice(0)) await context.close();
  });

  const watch = async (how: Look = {}): Promise<Visit> => {
    const seen = await look(browser, house.url, how);
    open.push(seen);
    return seen;
  };
  const set = (address: number, value: boolean): void => void house.unit.discrete.set(address, value);
  const cards = (page: Page) => page.locator('.card');
  const stale = (page: Page) => page.locator('.stale');

  test.each([360, 1920])('shows an alarm without a click and moves nothing, %i px wide', async (width) => {
    const { page, complaints } = await watch({ width, language: 'zh' });
    await page.locator('.band', { hasText: '一切正常' }).waitFor();
    await page.evaluate(() => document.fonts.ready);
    expect(await shiftsOf(page)).toEqual([]);
    set(input.smoke, true);
    await cards(page).filter({ hasText: '火灾 · 中庭' }).waitFor({ timeout: 5000 });
    await page.locator('[aria-live=assertive]', { hasText: '火灾' }).waitFor({ state: 'attached' });
    set(input.flood, true);
    await cards(page).filter({ hasText: '漏水 · 厨房' }).waitFor({ timeout: 5000 });
    expect(await cards(page).count()).toBe(2);
    // what is first to look at stands first: the fire is more urgent, though older
    const places = await cards(page).evaluateAll((all) =>
      all
        .map(
          (one) =>
            [
              one.querySelector('h2')!.textContent,
              one.getBoundingClientRect().top * 10_000 + one.getBoundingClientRect().left,
            ] as const,
        )
        .sort((a, b) => a[1] - b[1])
        .map(([title]) => title),
    );
    expect(places[0]).toContain('火灾');
    expect(await shiftsOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('sounds for what is new, not once it is muted by name, and says where a browser forbids it', async () => {
    const { page, context } = await watch();
    const tones = (): Promise<number> => page.evaluate(() => (window as unknown as { tones: number }).tones);
    await page.evaluate(() => {
      const counted = window as unknown as { tones: number };
      counted.tones = 0;
      const { start } = OscillatorNode.prototype;
      OscillatorNode.prototype.start = function (...args) {
        counted.tones += 1;
        start.apply(this, args);
      };
    });
    await page.getByRole('button', { name: 'Mute this screen' }).waitFor();
    set(input.flood, true);
    await eventually('it sounds', tones, (count) => count > 0);
    await page.getByRole('button', { name: 'Mute this screen' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mute this screen' }).click();
    await page.getByRole('button', { name: /^Muted by Li Na until \d\d:\d\d/ }).waitFor();
    const before = await tones();
    set(input.smoke, true);
    await cards(page).filter({ hasText: 'Fire' }).waitFor();
    expect(await tones()).toBe(before);
    await page.getByRole('button', { name: /Sound on again$/ }).click();
    await eventually('an alarm that nobody has acknowledged sounds again', tones, (count) => count > before);

    await context.addInitScript(() => {
      Object.defineProperty(AudioContext.prototype, 'state', { get: () => 'suspended' });
    });
    await page.reload();
    await page.getByRole('button', { name: 'The browser blocks sound: press here' }).waitFor();
  });

  test('a daemon that is stuck is not a quiet one: a banner within three seconds, and nothing looks fresh', async () => {
    const { page } = await watch({ language: 'zh' });
    await page.getByText('一切正常').first().waitFor();
    const looks = () =>
      page
        .locator('main > .wall')
        .evaluate((wall) => `${getComputedStyle(wall).opacity} ${getComputedStyle(wall).filter}`);
    const fresh = await looks();
    const stuckAtMs = Date.now();
    house.daemon().signal('SIGSTOP');
    await stale(page).waitFor({ timeout: 10_000 });
    expect(Date.now() - stuckAtMs).toBeLessThan(staleWithinMs);
    expect(await stale(page).innerText()).toMatch(/连接中断|没有连接|失去连接|无连接/);
    expect(await page.locator('main').getAttribute('class')).toContain('old');
    await eventually('what is old is greyed', looks, (now) => now !== fresh);
    expect((await page.locator('.vital-sign').allInnerTexts()).filter((sign) => sign === '✓')).toEqual([]);
    // all is quiet is said nowhere any more
    expect(await page.locator('.state-link').innerText()).not.toContain('一切正常');
    expect(await page.locator('.band').getAttribute('class')).not.toContain('quiet');
    // and it says so in every view
    await goTo(page, 'raise');
    await page.getByRole('heading', { name: '手动启动预案' }).waitFor();
    expect(await stale(page).isVisible()).toBe(true);
    house.daemon().signal('SIGCONT');
    await stale(page).waitFor({ state: 'detached', timeout: 10_000 });
    expect(await page.locator('main').getAttribute('class')).not.toContain('old');
  });

  test('while the line is dead every view opens, also one that was never looked at, and the banner covers none', async () => {
    const { page, complaints } = await watch({ width: 360 });
    const wanted = await page.evaluate(async () => {
      const named = [...document.scripts].map((one) => one.src).find((src) => src.includes('/assets/'));
      const text = await (await fetch(named!)).text();
      return [...new Set(text.match(/[\w-]+-[\w-]{8}\.(?:js|css)/g))];
    });
    expect(wanted.length).toBeGreaterThan(15);
    await eventually(
      'the parts of all views are there',
      () =>
        page.evaluate(
          (names) =>
            names.filter((name) => {
              const is = (url: string): boolean => url.endsWith(`/${name}`);
              return !performance.getEntriesByType('resource').some((one) => is(one.name));
            }),
          wanted,
        ),
      (missing) => missing.every((name) => /^trend-chart-/.test(name)),
      20_000,
    );
    await house.daemon().kill();
    await stale(page).waitFor({ timeout: 10_000 });
    const places = ['.stale', '.top', 'main'].map((part) => page.locator(part));
    const [banner, bar, main] = await Promise.all(
      places.map(async (part) => (await part.boundingBox()) ?? { y: Number.NaN, height: Number.NaN }),
    );
    expect(bar!.y).toBeGreaterThanOrEqual(banner!.y + banner!.height - 1);
    expect(main!.y).toBeGreaterThanOrEqual(bar!.y + bar!.height - 1);
    await page.locator('.menu-button').click();
    const views = await page
      .locator('.menu-list a')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')!));
    expect(views.length).toBeGreaterThan(11);
    for (const view of views) {
      if ((await page.locator('.menu-button').getAttribute('aria-expanded')) === 'false')
        await page.locator('.menu-button').click();
      await page.locator(`.menu-list a[href="${view}"]`).click();
      await page.locator(`.menu-list a[href="${view}"]`).waitFor({ state: 'detached' });
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      expect([view, await page.getByText('could not be loaded').count()]).toEqual([view, 0]);
      expect(await stale(page).isVisible()).toBe(true);
    }
    expect(complaints.filter((line) => !/ERR_|Failed to load|net::/.test(line))).toEqual([]);
  });

  test('killed and started again under an open page: fresh within seconds, nothing doubled, nothing missed', async () => {
    const { page, complaints } = await watch();
    const points = (await watch({ at: 'points' })).page;
    set(input.flood, true);
    await cards(page).filter({ hasText: 'Water leak' }).waitFor();
    const killedAtMs = Date.now();
    await house.daemon().kill();
    await stale(page).waitFor({ timeout: 10_000 });
    expect(Date.now() - killedAtMs).toBeLessThan(staleWithinMs);
    // what was known stays in sight
    expect(await cards(page).count()).toBe(1);
    set(input.smoke, true);
    set(input.door, true);
    await house.start();
    const startedAtMs = Date.now();
    await stale(page).waitFor({ state: 'detached', timeout: 15_000 });
    await cards(page).filter({ hasText: 'Fire' }).waitFor({ timeout: 15_000 });
    expect(Date.now() - startedAtMs).toBeLessThan(8000);
    const { incidents } = (await house.client.get('/incidents')).json;
    const ids = await cards(page).locator('.card-id').allInnerTexts();
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(incidents.length);
    await points
      .getByRole('row', { name: /Back door/ })
      .filter({ hasText: 'yes' })
      .waitFor();
    await stale(points).waitFor({ state: 'detached' });
    expect(await points.getByRole('row', { name: /Back door/ }).count()).toBe(1);
    // the page acts as before: its token is of the daemon that is gone (by a key, because a press by hand does not count
    // for a moment after the cards have moved)
    await cards(page)
      .filter({ hasText: 'Fire' })
      .getByRole('button', { name: /^Acknowledge/ })
      .press('Enter');
    await cards(page).filter({ hasText: 'Acknowledged by Li Na' }).waitFor();
    expect(complaints.filter((line) => !/ERR_|Failed to load|net::|403/.test(line))).toEqual([]);
  });

  test('a list of points that is refused when the daemon is back is asked for again: nothing old is left', async () => {
    const { page } = await watch({ at: 'points' });
    const door = page.getByRole('row', { name: /Back door/ });
    await door.filter({ hasText: 'no' }).waitFor();
    let asked = 0;
    await page.route('**/api/v1/points', (route) => {
      asked += 1;
      if (asked > 3) return route.continue();
      return route.fulfill({ status: 429, json: { code: 'tooMany', message: 'wait a second' } });
    });
    await house.daemon().kill();
    set(input.door, true);
    await house.start();
    await door.filter({ hasText: 'yes' }).waitFor({ timeout: 20_000 });
    expect(asked).toBeGreaterThan(3);
  });

  test('a press again after an answer that never came is the same command, not a second one', async () => {
    const { page } = await watch();
    set(input.flood, true);
    const press = cards(page)
      .filter({ hasText: 'Water leak' })
      .getByRole('button', { name: /^Acknowledge/ });
    await press.waitFor();
    const ids: string[] = [];
    await page.route('**/api/v1/command', (route) => {
      ids.push(route.request().postDataJSON().id);
      return ids.length > 4 ? route.continue() : route.abort();
    });
    for (const times of [2, 4]) {
      await press.press('Enter');
      await eventually(
        'tried again by itself',
        () => ids.length,
        (count) => count === times,
      );
    }
    await press.press('Enter');
    await cards(page).filter({ hasText: 'Acknowledged by Li Na' }).waitFor();
    expect(new Set(ids).size).toBe(1);
  });
});
