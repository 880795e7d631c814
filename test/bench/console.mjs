// The console in a real browser: from a device's answer to the pixel, what fifty open consoles cost the daemon, how long the
// first view takes on a slow device and how heavy it is, whether anything moves by itself, and what axe finds wrong.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { startSlave } from './slave.mjs';
import { end, folder, median, newFolder, processorMs, quantile, sleep, start, until } from './stage.mjs';
import { missing, row } from './table.mjs';

export const what = 'the page in a browser: alarm to pixel, first view, fifty of them';

const executablePath = '/usr/bin/chromium';
const pollMs = 200;
const consoles = 50;
/** how much slower the processor of a tablet is taken to be */
const slower = 4;
const zones = [1, 2, 3, 4, 5, 6, 7, 8];
const views = [
  '',
  'history',
  'raise',
  'raise/fire',
  'floors',
  'points',
  'points/box.t1',
  'buses',
  'outputs',
  'drills',
  'readiness',
  'contacts',
  'reports',
  'settings',
  'login',
];

export async function measure({ quick }) {
  if (!existsSync(executablePath)) return [missing('alarm to pixel', 'Chromium', 'Chromium not installed')];
  // a meter that moves at every reading, beside detectors that rest
  const slave = await startSlave(() => {
    slave.registers[0] += 1;
  });
  const { child, url } = await startDaemon(slave.port);
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  try {
    await until('the first questions', () => slave.questions > 5);
    const cost = await costOfConsoles(child.pid, url, quick);
    const first = await firstViews(browser, url, quick ? 3 : 5);
    const alarms = await alarmsToPixel(browser, url, slave, quick ? 10 : 60);
    const faults = await axeFaults(browser, url);
    return [
      row({
        figure: 'alarm to pixel p50',
        unit: 'ms',
        keepwatch: median(alarms.times),
        peer: pollMs,
        peerName: 'between polls',
      }),
      row({
        figure: 'alarm to pixel p95',
        unit: 'ms',
        keepwatch: quantile(alarms.times, 0.95),
        peer: pollMs,
        peerName: 'between polls',
        limit: 300,
        limitText: 'over the poll',
      }),
      row({
        figure: `processor with ${consoles} consoles`,
        unit: '%',
        keepwatch: cost.with,
        peer: cost.without,
        peerName: 'without',
        limit: cost.without + 10,
        limitText: 'without + 10 %',
      }),
      row({
        figure: `first view, ${slower} × slower`,
        unit: 'ms',
        keepwatch: median(first.times),
        peer: median(first.bare),
        peerName: 'a line of text',
        limit: 1000,
      }),
      row({ figure: 'first view, on the wire', unit: 'kB', keepwatch: first.bytes / 1000, limit: 150 }),
      row({ figure: 'layout shift by alarms', unit: '', keepwatch: alarms.shift, limit: 0 }),
      row({ figure: `axe faults, ${views.length + 1} views × 2`, unit: '', keepwatch: faults, limit: 0 }),
    ];
  } finally {
    await browser.close();
    await end(child);
    await slave.close();
  }
}

async function startDaemon(port) {
  const lines = [
    'premises: { id: bench, name: Bench, timezone: Asia/Shanghai, language: en }',
    `data: ${newFolder()}`,
    'console: { listen: 127.0.0.1:0, withoutLogin: configure }',
    `buses: { lan: { driver: modbus-tcp, host: 127.0.0.1, port: ${port} } }`,
    'zones:',
    ...zones.map((id) => `  z${id}: { name: Zone ${id} }`),
    'devices:',
    '  box:',
    '    bus: lan',
    `    every: ${pollMs}ms`,
    '    unit: 1',
    '    points:',
    '      meter: { read: "holding:0:u16" }',
    ...zones.map(
      (id) =>
        `      t${id}: { read: "holding:${id}:u16", kind: temperature, zone: z${id}, alarmAbove: 600, clearBelow: 550 }`,
    ),
    'outputs: { lamp: { bus: lan, unit: 1, write: "coil:0" } }',
  ];
  const file = path.join(newFolder(), 'keepwatch.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const program = path.join(folder, 'dist/main.js');
  const child = start(process.execPath, [program, 'run', '-c', file], { output: 'pipe' });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    // (its first lines are all that is wanted)
    if (said.length < 100_000) said += chunk;
  });
  const url = await until(
    'the console listens',
    () =>
      /"code":"CONSOLE".*?"url":"([^"]+)"|"url":"([^"]+)".*?"code":"CONSOLE"/
        .exec(said)
        ?.slice(1)
        .find(Boolean),
    30_000,
    20,
  );
  return { child, url };
}

/** Processor time of the daemon, percent of one processor, by turns with and without people who look. */
async function costOfConsoles(pid, url, quick) {
  const windowMs = quick ? 4000 : 10_000;
  const shares = { without: [], with: [] };
  const share = async () => {
    const [beforeMs, beganMs] = [processorMs(pid), performance.now()];
    await sleep(windowMs);
    return (100 * (processorMs(pid) - beforeMs)) / (performance.now() - beganMs);
  };
  for (let turn = 0; turn < (quick ? 2 : 4); turn += 1) {
    await sleep(1000);
    shares.without.push(await share());
    const open = await Promise.all(Array.from({ length: consoles }, () => openStream(url)));
    await sleep(2000);
    shares.with.push(await share());
    const heard = open.map(({ bytes }) => bytes());
    for (const { close } of open) close();
    if (heard.some((bytes) => bytes < 1000)) throw new Error('a console was told nothing');
  }
  return { without: median(shares.without), with: median(shares.with) };
}

function openStream(url) {
  return new Promise((resolve, reject) => {
    const asked = http.get(`${url}api/v1/stream`, { agent: false }, (response) => {
      let bytes = 0;
      response.on('data', (chunk) => {
        bytes += chunk.length;
      });
      response.on('error', () => {});
      if (response.statusCode !== 200) reject(new Error(`stream: ${response.statusCode}`));
      resolve({ bytes: () => bytes, close: () => asked.destroy() });
    });
    asked.on('error', reject);
  });
}

const newPage = async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addInitScript(() => localStorage.setItem('keepwatch.name', 'Bench'));
  return { context, page: await context.newPage() };
};

/** In the page: calls `painted` with the ms since the navigation began, once the selector is there and was drawn. */
function watchFor(selector) {
  const look = () => {
    if (selector !== undefined && document.querySelector(selector) === null) return;
    seen.disconnect();
    requestAnimationFrame(() => {
      const after = new MessageChannel();
      after.port1.onmessage = () => window.painted(String(performance.now()));
      after.port2.postMessage(0);
    });
  };
  const seen = new MutationObserver(look);
  seen.observe(document, { subtree: true, childList: true, characterData: true });
}

/** Each in a browser that has nothing of it yet; `times` until the wall stands with what it knows, `bare` a line of JSON. */
async function firstViews(browser, url, count) {
  const taken = { times: [], bare: [], bytes: 0 };
  const visit = async (at, selector) => {
    const { context, page } = await newPage(browser);
    const debug = await context.newCDPSession(page);
    let bytes = 0;
    await debug.send('Network.enable');
    debug.on('Network.responseReceived', ({ response }) => {
      // (the stream has no end to be told of)
      if (response.mimeType === 'text/event-stream') bytes += response.encodedDataLength;
    });
    debug.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    // (a bare binding: whatever asks the page meanwhile would be paid for by the page)
    await debug.send('Runtime.enable');
    await debug.send('Runtime.addBinding', { name: 'painted' });
    const painted = new Promise((resolve) => {
      debug.once('Runtime.bindingCalled', ({ payload }) => resolve(Number(payload)));
    });
    await context.addInitScript(watchFor, selector);
    await debug.send('Emulation.setCPUThrottlingRate', { rate: slower });
    await page.goto(at);
    const ms = await painted;
    await context.close();
    return { ms, bytes };
  };
  for (let turn = 0; turn <= count; turn += 1) {
    const bare = await visit(`${url}api/v1/health`);
    // (signs of life beyond the heartbeat are there once the premises are known)
    const wall = await visit(url, '.vitals .vital:nth-of-type(2)');
    // the first warms up what is no part of it: the browser's own start
    if (turn === 0) continue;
    taken.bare.push(bare.ms);
    taken.times.push(wall.ms);
    taken.bytes = Math.max(taken.bytes, wall.bytes);
  }
  return taken;
}

/** From the answer that first carries the value to the frame that shows its incident; each is closed before the next. */
async function alarmsToPixel(browser, url, slave, count) {
  const { context, page } = await newPage(browser);
  await page.goto(url);
  await page.locator('.vital').nth(1).waitFor();
  await page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shift += entry.value;
    }).observe({ type: 'layout-shift' });
    window.alarm = (zone) =>
      new Promise((resolve) => {
        const seen = new MutationObserver(() => {
          const cards = [...document.querySelectorAll('.card')];
          if (!cards.some((card) => card.textContent.includes(zone))) return;
          seen.disconnect();
          requestAnimationFrame(() => {
            const after = new MessageChannel();
            after.port1.onmessage = () => resolve(Date.now());
            after.port2.postMessage(0);
          });
        });
        seen.observe(document.body, { subtree: true, childList: true, characterData: true });
      });
  });
  const command = await commander(url);
  const moving = slave.answered;
  const times = [];
  for (let turn = 0; turn < count; turn += 1) {
    const zone = zones[turn % zones.length];
    await sleep(100 + Math.random() * pollMs);
    let answeredAtMs;
    const painted = page.evaluate((name) => window.alarm(name), `Zone ${zone}`);
    // (asked for in the page before it happens)
    await page.evaluate(() => 0);
    slave.registers[zone] = 700;
    slave.answered = () => {
      moving();
      answeredAtMs ??= Date.now();
    };
    times.push((await painted) - answeredAtMs);
    slave.registers[zone] = 500;
    await closeAll(url, command);
    await page.locator('.card').first().waitFor({ state: 'detached' });
  }
  slave.answered = moving;
  const shift = await page.evaluate(() => window.shift);
  await context.close();
  return { times, shift };
}

async function commander(url) {
  const { csrf } = await (await fetch(`${url}api/v1/session`)).json();
  let count = 0;
  return async (fields) => {
    count += 1;
    const response = await fetch(`${url}api/v1/command`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-keepwatch-csrf': csrf },
      body: JSON.stringify({ id: `bench-${count}`, by: 'bench', ...fields }),
    });
    return response.json();
  };
}

/** Waits until what was open is over, and closes it. */
function closeAll(url, command) {
  const acknowledged = new Set();
  return until(
    'all is closed',
    async () => {
      const { incidents } = await (await fetch(`${url}api/v1/incidents`)).json();
      for (const { id, active } of incidents) {
        if (!acknowledged.has(id)) await command({ verb: 'ack', incident: id });
        acknowledged.add(id);
        const ending = { verdict: 'test', cause: 'bench', remedy: 'none', losses: 'none' };
        if (!active) await command({ verb: 'close', incident: id, ...ending });
      }
      return incidents.length === 0;
    },
    10_000,
    50,
  );
}

async function axeFaults(browser, url) {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const command = await commander(url);
  const { incident } = await command({ verb: 'raise', plan: 'fire', zone: 'z1' });
  const { context, page } = await newPage(browser);
  let faults = 0;
  for (const at of [...views, `incident/${incident}`]) {
    await page.goto(`${url}#/${at}`);
    await page.reload();
    await page.locator('main h1').first().waitFor({ state: 'attached' });
    await page.locator('.empty[role=status], .empty [role=status]').first().waitFor({ state: 'detached' });
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme });
      // (through the debugger, as the page's own policy lets no foreign script in)
      await page.evaluate(`window.axe ?? (() => { ${axe} })()`);
      const found = await page.evaluate(async () => {
        // (of WCAG 2.2, and therefore off by itself)
        const rules = { 'target-size': { enabled: true } };
        const { violations } = await window.axe.run(document, { resultTypes: ['violations'], rules });
        return violations.map(({ id, nodes }) => `${id} × ${nodes.length}: ${nodes[0].html.slice(0, 120)}`);
      });
      for (const fault of found) console.error(`  ${at || 'wall'}, ${colorScheme}: ${fault}`);
      faults += found.length;
    }
  }
  await context.close();
  await closeAll(url, command);
  return faults;
}
