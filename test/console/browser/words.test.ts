// What the views say and ask in words: names and not ids, the page's language where the browser would speak its own,
// and nothing promised that nobody knows.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveBrowser, openBrowser } from '../../support/browser.ts';
import { goTo, type House, input, look, openHouse, overflowOf } from './house.ts';

describe.skipIf(!haveBrowser())('the words of the views', () => {
  let browser: Browser;
  let house: House;
  let page: Page;
  const main = () => page.locator('main');

  beforeAll(async () => {
    browser = await openBrowser();
    house = await openHouse({ console: { zone: 'kitchen' } });
    // (a Chinese page in an English browser)
    ({ page } = await look(browser, house.url, { language: 'zh', name: '王伟', locale: 'en-US' }));
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await house?.leave();
  });

  test('an output asks how long it shall be on, and its answer has its name', async () => {
    await goTo(page, 'outputs');
    await page.getByRole('button', { name: '手动开: 警示灯' }).click();
    const dialog = page.locator('dialog[open]');
    expect(await dialog.innerText()).toContain('持续多久');
    expect(await dialog.innerText()).not.toContain('停用');
    await dialog.locator('button.submit').click();
    await page.getByText('警示灯 手动开', { exact: true }).waitFor();
  });

  test('outside numbers have words', async () => {
    await goTo(page, 'contacts');
    await page.getByText('自来水公司').waitFor();
    expect(await main().innerText()).not.toContain('water_company');
  });

  test('an empty field is asked for in the language of the page', async () => {
    await goTo(page, 'points/box.smoke');
    await page.getByRole('button', { name: /^停用/ }).click();
    const dialog = page.locator('dialog[open]');
    await dialog.locator('button.submit').click();
    const said = (): Promise<string> =>
      dialog.locator('input[name=reason]').evaluate((field: HTMLInputElement) => field.validationMessage);
    expect(await said()).toBe('请填写此项。');
    await dialog.locator('input[name=reason]').fill('焊接');
    expect(await said()).toBe('');
    // what was written is not thrown away by the first Escape
    await page.keyboard.press('Escape');
    await dialog.getByRole('alert').waitFor();
    expect(await dialog.locator('input[name=reason]').inputValue()).toBe('焊接');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('a walk test is ended above its lists, and a second drill can not be begun', async () => {
    await house.command({ verb: 'walktest', action: 'start', for: '30m' });
    await goTo(page, 'drills');
    const end = await page.getByRole('button', { name: '结束测试' }).boundingBox();
    const list = await page.locator('.walk-count').boundingBox();
    expect(end!.y).toBeLessThan(list!.y);
    await house.command({ verb: 'walktest', action: 'stop' });
    const drill = await house.command({ verb: 'drill', action: 'start', plan: 'fire', zone: 'atrium' });
    await page.getByText('有演练正在进行，请先结束。').waitFor();
    expect(await page.getByRole('button', { name: '开始演练' }).isDisabled()).toBe(true);
    await house.command({ verb: 'drill', action: 'stop', incident: drill });
  });

  test('an incident says who may have been told, without a tick for it, and its contact in words', async () => {
    house.unit.discrete.set(input.smoke, true);
    await goTo(page, '');
    await page.locator('.card').first().waitFor();
    const { incidents } = (await house.client.get('/incidents')).json;
    await goTo(page, `incident/${incidents[0].id}`);
    await page.locator('.signal-now').first().waitFor();
    // (the smoke may have gone again by now)
    expect(await page.locator('.signal-now').first().innerText()).toMatch(/：(动作|正常)$/);
    const told = page.locator('.told-list .delivery');
    for (const text of await told.allInnerTexts()) {
      expect(text).not.toContain('✓');
      expect(text).not.toContain('mqtt');
    }
    expect(await main().innerText()).not.toMatch(/&&|\bbox\.|\bsiren\b/);
    house.unit.discrete.set(input.smoke, false);
  });

  test('the panic key tells where the console stands', async () => {
    await goTo(page, 'raise');
    const key = page.locator('.panic-key button').first();
    await key.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await expect
      .poll(
        async () =>
          (await house.client.get('/incidents')).json.incidents.find(
            ({ plan }: { plan: string }) => plan === 'personal-attack' || plan === 'robbery',
          )?.zone,
      )
      .toBe('kitchen');
  });

  test('a clock that is off is a warning', async () => {
    const { clock } = (await house.client.get('/status')).json;
    await goTo(page, 'settings');
    await page.getByText('时钟').first().waitFor();
    const text = await main().innerText();
    if (clock === 'unsynced') expect(text).not.toContain('没有警告');
    expect(text).toContain('自检');
    expect(await overflowOf(page)).toBe(0);
  });
});
