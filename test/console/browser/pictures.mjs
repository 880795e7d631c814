// `npm run pictures`: the pictures of the console in docs/pictures, taken from the built demo in a real browser, so that
// they show what there is. The demo's devices are imitated; the past of the trend is made up here, because a demo that
// has just been started has none.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';

const root = path.resolve(import.meta.dirname, '../../..');
const [program = path.join(root, 'dist/main.js'), into = path.join(root, 'docs/pictures')] =
  process.argv.slice(2);
const mostBytes = 200_000;

const plan = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 520">
  <rect width="900" height="520" fill="#f4f5f6"/>
  <g fill="#fff" stroke="#5f6b76" stroke-width="5">
    <path d="M30 30h520v300H30zM550 30h320v200H550zM550 230h320v260H550zM30 330h520v160H30z"/>
  </g>
  <g stroke="#f4f5f6" stroke-width="9"><path d="M270 330h70M550 150v50M550 380v50M250 490h110"/></g>
  <g fill="#dfe4e8"><path d="M80 90h300v22H80zM80 150h300v22H80zM80 210h300v22H80zM90 390h30v50H90zM170 390h30v50h-30zM250 390h30v50h-30zM600 60h220v40H600zM600 420h160v40H600z"/></g>
</svg>`;
const floor = {
  name: { zh: '一层', en: 'Ground floor' },
  zones: {
    atrium: [0.034, 0.06, 0.576, 0.575],
    cashier: [0.034, 0.636, 0.576, 0.305],
    plant: [0.612, 0.06, 0.354, 0.38],
    kitchen: [0.612, 0.443, 0.354, 0.498],
  },
  points: {
    'inputs.smoke_atrium': [0.3, 0.5],
    'climate.temperature': [0.47, 0.3],
    'inputs.panic_cashier': [0.25, 0.78],
    'inputs.flood_kitchen': [0.72, 0.62],
    'gas.ppm': [0.86, 0.78],
    'ups.battery': [0.7, 0.3],
  },
};

const folder = mkdtempSync(path.join(tmpdir(), 'keepwatch-pictures-'));
const child = spawn(process.execPath, [path.resolve(program), 'run'], {
  cwd: folder,
  env: { ...process.env, TMPDIR: folder },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => child.once('exit', resolve));
process.on('exit', () => child.kill());
let browser;
try {
  const url = await addressOf(child);
  const acts = await actor(url);
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  await acts.put('/floors/ground', { ...floor, points: await acts.known(floor.points) });
  await acts.put('/floors/ground/image', plan, 'image/svg+xml');
  await acts.command({
    verb: 'raise',
    plan: 'customer-injury',
    zone: 'cashier',
    place: '3 号收银台',
    finder: '陈静',
  });
  const hurt = (await acts.incidents())[0];
  await acts.command({ verb: 'ack', incident: hurt.id });
  for (const step of hurt.steps.slice(0, 2))
    await acts.command({ verb: 'step', incident: hurt.id, step: step.id });
  await acts.command({ verb: 'disable', point: 'inputs.lift_fault', reason: '电梯保养', for: '2h' });
  const fire = await acts.open('fire');

  await picture('wall', {
    at: '',
    width: 1920,
    height: 1080,
    scale: 1280 / 1920,
    theme: 'dark',
    language: 'zh',
  });
  await picture('phone', { at: '', width: 360, height: 760, scale: 2, theme: 'dark', language: 'en' });
  await picture('floors', {
    at: 'floors/ground',
    width: 1280,
    height: 860,
    scale: 1,
    theme: 'light',
    language: 'zh',
  });
  await acts.command({ verb: 'ack', incident: fire.id });
  for (const step of fire.steps.filter(({ doneAt }) => doneAt === undefined).slice(0, 2))
    await acts.command({ verb: 'step', incident: fire.id, step: step.id });
  await picture('incident', {
    at: `incident/${fire.id}`,
    width: 768,
    height: 1024,
    scale: 1,
    theme: 'light',
    language: 'zh',
  });
  await picture('trend', {
    at: 'points/meter.voltage',
    width: 1024,
    height: 1080,
    scale: 1,
    theme: 'light',
    language: 'en',
  });

  async function picture(name, { at, width, height, scale, theme, language }) {
    const context = await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: scale,
      colorScheme: theme,
      reducedMotion: 'reduce',
    });
    await context.addInitScript((chosen) => {
      localStorage.setItem('keepwatch.language', chosen);
      localStorage.setItem('keepwatch.name', chosen === 'zh' ? '李强' : 'Li Qiang');
    }, language);
    const [view, point] = at.split('/');
    if (view === 'points') {
      const now = await acts.valueOf(point);
      await context.route('**/points/*/trend?*', async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: dayOf(await response.json(), now) });
      });
    }
    const page = await context.newPage();
    await page.goto(`${url}#/${at}`);
    await page.locator('main h1').first().waitFor({ state: 'attached' });
    await page.locator('.state-link').waitFor({ state: 'attached' });
    if (at === '') await page.locator('.card').first().waitFor();
    if (at.startsWith('points/')) await page.locator('.chart canvas').waitFor();
    if (at.startsWith('floors')) await page.locator('.sheet-picture').evaluate((one) => one.decode());
    if (at.startsWith('incident')) await page.locator('.timeline li').first().waitFor();
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
    const file = path.join(into, `console-${name}.png`);
    await page.screenshot({ path: file });
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    const { size } = statSync(file);
    console.log(`${path.relative(root, file)}: ${Math.round(size / 1000)} kB`);
    if (size > mostBytes) throw new Error(`${name}: more than ${mostBytes / 1000} kB`);
  }
} finally {
  await browser?.close();
  child.kill('SIGTERM');
  await ended;
  rmSync(folder, { recursive: true, force: true });
}

/** Where the console of the demo listens, from its log. */
function addressOf({ stdout }) {
  return new Promise((resolve, reject) => {
    let said = '';
    stdout.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
      for (const line of said.split('\n')) {
        if (!line.startsWith('{') || !line.includes('"CONSOLE"') || !line.endsWith('}')) continue;
        resolve(JSON.parse(line).url);
      }
    });
    setTimeout(() => reject(new Error('no console within 30 s')), 30_000).unref();
  });
}

/** What people do on the demo, over its own API. */
async function actor(url) {
  const api = (route) => `${url}api/v1${route}`;
  const get = async (route) => (await fetch(api(route))).json();
  const { csrf } = await get('/session');
  const send = async (method, route, body, type = 'application/json') => {
    const response = await fetch(api(route), {
      method,
      headers: { 'content-type': type, 'x-keepwatch-csrf': csrf },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${route}: ${JSON.stringify(answer)}`);
    return answer;
  };
  let count = 0;
  const incidents = async () => (await get('/incidents')).incidents;
  return {
    incidents,
    put: (route, body, type) => send('PUT', route, body, type),
    command(fields) {
      count += 1;
      return send('POST', '/command', { id: `picture-${count}`, by: '李强', ...fields });
    },
    /** those of the places whose points there are */
    async known(places) {
      const points = new Set((await get('/points')).map(({ id }) => id));
      return Object.fromEntries(Object.entries(places).filter(([id]) => points.has(id)));
    },
    valueOf: async (id) => (await get(`/points/${id}`)).value,
    async open(plan) {
      for (let tries = 0; tries < 200; tries += 1) {
        const found = (await incidents()).find((one) => one.plan === plan && one.active);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error(`no ${plan} within 20 s`);
    },
  };
}

/** A day in place of the few seconds that a fresh demo has, ending with what the point says now; an hour is unknown. */
function dayOf(trend, now) {
  const dayMs = 86_400_000;
  const steps = 288;
  const wave = (index) => Math.sin(index / 46) + 0.35 * Math.sin(index / 5) + 0.15 * Math.sin(index * 1.7);
  const at = (index) =>
    index >= 120 && index < 132 ? null : now * (1 + 0.008 * (wave(index) - wave(steps - 1)));
  const moved = (by) =>
    Array.from({ length: steps }, (_, index) => at(index)).map((value) =>
      value === null ? null : Math.round(value * (1 + by) * 10) / 10,
    );
  return {
    ...trend,
    stepMs: dayMs / steps,
    last: moved(0),
    min: moved(-0.003),
    max: moved(0.003),
    unsynced: [],
  };
}
