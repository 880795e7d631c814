// What people do on the page, each path by the mouse in one language and by the keyboard alone in the other: an incident
// from raising to closing, points and outputs, drills and walk tests, signatures, floor plans, reports. What the page
// shows is held against what the daemon says.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Incident } from '../../../src/console/api.ts';
import { haveBrowser, openBrowser, type Visit } from '../../support/browser.ts';
import { eventually } from '../../support/daemon.ts';
import { calm, coil, type House, input, type Look, look, openHouse } from './house.ts';
import { press, tabTo, type } from './keys.ts';

const able = haveBrowser();

describe.skipIf(!able)('paths through the page', () => {
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
  beforeEach(() => calm(house));
  afterEach(async () => {
    for (const { context, complaints, hosts } of open.splice(0)) {
      await context.close();
      // (the browser tells of each answer that refuses)
      expect(complaints.filter((line) => !line.includes('status of 412'))).toEqual([]);
      expect([...hosts]).toEqual([new URL(house.url).host]);
    }
  });

  const watch = async (how: Look = {}): Promise<Page> => {
    const seen = await look(browser, house.url, how);
    open.push(seen);
    return seen.page;
  };
  const incident = async (id: string): Promise<Incident> =>
    (await house.client.get(`/incidents/${id}`)).json.incident;
  const status = async () => (await house.client.get('/status')).json;
  const becomes = <T>(what: string, ask: () => Promise<T>, wanted: object) =>
    eventually(what, ask, (now) => {
      try {
        expect(now).toMatchObject(wanted);
        return true;
      } catch {
        return false;
      }
    });
  const button = (page: Page | Locator, name: string | RegExp) => page.getByRole('button', { name });
  const dialog = (page: Page) => page.getByRole('dialog');

  test('an incident by the mouse, in Chinese: who one is, acknowledge, silence, note, level, a step, shelve', async () => {
    const page = await watch({ language: 'zh', name: '', width: 768, theme: 'light' });
    house.unit.discrete.set(input.smoke, true);
    await button(page, /^确认.*火灾/).click();
    // the name is asked for once
    await dialog(page).getByRole('textbox').fill('张伟');
    await button(dialog(page), '确定').click();
    const card = page.locator('.card').first();
    await card.getByText(/张伟/).waitFor();
    const [{ id }] = (await house.client.get('/incidents')).json.incidents;
    expect(await incident(id)).toMatchObject({ acknowledgedBy: '张伟', state: 'acknowledged' });

    await card.getByRole('link').click();
    await page.getByRole('heading', { name: '火灾 · 中庭' }).waitFor();
    await button(page, '消音').click();
    await becomes('silenced', () => incident(id), { silenced: true });
    await button(page, '补充情况').click();
    await dialog(page).getByRole('textbox').fill('二楼有烟 <b>浓</b>');
    await button(dialog(page), '保存').click();
    await page.locator('.timeline').getByText('二楼有烟 <b>浓</b>').waitFor();
    await page.locator('.step').nth(1).getByRole('button').first().click();
    await page.locator('.step').nth(1).getByText(/张伟/).waitFor();
    await page.locator('.step').nth(2).getByRole('button').nth(1).click();
    await dialog(page).getByRole('textbox').fill('灭火器两具');
    await dialog(page).locator('button.submit').click();
    await page.locator('.step').nth(2).getByText('灭火器两具').waitFor();
    expect((await incident(id)).steps.slice(1, 3)).toMatchObject([
      { doneBy: '张伟' },
      { doneBy: '张伟', note: '灭火器两具' },
    ]);
    await button(page, '搁置').click();
    await dialog(page).getByRole('combobox').selectOption('10m');
    await dialog(page).getByRole('textbox').fill('已知：动火');
    await dialog(page).locator('button.submit').click();
    await becomes('shelved', () => incident(id), { state: 'shelved' });
    await button(page, /取消搁置|解除搁置/).click();
    await becomes('off the shelf', () => incident(id), { state: 'acknowledged' });
  });

  test('an incident by the keyboard alone, in English: acknowledge, note, level, a step, close with what its plan asks for', async () => {
    const id = await house.command({ verb: 'raise', plan: 'staff-injury', zone: 'kitchen' });
    const page = await watch();
    await press(page, button(page, /^Acknowledge: .*/));
    await page.locator('.card', { hasText: 'Acknowledged by Li Na' }).waitFor();
    // the focus stays at the card
    await press(page, page.locator('.card-title a'));
    await press(page, button(page, 'Raise the level'));
    await type(page, dialog(page).getByLabel(/Why/), 'two people');
    await press(page, button(dialog(page), 'Raise the level'));
    await becomes('urgent', () => incident(id), { level: 'urgent' });
    await press(page, button(page, 'Add a note'));
    await type(page, dialog(page).getByRole('textbox'), 'ambulance is on its way');
    await press(page, button(dialog(page), 'Save'));
    await page
      .locator('.timeline')
      .getByText(/ambulance is on its way/)
      .waitFor();
    for (const { id: step, required, doneAt } of (await incident(id)).steps) {
      if (required && doneAt === undefined) await house.command({ verb: 'step', incident: id, step });
    }
    await press(page, page.locator('.step-act button').first());
    await becomes('a step is done', () => incident(id), {
      steps: expect.arrayContaining([expect.objectContaining({ doneBy: 'Li Na' })]),
    });
    await press(page, button(page, 'Close the incident'));
    // what is missing is asked for and nothing is sent
    await press(page, button(dialog(page), 'Close the incident'));
    expect(await dialog(page).isVisible()).toBe(true);
    expect((await incident(id)).state).not.toBe('closed');
    await tabTo(page, dialog(page).getByRole('combobox'));
    await page.keyboard.press('ArrowDown');
    await type(page, dialog(page).getByLabel(/Why it happened/), 'a wet floor');
    await type(page, dialog(page).getByLabel(/What was done/), 'first aid');
    await type(page, dialog(page).getByLabel(/What was lost/), 'none');
    await press(page, button(dialog(page), 'Close the incident'));
    await becomes('closed', () => incident(id), {
      state: 'closed',
      closedBy: 'Li Na',
      verdict: 'real',
      closingCause: 'a wet floor',
    });
    await page.getByText(/^Closed by Li Na/).waitFor();
  });

  test('raised in two taps on a phone; by the keyboard with a place and a finder; the panic key', async () => {
    const phone = await watch({ at: 'raise', width: 360, hasTouch: true, isMobile: true, language: 'zh' });
    await phone.locator('.plan').first().tap();
    await phone.locator('.raise-now').tap();
    await phone.getByRole('heading', { level: 1, name: '火灾' }).waitFor();

    const page = await watch({ at: 'raise' });
    await type(page, page.getByRole('searchbox'), 'water');
    await press(page, page.getByRole('link', { name: /Water leak/ }));
    await tabTo(page, page.locator('.raise-now'));
    await tabTo(page, page.getByLabel(/^Where(?! exactly)/));
    await page.keyboard.press('ArrowDown');
    await type(page, page.getByLabel(/^Where exactly/), 'by the lift');
    await type(page, page.getByLabel(/^Found by/), 'Zhou');
    await page.keyboard.down('Shift');
    for (let back = 0; back < 6; back += 1) {
      if (await page.locator('.raise-now').evaluate((one) => one === document.activeElement)) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.up('Shift');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: /Water leak/ }).waitFor();
    const raised = (await house.client.get('/incidents')).json.incidents as Incident[];
    expect(raised.find(({ plan }) => plan === 'water-leak')).toMatchObject({
      zone: 'atrium',
      place: 'by the lift',
      finder: { name: 'Zhou' },
    });

    await page.evaluate(() => {
      location.hash = '#/raise';
    });
    const panic = page.locator('.panic-key button').first();
    await press(page, panic);
    await page.getByText('Press once more to raise it').waitFor();
    expect(((await house.client.get('/incidents')).json.incidents as Incident[]).length).toBe(2);
    await page.keyboard.press('Enter');
    await page.getByText(/^Help is being called/).waitFor();
    // held by the mouse for a second, as well
    await phone.goto(`${house.url}#/raise`);
    const key = phone.locator('.panic-key button').nth(1);
    if ((await key.count()) > 0) {
      await key.hover();
      await phone.mouse.down();
      await phone.locator('.panic-key.sent').waitFor();
      await phone.mouse.up();
    }
    const plans = ((await house.client.get('/incidents')).json.incidents as Incident[]).map(
      ({ plan }) => plan,
    );
    expect(plans).toContain('personal-attack');
  });

  test('a point out of service and back, and its trend', async () => {
    const page = await watch({ at: 'points', language: 'zh' });
    const row = page.getByRole('row', { name: /厨房水浸/ });
    await row.getByRole('button', { name: /^停用/ }).click();
    await dialog(page).getByRole('textbox').fill('检修');
    await dialog(page).locator('button.submit').click();
    await row.getByText('已停用').waitFor();
    await becomes('out of service', status, {
      disabled: [{ of: 'point', id: 'box.flood', reason: '检修', by: 'Li Na' }],
    });

    const other = await watch({ at: 'points/box.flood' });
    await press(other, button(other, /^Back in service/));
    await press(other, button(dialog(other), 'Back in service'));
    await becomes('in service', status, { disabled: [] });
    // the list that is open elsewhere has it too
    await row.getByRole('button', { name: /^停用/ }).waitFor();

    const trend = await watch({ at: 'points/box.temperature' });
    await trend.getByText('22.4 °C').first().waitFor();
    await press(trend, button(trend, '1 hour'));
    await trend.locator('.chart canvas, .trend-section .empty').first().waitFor();
  });

  test('an output by hand for a time, and automatic again', async () => {
    const page = await watch({ at: 'outputs' });
    await button(page, 'Switch on: Lamp').click();
    await dialog(page).getByRole('combobox').selectOption('1m');
    await button(dialog(page), 'Switch on').click();
    await eventually(
      'the coil is driven',
      () => house.unit.coils.get(coil.lamp),
      (on) => on === true,
    );
    await page.getByText(/By hand on by Li Na/).waitFor();
    const other = await watch({ at: 'outputs', language: 'zh' });
    await press(other, button(other, '恢复自动: 警示灯'));
    await press(other, button(dialog(other), '恢复自动'));
    await eventually(
      'the coil rests',
      () => house.unit.coils.get(coil.lamp),
      (on) => on === false,
    );
  });

  test('a drill begun by the mouse and ended by the keyboard; its score', async () => {
    const page = await watch({ at: 'drills', language: 'zh' });
    await page.getByLabel(/^预案/).selectOption('fire');
    await page.getByRole('button', { name: '开始演练' }).click();
    await button(dialog(page), '开始演练').click();
    await page.getByText(/^正在演练：/).waitFor();
    const other = await watch({ at: 'drills' });
    await press(other, button(other, 'End the drill'));
    await press(other, button(dialog(other), 'End the drill'));
    await becomes('over', status, { drills: [] });
    await press(other, button(other, /^Show the score/).first());
    await other.locator('.score').first().waitFor();
  });

  test('a walk test is followed live', async () => {
    const page = await watch({ at: 'drills', width: 360 });
    await page.getByRole('button', { name: 'Start a walk test' }).click();
    await button(dialog(page), 'Start a walk test').click();
    await page.getByText(/Walk test: .* is NOT guarded now/).waitFor();
    house.unit.discrete.set(input.smoke, true);
    await page.locator('.walk-last', { hasText: 'Smoke detector' }).waitFor();
    house.unit.discrete.set(input.smoke, false);
    expect(
      (await house.client.get('/incidents')).json.incidents.filter(
        ({ category }: Incident) => category === 'alarm',
      ),
    ).toEqual([]);
    await press(page, button(page, 'Stop the walk test'));
    await press(page, button(dialog(page), 'Stop the walk test'));
    await eventually('over', status, ({ walkTest }) => walkTest === undefined || walkTest.ending === true);
  });

  test('stock is signed off and contacts are looked through', async () => {
    const page = await watch({ at: 'readiness', language: 'zh', width: 360 });
    await page.getByRole('table').getByRole('button', { name: '签核: 灭火器' }).click();
    await dialog(page).getByRole('spinbutton').fill('4');
    await dialog(page).locator('button.submit').click();
    await becomes('signed', status, { signed: { extinguisher: { by: 'Li Na', amount: 4 } } });
    const other = await watch({ at: 'contacts' });
    await press(other, button(other, 'All checked and right'));
    await type(other, dialog(other).getByRole('textbox'), 'by phone');
    await press(other, button(dialog(other), 'All checked and right'));
    await becomes('checked', status, { contactsChecked: { by: 'Li Na', note: 'by phone' } });
    await other
      .getByText(/by phone/)
      .first()
      .waitFor();
  });

  test('a floor plan: made with its picture, marks put on by mouse and by arrows, saved into the folder of the site', async () => {
    await house.client.ask('DELETE', '/floors/ground_floor');
    const page = await watch({ at: 'floors' });
    await button(page, 'Add a floor').click();
    await dialog(page)
      .getByLabel(/Name in English/)
      .fill('Ground floor');
    await dialog(page)
      .getByLabel(/Name in Chinese/)
      .fill('一层');
    await dialog(page)
      .locator('input[type=file]')
      .setInputFiles({
        name: 'ground.svg',
        mimeType: 'image/svg+xml',
        buffer: Buffer.from(
          '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><rect x="2" y="2" width="296" height="196" fill="none" stroke="gray"/></svg>',
        ),
      });
    await dialog(page).locator('button.submit').click();
    await page.getByRole('heading', { name: /Edit: Ground floor/ }).waitFor();
    // by the mouse: put on, then dragged
    await button(page, 'Place Smoke detector').click();
    const mark = page.locator('[data-key="point:box.smoke"], .mark-edited').first();
    await mark.waitFor();
    const sheet = (await page.locator('.sheet').boundingBox())!;
    const at = (await mark.locator('.mark-sign').boundingBox())!;
    await page.mouse.move(at.x + at.width / 2, at.y + at.height / 2);
    await page.mouse.down();
    await page.mouse.move(at.x + at.width / 2 - sheet.width * 0.1, at.y + at.height / 2, { steps: 4 });
    await page.mouse.move(
      at.x + at.width / 2 - sheet.width * 0.25,
      at.y + at.height / 2 - sheet.height * 0.25,
      { steps: 4 },
    );
    await page.mouse.up();
    // by the keyboard: put on, and moved by arrows
    await press(page, button(page, 'Place Flood sensor'));
    await page.locator('[data-key="point:box.flood"]:focus').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('.floor-chosen', { hasText: '51 % from the left' }).waitFor();
    // and faster than they are drawn
    await page.locator('[data-key="point:box.flood"]').evaluate((mark) => {
      const press = { key: 'ArrowRight', bubbles: true, cancelable: true };
      for (let count = 0; count < 4; count += 1) mark.dispatchEvent(new KeyboardEvent('keydown', press));
    });
    await page.locator('.floor-chosen', { hasText: '55 % from the left' }).waitFor();
    await page.keyboard.press('Shift+ArrowDown');
    await page.locator('.floor-chosen', { hasText: '50.2 % from the top' }).waitFor();
    await press(page, button(page, 'Save'));
    const file = path.join(house.place.folder, 'floors', 'ground_floor.yaml');
    const kept = await eventually(
      'it is saved',
      () => (existsSync(file) ? parse(readFileSync(file, 'utf8')) : {}),
      ({ points = {} }) => Object.keys(points).length === 2,
    );
    expect(kept.name).toEqual({ zh: '一层', en: 'Ground floor' });
    expect(kept.points['box.smoke'][0]).toBeCloseTo(0.25, 1);
    expect(kept.points['box.smoke'][1]).toBeCloseTo(0.25, 1);
    expect(kept.points['box.flood'][0]).toBeCloseTo(0.55, 2);
    expect(kept.points['box.flood'][1]).toBeCloseTo(0.502, 3);
    expect(existsSync(path.join(house.place.folder, 'floors', 'ground_floor.svg'))).toBe(true);
    await page.locator('.floor-unsaved.not-yet').waitFor({ state: 'attached' });
    // somebody else changes it meanwhile: it is asked which of both is to stay
    const placed = async () => (await house.client.get('/floors/ground_floor')).json.points as object;
    const theirs = { name: 'Theirs', points: { 'box.door': [0.1, 0.1] } };
    const overrun = async (key: string): Promise<void> => {
      await page.locator('.mark-edited').first().focus();
      await page.keyboard.press(key);
      await page.locator('.floor-unsaved:not(.not-yet)').waitFor();
      await house.client.ask('PUT', '/floors/ground_floor', { body: theirs });
      await button(page, 'Save').click();
      await dialog(page).getByText('Somebody else has changed this floor since').waitFor();
      expect(Object.keys(await placed())).toEqual(['box.door']);
    };
    await overrun('ArrowDown');
    await button(dialog(page), 'Keep mine, replace theirs').click();
    await eventually('mine', placed, (points) => Object.keys(points).length === 2);
    await page.locator('.floor-unsaved.not-yet').waitFor({ state: 'attached' });
    await overrun('ArrowUp');
    await button(dialog(page), 'Show theirs, drop mine').click();
    await page.locator('[data-key="point:box.door"]').waitFor();
    expect(await page.locator('.mark-edited').count()).toBe(1);
    await house.client.ask('PUT', '/floors/ground_floor', { body: { ...kept, zones: {} } });
    // live, and in the other language
    const other = await watch({ at: 'floors', language: 'zh' });
    house.unit.discrete.set(input.flood, true);
    await other.locator('.mark-open, .mark-active').filter({ hasText: '厨房水浸' }).waitFor();
    await other.locator('.sheet-picture').evaluate((picture) => (picture as HTMLImageElement).decode());
  });

  test('reports are downloaded and are what they say', async () => {
    const id = await house.command({ verb: 'raise', plan: 'fire', zone: 'atrium' });
    const page = await watch({ at: 'reports', language: 'zh' });
    const fetched = async (from: Page, act: () => Promise<void>): Promise<Buffer> => {
      const [download] = await Promise.all([from.waitForEvent('download'), act()]);
      return readFileSync(await download.path());
    };
    await page.getByRole('table').first().waitFor();
    const pdf = await fetched(page, () =>
      page
        .getByRole('button', { name: /的报告，PDF$/ })
        .first()
        .click(),
    );
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    const csv = await fetched(page, () =>
      press(page, page.getByRole('button', { name: /的报告，CSV$/ }).first()),
    );
    expect(csv.toString('utf8')).toContain(id);
    const one = await watch({ at: `incident/${id}` });
    const own = await fetched(one, () => one.getByRole('link', { name: 'PDF' }).click());
    expect(own.subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('the settings show what runs, what is in the file and what a reload would change', async () => {
    const page = await watch({ at: 'settings' });
    await page.getByText(/Nothing: what runs is what is in the file/).waitFor();
    await page.getByText('Text with line numbers').click();
    await page.locator('code', { hasText: '"box": {' }).first().waitFor();
    const text = readFileSync(house.place.file, 'utf8');
    house.place.write(text.replace('"every": "100ms"', '"every": "200ms"'));
    try {
      await press(page, button(page, 'Read again'));
      await page.getByText(/Nothing: what runs is what is in the file/).waitFor({ state: 'detached' });
      await page.getByText(/200/).first().waitFor();
    } finally {
      house.place.write(text);
    }
  });
});
