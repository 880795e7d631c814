// The premises that the browser tests look at: the built daemon on a site of the test's own, whose devices are imitated in
// the test's process, so that a test decides what they report. Also how somebody opens the page there, with a language,
// a name and colours of their own. Knows no view.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { startModbusServer, type UnitImage } from '../../../drivers/simulator/modbus-server.ts';
import { freePort } from '../../support/broker.ts';
import { type Visit, visit } from '../../support/browser.ts';
import { type Daemon, eventually, newPlace, type Place, type SiteFile } from '../../support/daemon.ts';
import { type Client, clientOf, siteWith } from '../stage.ts';

export interface House {
  readonly url: string;
  readonly place: Place;
  /** what the devices report and what was driven */
  readonly unit: UnitImage;
  readonly client: Client;
  daemon(): Daemon;
  /** Starts it again where it is down; the port stays. */
  start(): Promise<Daemon>;
  /** Runs a command over HTTP as a program would; rejects where it is refused. */
  command(fields: Readonly<Record<string, unknown>>): Promise<string>;
  leave(): Promise<void>;
}

/** Discrete inputs of the imitated unit. */
export const input = { smoke: 0, flood: 1, panic: 2, door: 3 } as const;
/** Coils of it. */
export const coil = { siren: 0, lamp: 1 } as const;

export const people: SiteFile = {
  checkedOn: new Date().toISOString().slice(0, 10),
  numbers: { water_company: '400 000 0002' },
  people: {
    wang: {
      name: { zh: '王芳', en: 'Wang Fang' },
      roles: ['control_room', 'shift_lead', 'first_aider', 'security_captain', 'duty_manager'],
    },
    li: {
      name: { zh: '李强', en: 'Li Qiang' },
      roles: ['maintenance', 'property_management', 'store_manager'],
    },
  },
};

const articles: SiteFile = {
  articles: {
    extinguisher: {
      name: { zh: '灭火器', en: 'Extinguisher' },
      place: { zh: '大厅', en: 'Hall' },
      amount: 4,
      unit: { zh: '具', en: 'pieces' },
      expires: '2035-05-01',
      check: '30d',
      role: 'security_captain',
    },
  },
};

export function houseSite(modbusPort: number): SiteFile {
  return {
    contacts: 'contacts.yaml',
    duties: { readiness: 'readiness.yaml', contactsCheckedEvery: '180d' },
    zones: {
      atrium: { name: { zh: '中庭', en: 'Atrium' } },
      kitchen: { name: { zh: '厨房', en: 'Kitchen' } },
    },
    buses: { lan: { driver: 'modbus-tcp', host: '127.0.0.1', port: modbusPort } },
    devices: {
      box: {
        bus: 'lan',
        unit: 1,
        every: '100ms',
        zone: 'atrium',
        name: { zh: '报警输入模块', en: 'Alarm input module' },
        points: {
          smoke: { read: 'discrete:0', kind: 'smoke', name: { zh: '中庭烟感', en: 'Smoke detector' } },
          flood: {
            read: 'discrete:1',
            kind: 'flood',
            zone: 'kitchen',
            name: { zh: '厨房水浸', en: 'Flood sensor' },
          },
          panic: { read: 'discrete:2', kind: 'panic', name: { zh: '紧急按钮', en: 'Panic button' } },
          door: { read: 'discrete:3', name: { zh: '后门', en: 'Back door' } },
          temperature: {
            read: 'input:0:i16',
            scale: 0.1,
            unit: '°C',
            kind: 'temperature',
            rule: 'none',
            name: { zh: '中庭温度', en: 'Temperature' },
          },
        },
      },
    },
    outputs: {
      siren: {
        bus: 'lan',
        unit: 1,
        write: 'coil:0',
        silenceable: true,
        maxOn: '10m',
        zone: 'atrium',
        name: { zh: '警报器', en: 'Siren' },
      },
      lamp: { bus: 'lan', unit: 1, write: 'coil:1', zone: 'kitchen', name: { zh: '警示灯', en: 'Lamp' } },
    },
  };
}

/** `site` gets the port of the imitated devices; `console` goes over what lets everybody do everything. */
export async function openHouse(
  more: {
    readonly site?: (modbusPort: number) => SiteFile;
    readonly console?: object;
    readonly users?: object;
    readonly people?: SiteFile;
    readonly cells?: (unit: UnitImage) => void;
  } = {},
): Promise<House> {
  const place = newPlace();
  const slave = await startModbusServer({ port: 0 });
  place.later(slave, () => slave.close());
  const unit = slave.unit(1);
  for (const address of Object.values(input)) unit.discrete.set(address, false);
  for (const address of Object.values(coil)) unit.coils.set(address, false);
  unit.input.set(0, 224);
  more.cells?.(unit);
  const port = await freePort();
  const site = (more.site ?? houseSite)(slave.port);
  place.write(siteWith({ listen: `127.0.0.1:${port}`, withoutLogin: 'configure', ...more.console }, site));
  const beside = (name: string, content: object, mode = 0o644): void =>
    writeFileSync(path.join(place.folder, name), JSON.stringify(content), { mode });
  beside('contacts.yaml', more.people ?? people);
  beside('readiness.yaml', articles);
  if (more.users) beside('users.yaml', more.users, 0o640);
  let daemon: Daemon;
  let told = 0;
  let client: Client;
  const house: House = {
    url: `http://127.0.0.1:${port}/`,
    place,
    unit,
    get client() {
      return client;
    },
    daemon: () => daemon,
    async start() {
      daemon = await place.start();
      // (a token of the one before is none)
      client = clientOf(() => port);
      await daemon.said('the console listens', ({ code }) => code === 'CONSOLE');
      return daemon;
    },
    async command(fields) {
      told += 1;
      const { json } = await client.command({ id: `t${told}-${Date.now()}`, by: 'test', ...fields });
      if (json?.ok !== true) throw new Error(`${JSON.stringify(fields)}: ${JSON.stringify(json)}`);
      return json.incident as string;
    },
    leave: () => place.leave(),
  };
  try {
    await house.start();
  } catch (error) {
    await place.leave();
    throw error;
  }
  return house;
}

export interface Look extends BrowserContextOptions {
  readonly at?: string;
  readonly language?: 'zh' | 'en';
  readonly theme?: 'dark' | 'light';
  readonly width?: number;
  /** empty: has not said it yet */
  readonly name?: string;
}

/** Somebody opens the page at `at`, such as `points/box.smoke`; resolves once it is alive. */
export async function look(
  browser: Browser,
  url: string,
  { at = '', language = 'en', theme = 'dark', width = 1280, name = 'Li Na', ...options }: Look = {},
): Promise<Visit> {
  const kept = { language, ...(name !== '' && { name }) };
  const seen = await visit(browser, `${url}#/${at}`, {
    viewport: { width, height: width < 700 ? 780 : 1000 },
    colorScheme: theme,
    acceptDownloads: true,
    storageState: {
      cookies: [],
      origins: [
        {
          origin: new URL(url).origin,
          localStorage: Object.entries(kept).map(([key, value]) => ({ name: `keepwatch.${key}`, value })),
        },
      ],
    },
    ...options,
  });
  seen.page.setDefaultTimeout(15_000);
  await seen.page.locator('h1').first().waitFor({ state: 'attached' });
  return seen;
}

/** Another view, as by a link. */
export async function goTo(page: Page, path_: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${path_}`);
}

/** How far the page is wider than the window, px. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong, a line each; `rules`: only these, `within`: only there, such as in what lies over the rest. */
export async function faultsOf(
  page: Page,
  { rules, within }: { readonly rules?: readonly string[]; readonly within?: string } = {},
): Promise<string[]> {
  // (through the debugger, as the page's own policy lets no foreign script in)
  await page.evaluate(`window.axe ?? (() => { ${axeSource} })()`);
  return page.evaluate(
    async ([only, where]) => {
      // biome-ignore lint/suspicious/noExplicitAny: axe has no types in the page
      const { axe } = window as any;
      const { violations } = await axe.run(where ?? document, {
        resultTypes: ['violations'],
        ...(only
          ? { runOnly: { type: 'rule', values: only } }
          : // (of WCAG 2.2, and therefore off by itself)
            { rules: { 'target-size': { enabled: true } } }),
      });
      // biome-ignore lint/suspicious/noExplicitAny: as above
      return violations.flatMap(({ id, nodes }: any) =>
        nodes
          .slice(0, 3)
          // biome-ignore lint/suspicious/noExplicitAny: as above
          .map((node: any) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? ''}`),
      );
    },
    [rules, within] as const,
  );
}

interface Shift extends PerformanceEntry {
  readonly value: number;
  readonly sources?: readonly {
    readonly node?: Node;
    readonly previousRect: DOMRect;
    readonly currentRect: DOMRect;
  }[];
}

/** What has moved by itself since the page was opened, a line each: how much, and which part from where to where. */
export function shiftsOf(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const told = ({ value, sources = [] }: Shift): string =>
          `${value}: ${sources
            .map(
              ({ node, previousRect, currentRect }) =>
                `${node?.textContent?.slice(0, 80)} ${JSON.stringify([previousRect, currentRect])}`,
            )
            .join(' | ')}`;
        const moved: string[] = [];
        new PerformanceObserver((list) => {
          moved.push(...(list.getEntries() as Shift[]).map(told));
        }).observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => setTimeout(() => resolve(moved), 100));
      }),
  );
}

/** Everything at rest, and every incident closed. */
export async function calm(house: House): Promise<void> {
  for (const address of Object.values(input)) house.unit.discrete.set(address, false);
  let tries = 0;
  await eventually(
    'every incident has closed',
    async () => {
      const { incidents } = (await house.client.get('/incidents')).json;
      tries += 1;
      for (const { id } of incidents)
        for (const fields of [
          { verb: 'ack' },
          { verb: 'close', verdict: 'test', cause: 'x', remedy: 'x', losses: 'x' },
        ])
          await house.client.command({
            id: `calm-${id}-${tries}-${fields.verb}`,
            by: 'test',
            incident: id,
            ...fields,
          });
      return incidents.map(
        ({ title, cause }: { title: { en: string }; cause: object }) =>
          `${title.en} ${JSON.stringify(cause)}`,
      );
    },
    (left) => left.length === 0,
    15_000,
  );
}
