// A hold-up on the page: a screen that anybody may look at does not betray it, neither in sight nor in sound, and keeps a
// calm word for those who know; whoever has logged in to answer alarms sees it like any other. And the doctor's lines.

import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { haveBrowser, openBrowser, type Visit } from '../../support/browser.ts';
import { eventually } from '../../support/daemon.ts';
import { password, users } from '../stage.ts';
import { faultsOf, goTo, type House, type Look, look, openHouse, shiftsOf } from './house.ts';

const able = haveBrowser();
const telling = /robbery|hold-up|help is being|抢劫|alarm\b/i;

describe.skipIf(!able)('a silent incident', () => {
  let browser: Browser;
  let house: House;
  const open: Visit[] = [];
  beforeAll(async () => {
    [browser, house] = await Promise.all([
      openBrowser(),
      openHouse({ users, console: { withoutLogin: 'operate' } }),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await house?.leave();
  });
  afterEach(async () => {
    for (const { context, complaints } of open.splice(0)) {
      await context.close();
      expect(complaints).toEqual([]);
    }
    for (const { id } of (await house.client.get('/incidents')).json.incidents) {
      await house.command({ verb: 'ack', incident: id });
      await house.command({
        verb: 'close',
        incident: id,
        verdict: 'test',
        cause: 'x',
        remedy: 'x',
        losses: 'x',
      });
    }
  });
  const watch = async (how: Look = {}): Promise<Page> => {
    const seen = await look(browser, house.url, how);
    open.push(seen);
    return seen.page;
  };
  const logIn = async (page: Page, name: string): Promise<void> => {
    await page.locator('input[name=name]').fill(name);
    await page.locator('input[name=password]').fill(password);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.locator('input[name=password]').waitFor({ state: 'detached' });
  };
  const note = (page: Page) => page.getByRole('button', { name: 'Notices: 1. Open' });
  const seenOn = (page: Page): Promise<string> => page.locator('body').innerText();

  test('is kept from an open screen, and shown to whoever logs in to answer it', {
    timeout: 90_000,
  }, async () => {
    const page = await watch();
    await page.getByText('All quiet').first().waitFor();
    await house.command({ verb: 'raise', plan: 'robbery', zone: 'atrium' });
    await note(page).waitFor();
    expect(await seenOn(page)).not.toMatch(telling);
    expect(await page.locator('.card').count()).toBe(0);
    expect(await page.locator('[aria-live],[role=alert]').allInnerTexts()).not.toEqual(
      expect.arrayContaining([expect.stringMatching(telling)]),
    );
    expect(
      await faultsOf(page, { rules: ['color-contrast', 'target-size', 'label-content-name-mismatch'] }),
    ).toEqual([]);
    // what is not silent stands there as ever, beside the note
    await house.command({ verb: 'raise', plan: 'fire', zone: 'atrium' });
    await page.locator('.card').waitFor();
    expect(await page.locator('.card').count()).toBe(1);
    expect(await seenOn(page)).not.toMatch(/robbery/i);
    await note(page).waitFor();
    await goTo(page, 'history');
    await page.locator('table').waitFor();
    expect(await seenOn(page)).not.toMatch(/robbery/i);

    await note(page).click();
    await logIn(page, 'an');
    await goTo(page, '');
    await page
      .locator('.card')
      .filter({ hasText: /robbery/i })
      .waitFor();
    expect(await note(page).count()).toBe(0);
  });

  test('a display with the role view keeps it too, and shows it for a while to whoever presses', {
    timeout: 90_000,
  }, async () => {
    const page = await watch({ at: 'login', width: 360 });
    await logIn(page, 'wu');
    await page.locator('.band-head', { hasText: 'All quiet' }).waitFor();
    const before = (await shiftsOf(page)).length;
    await house.command({ verb: 'raise', plan: 'robbery' });
    await note(page).waitFor();
    // on a phone too it finds its place without moving anything
    expect((await shiftsOf(page)).slice(before)).toEqual([]);
    expect(await page.locator('.top').evaluate((top) => top.clientHeight)).toBeLessThan(80);
    expect(await page.locator('.card').count()).toBe(0);
    await note(page).click();
    await page
      .locator('.card')
      .filter({ hasText: /robbery/i })
      .waitFor();
  });

  test('the panic key says no more than a calm word, done or not', { timeout: 90_000 }, async () => {
    const page = await watch({ at: 'raise' });
    const key = page.locator('.panic-key').filter({ hasText: /robbery/i });
    const said = key.locator('.panic-said');
    await key.getByRole('button').press('Enter');
    await key.getByRole('button').press('Enter');
    await said.filter({ hasText: 'Noted' }).waitFor();
    expect(await said.innerText()).toBe('✓ Noted');
    expect(await said.getAttribute('role')).toBeNull();
    expect(
      await said.evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize)),
    ).toBeLessThanOrEqual(18);
    await eventually(
      'the house has it',
      async () => (await house.client.get('/incidents')).json.incidents,
      (all) => all.some(({ plan }: { plan: string }) => plan === 'robbery'),
    );
    // the other key is as loud as ever
    const loud = page.locator('.panic-key').filter({ hasText: /attack/i });
    expect(await loud.locator('.panic-said').getAttribute('role')).toBe('alert');

    await page.route('**/api/v1/command', (route) => route.abort());
    await key.getByRole('button').press('Enter');
    await key.getByRole('button').press('Enter');
    await said.filter({ hasText: '110' }).waitFor();
    expect(await said.innerText()).not.toMatch(/NOT SENT/);
    // the other says it as loud as it can, in its own colours also while all the rest is greyed, and dials
    await loud.getByRole('button').press('Enter');
    await loud.getByRole('button').press('Enter');
    await loud.locator('.panic-said', { hasText: 'NOT SENT' }).waitFor();
    expect(await loud.locator('a.panic-call').getAttribute('href')).toBe('tel:110');
    expect(await key.locator('a.panic-call').count()).toBe(0);
    const greyed = await loud.evaluate((one) => {
      document.querySelector('main')!.classList.add('old');
      const over: string[] = [];
      for (let part: Element | null = one; part; part = part.parentElement)
        over.push(getComputedStyle(part).filter);
      return over.filter((filter) => filter !== 'none');
    });
    expect(greyed).toEqual([]);
    expect(await page.locator('.page-head').evaluate((one) => getComputedStyle(one).filter)).not.toBe('none');
    // (the browser complains of the request that was cut)
    open.at(-1)!.complaints.length = 0;
  });

  test('a reply is in the language of the page', { timeout: 60_000 }, async () => {
    const page = await watch({ at: 'points/box.smoke', language: 'zh', name: '李娜' });
    await page.locator('h1').waitFor();
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/command')) sent.push(request.postData() ?? '');
    });
    await goTo(page, 'raise');
    await page.getByRole('link', { name: /漏水/ }).first().click();
    await page.locator('.raise-now').click();
    await page
      .locator('.toast')
      .filter({ hasText: /\p{Script=Han}/u })
      .first()
      .waitFor();
    expect(JSON.parse(sent[0]!)).toMatchObject({ verb: 'raise', language: 'zh' });
  });

  test('the doctor’s lines stand in the settings, the worst first, and are looked for again', {
    timeout: 90_000,
  }, async () => {
    const page = await watch({ at: 'settings' });
    const doctor = page.locator('.doctor');
    await doctor.getByText(/^Looked at/).waitFor({ timeout: 60_000 });
    const words = await doctor.locator('> .findings .badge').allInnerTexts();
    expect(words.length).toBeGreaterThan(0);
    const ranks = words.map((word) => (/mend/.test(word) ? 0 : 1));
    expect(ranks).toEqual([...ranks].sort());
    expect(await doctor.locator('details li').count()).toBeGreaterThan(3);
    const before = await doctor.getByRole('status').innerText();
    await doctor.getByRole('button', { name: 'Look again' }).click();
    await eventually(
      'it looked again',
      () => doctor.getByRole('status').innerText(),
      (now) => /^Looked at/.test(now) && now !== before,
      60_000,
    );
    expect(await faultsOf(page)).toEqual([]);
  });
});
