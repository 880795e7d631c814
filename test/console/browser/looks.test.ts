// How every view of the demo looks: without a fault that axe finds, in both colours, as wide as a phone, a tablet and a
// duty room's screen, in one language only, and with nothing asked for from anywhere else.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Incident } from '../../../src/console/api.ts';
import { haveBrowser, openBrowser, type Visit, widths } from '../../support/browser.ts';
import { type Daemon, eventually, newPlace, type Place } from '../../support/daemon.ts';
import { type Client, clientOf } from '../stage.ts';
import { faultsOf, goTo, look, overflowOf, shiftsOf } from './house.ts';

const able = haveBrowser();
/** what the two themes can differ in */
const ofColours = ['color-contrast'];
/** names, units, protocols and what stands for itself; no words of the page */
const inAnyLanguage =
  /\b(?:\w+\.yaml|Keepwatch|MQTT|UPS|PDF|CSV|SVG|PNG|MB|GB|kB|Markdown|Node\.js|id|Modbus|TCP|megatec|eastron|SDM\d*|XY-MD02|ppm|Hz|kWh|kVA|VA|kvar|var|kW|Wh|Ah|V|A|W|YAML|ISA|HTTP|x86|mqtt|systemctl reload keepwatch|keepwatch doctor|sudo|dB|ms|VAr|VArh|kVArh|kvarh)\b/g;
const keyName =
  /\b(?:app|nav|do|wall|card|incident|vital|raise|panic|login|history|sound|silence|screen|stale|failure|name|button|theme|announce|time|person)\.[a-z][A-Za-z]+\b|\{\w+\}|\bundefined\b|\[object/;

describe.skipIf(!able)('every view of the demo', () => {
  let browser: Browser;
  let place: Place;
  let daemon: Daemon;
  let url: string;
  let client: Client;
  let fire: string;
  let seen: Visit;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    place = newPlace();
    // a folder of its own: other demos may run on this machine
    daemon = await place.start({ demo: true, env: { TMPDIR: place.folder } });
    ({ url } = await daemon.said('the console listens', ({ code }) => code === 'CONSOLE'));
    const port = Number(new URL(url).port);
    client = clientOf(() => port);
    const floor = {
      name: { zh: '一层', en: 'Ground floor' },
      points: { 'inputs.smoke_atrium': [0.3, 0.4], 'gas.ppm': [0.8, 0.7] },
      zones: { atrium: [0.1, 0.1, 0.5, 0.5] },
    };
    await client.ask('PUT', '/floors/ground', { body: floor });
    const told = await client.command({
      id: 'd1',
      verb: 'raise',
      plan: 'water-leak',
      zone: 'kitchen',
      by: '0042',
    });
    await client.command({ id: 'd2', verb: 'ack', incident: told.json.incident, by: '0042' });
    await client.command({
      id: 'd3',
      verb: 'disable',
      point: 'inputs.lift_fault',
      reason: '7',
      for: '1h',
      by: '0042',
    });
    // the demo's own day brings a fire
    fire = await eventually(
      'a fire',
      async () =>
        (await client.get('/incidents')).json.incidents.find(({ plan }: Incident) => plan === 'fire')?.id,
      (id) => id !== undefined,
      20_000,
    );
    seen = await look(browser, url, { language: 'zh', name: '0042' });
    page = seen.page;
  });
  afterAll(async () => {
    await browser?.close();
    await place?.leave();
  });

  const views = [
    ['wall', ''],
    ['incident', 'incident/FIRE'],
    ['history', 'history'],
    ['raise', 'raise'],
    ['raise one', 'raise/fire'],
    ['floors', 'floors'],
    ['points', 'points'],
    ['point', 'points/climate.temperature'],
    ['buses', 'buses'],
    ['outputs', 'outputs'],
    ['drills', 'drills'],
    ['readiness', 'readiness'],
    ['contacts', 'contacts'],
    ['reports', 'reports'],
    ['settings', 'settings'],
    ['login', 'login'],
  ] as const;

  /** Goes there and waits until it stands: its heading is another than before, and nothing is on its way any more. */
  const settled = async (at: string): Promise<void> => {
    const hash = `#/${at.replace('FIRE', fire)}`;
    if ((await page.evaluate(() => location.hash)) !== hash) {
      await page.locator('h1').evaluateAll((all) => {
        for (const one of all) one.setAttribute('data-before', '');
      });
      await goTo(page, hash.slice(2));
    }
    await page.locator('h1:not([data-before])').first().waitFor({ state: 'attached' });
    await page.locator('.empty[role=status], .empty [role=status]').first().waitFor({ state: 'detached' });
  };
  const language = (to: 'zh' | 'en'): Promise<void> =>
    page.evaluate((chosen) => {
      localStorage.setItem('keepwatch.language', chosen);
      location.reload();
    }, to);
  /** what stands on the page but what is data: ids, names that people gave, text of files */
  const words = (): Promise<string> =>
    page.evaluate(() => {
      const copy = document.body.cloneNode(true) as HTMLElement;
      for (const one of copy.querySelectorAll(
        'script, style, noscript, bdi, code, pre, .mono, [lang], q, .doctor .findings',
      ))
        one.remove();
      const labels = [...copy.querySelectorAll('[aria-label], [title], [placeholder]')].flatMap((one) =>
        ['aria-label', 'title', 'placeholder'].map((name) => one.getAttribute(name) ?? ''),
      );
      // (what is to be typed stands in ticks)
      return [copy.textContent ?? '', ...labels].join('\n').replace(/`[^`]*`/g, '');
    });

  test.each(views)('%s: no fault for axe in either colours, and no wider than the window', async (_, at) => {
    await page.setViewportSize({ width: 768, height: 1000 });
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await settled(at);
    expect(await faultsOf(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await faultsOf(page, { rules: ofColours })).toEqual([]);
    for (const width of widths) {
      await page.setViewportSize({ width, height: width === 360 ? 780 : 1000 });
      expect([width, await overflowOf(page)]).toEqual([width, 0]);
    }
  });

  test.each(widths)('wall, incident and the menu at %i px as well, in English', async (width) => {
    if (width === widths[0]) await language('en');
    await page.setViewportSize({ width, height: width === 360 ? 780 : 1000 });
    for (const at of ['', 'incident/FIRE']) {
      await settled(at);
      expect(await faultsOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
    }
    await page.locator('.menu-button').click();
    expect(await faultsOf(page, { within: '.menu' })).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('each view speaks one language, and no key stands where a word should', async () => {
    for (const to of ['en', 'zh'] as const) {
      await language(to);
      await page.waitForFunction(
        (lang) => document.documentElement.lang.startsWith(lang) && document.querySelector('h1'),
        to,
      );
      for (const [name, at] of views) {
        await settled(at);
        const said = await words();
        const foreign =
          to === 'en'
            ? (said.match(/\p{Script=Han}+/gu) ?? [])
            : (said
                .replace(inAnyLanguage, ' ')
                .match(/[A-Za-z][A-Za-z'’]+(?: [A-Za-z'’]+)+|\b[a-z]{4,}\b/g) ?? []);
        expect([name, to, [...new Set(foreign)]]).toEqual([name, to, []]);
        expect([name, to, keyName.exec(said)?.[0]]).toEqual([name, to, undefined]);
      }
    }
  });

  test('the bars of a month have room for their words, on a phone as on a tablet', async () => {
    for (const width of [360, 768]) {
      await page.setViewportSize({ width, height: 780 });
      await settled('reports');
      await page.locator('ul.bars li').first().waitFor();
      const lists = await page.locator('ul.bars').evaluateAll((all) =>
        all.map((list) => {
          const rows = [...list.children].map((row) => row.getBoundingClientRect());
          const { height, width: wide } = list.getBoundingClientRect();
          return {
            cut: rows.reduce((sum, row) => sum + row.height, 0) > height + 1,
            narrow: wide < 200,
          };
        }),
      );
      expect([width, lists.filter(({ cut, narrow }) => cut || narrow)]).toEqual([width, []]);
    }
  });

  test('a card says where, what to do next and who was told, and on a phone its button is in sight', async () => {
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 640 });
      await settled('');
      const card = page.locator('.card').first();
      await card.locator('.card-where', { hasText: '中庭' }).waitFor();
      await card.locator('.card-step', { hasText: '下一步' }).waitFor();
      // (nobody has acknowledged: no sign that it was heard)
      expect(await card.locator('.told-line').innerText()).toMatch(/^(?:→\s*已通知 .*未确认|…\s*正在通知)/);
      const cut = await card.evaluate((one) =>
        [...one.querySelectorAll<HTMLElement>('.card-where, .card-what')].some(
          (part) => part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1,
        ),
      );
      expect([width, cut]).toEqual([width, false]);
    }
    await page.setViewportSize({ width: 360, height: 640 });
    const button = (await page.locator('.card .ack').first().boundingBox())!;
    const foot = (await page.locator('.main-links').boundingBox())!;
    expect(button.y + button.height).toBeLessThanOrEqual(foot.y);
    // what it says of the broker in the gateway itself is no more than that
    expect(await page.locator('.vital', { hasText: '消息服务器' }).innerText()).not.toContain('✓');
    await page.getByRole('button', { name: '本屏静音' }).click();
    const size = await page
      .locator('.dialog .button.submit')
      .evaluate((one) => Number.parseFloat(getComputedStyle(one).fontSize));
    expect(size).toBeGreaterThanOrEqual(16);
    await page.keyboard.press('Escape');
  });

  test('the full screen is the wall alone, and larger', async () => {
    await page.setViewportSize({ width: 1920, height: 1000 });
    await settled('');
    const size = () =>
      page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize));
    const before = await size();
    await page.getByRole('button', { name: '全屏' }).click();
    await page.getByRole('button', { name: '退出全屏' }).waitFor();
    expect(await size()).toBeGreaterThan(before * 1.2);
    expect(await page.locator('.main-links, .menu').filter({ visible: true }).count()).toBe(0);
    await page.getByRole('button', { name: '退出全屏' }).click();
    await page.locator('.main-links').waitFor();
  });

  test('an incident on paper begins on its first page, with the premises and the time', async () => {
    await settled('incident/FIRE');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.print-head').innerText()).toMatch(/示范店.*打印时间 \d{4}-/);
    expect(
      await page
        .locator('.section')
        .evaluateAll((all) => all.map((one) => getComputedStyle(one).breakInside)),
    ).not.toContain('avoid');
    await page.emulateMedia({ media: 'screen' });
  });

  test('nothing was asked for elsewhere, and nothing broke the page’s own policy', async () => {
    const { headers } = await client.get('//');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe-|\*|https?:/);
    // an inline script that came in all the same would not run, and would be complained of
    expect(seen.complaints).toEqual([]);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
    });
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    await eventually(
      'it is complained of',
      () => seen.complaints.length,
      (count) => count === 1,
    );
    expect([...seen.hosts]).toEqual([new URL(url).host]);
  });

  test('a new incident of the demo comes without a click and moves nothing', async () => {
    await page.setViewportSize({ width: 1920, height: 1000 });
    await settled('');
    await page.locator('.card').first().waitFor();
    const before = (await shiftsOf(page)).length;
    await client.ask('POST', '/demo', { body: { scenario: 'panic' } });
    await page.locator('.card', { hasText: '收银台' }).waitFor({ timeout: 5000 });
    expect((await shiftsOf(page)).slice(before)).toEqual([]);
  });
});
