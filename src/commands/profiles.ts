// `keepwatch profiles`: the products that Keepwatch knows, and one of them in full: its points, what must be
// minded, how it is delivered, and lines to copy into a site file. Asks no daemon and no device.

import type { Profile } from '../config/profiles.ts';
import type { Language } from '../core/types.ts';
import type { Driver, Settings } from '../driver.ts';
import { busLine, deviceLine } from '../probe/block.ts';
import { type Cell, type Screen, table } from '../terminal/paint.ts';
import { inLanguage, languageOf } from '../terminal/words.ts';
import {
  type Define,
  output,
  print,
  printJson,
  say,
  UsageFault,
  withConfig,
  withExample,
  withLanguage,
} from './verb.ts';
import { siteFile } from './where.ts';

interface Options {
  readonly config?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

const wordsOf = {
  en: {
    id: 'id',
    maker: 'maker',
    model: 'model',
    protocol: 'protocol',
    verified: 'verified',
    yes: 'yes',
    no: 'no',
    point: 'point',
    read: 'read',
    scale: 'scale',
    unit: 'unit',
    kind: 'kind',
    name: 'name',
    every: 'every',
    delivered: 'as delivered',
    unknown: 'not known',
    caveats: 'mind',
    source: 'from',
    copy: 'to copy into the site file:',
    notVerified: 'not verified: no real exchange confirms it yet',
    isVerified: 'verified: two sources agree and a real exchange confirms it',
    moreHint: 'keepwatch profiles ID tells all of one',
  },
  zh: {
    id: '编号',
    maker: '厂家',
    model: '型号',
    protocol: '协议',
    verified: '已核实',
    yes: '是',
    no: '否',
    point: '测点',
    read: '地址',
    scale: '系数',
    unit: '单位',
    kind: '类别',
    name: '名称',
    every: '周期',
    delivered: '出厂设置',
    unknown: '不详',
    caveats: '注意',
    source: '来源',
    copy: '可复制到站点文件：',
    notVerified: '未核实：尚无真实通信证实',
    isVerified: '已核实：两个来源一致，并有真实通信证实',
    moreHint: 'keepwatch profiles 编号：查看一个产品的全部内容',
  },
} as const;

export const define: Define = (command, act) => {
  withExample(withLanguage(withConfig(command)), 'keepwatch profiles eastron-sdm120')
    .argument('[id]', 'tell all of this one')
    .option('--json', 'print JSON for machines')
    .action(act(profiles));
};

async function profiles(id: string | undefined, options: Options): Promise<number> {
  const [{ drivers }, { loadAllProfiles, profileFolders }] = await Promise.all([
    import('../app.ts'),
    import('../config/profiles.ts'),
  ]);
  const all = loadAllProfiles(profileFolders(siteFile(options.config)));
  for (const fault of all.faults) say(`${fault.file}:${fault.line}:${fault.column}: ${fault.what}; left out`);
  const language = languageOf(options.lang);
  if (id === undefined) {
    if (options.json) printJson(all.profiles.map(plain));
    else for (const line of profileList(output(), all.profiles, language)) print(line);
    return all.faults.length > 0 ? 1 : 0;
  }
  const found = all.profiles.find((profile) => profile.id === id);
  if (!found) {
    const near = all.profiles.filter((each) => each.id.includes(id)).map((each) => each.id);
    const hint = near.length > 0 ? `is it ${near.join(', ')}?` : 'keepwatch profiles lists all';
    throw new UsageFault(`there is no profile "${id}"; ${hint}`);
  }
  if (options.json) printJson(plain(found));
  else for (const line of profileLines(output(), found, drivers, language)) print(line);
  return 0;
}

/** What machines get: the file's own words. */
function plain({ tree: _, file, ...profile }: Profile): object {
  return { ...profile, file };
}

export function profileList(
  screen: Pick<Screen, 'colours' | 'columns'>,
  all: readonly Profile[],
  language: Language,
): string[] {
  const say = wordsOf[language];
  const rows = all.map((profile): (string | Cell)[] => [
    profile.id,
    profile.maker,
    profile.model,
    profile.verified ? { text: say.yes, colour: 'green' } : { text: say.no, colour: 'yellow' },
    profile.drivers.join(', '),
  ]);
  const columns = [
    { title: say.id },
    { title: say.maker, flexible: true },
    { title: say.model, flexible: true },
    { title: say.verified },
    { title: say.protocol },
  ];
  return [...table(screen, columns, rows), '', say.moreHint];
}

export function profileLines(
  screen: Pick<Screen, 'colours' | 'columns'>,
  profile: Profile,
  drivers: readonly Driver[],
  language: Language,
): string[] {
  const say = wordsOf[language];
  const what = profile.description === undefined ? '' : `: ${inLanguage(profile.description, language)}`;
  const wiring = [
    ...Object.entries(profile.link ?? {}).map(([key, value]) => `${key} ${value}`),
    ...(profile.unit === undefined ? [] : [`unit ${profile.unit}`]),
  ];
  const rows = Object.entries(profile.points).map(([point, written]) => {
    const keys = written as Readonly<Record<string, unknown>>;
    const text = (key: string): string => (keys[key] === undefined ? '' : String(keys[key]));
    return [
      point,
      text('read'),
      keys.invert === true || keys.activeLow === true ? 'invert' : text('scale'),
      text('unit'),
      text('kind'),
      text('every') || String(profile.tree.value.every ?? ''),
      keys.name === undefined ? '' : inLanguage(keys.name as string, language),
    ];
  });
  const titles = [say.point, say.read, say.scale, say.unit, say.kind, say.every, say.name];
  return [
    `${profile.id}: ${profile.maker} ${profile.model}${what}`,
    profile.verified ? say.isVerified : say.notVerified,
    `${say.protocol}: ${profile.drivers.join(', ')}`,
    `${say.delivered}: ${wiring.join(', ') || say.unknown}`,
    '',
    ...table(
      screen,
      titles.map((title, at) => ({ title, flexible: at === titles.length - 1 })),
      rows,
    ),
    '',
    ...(profile.caveats.length === 0 ? [] : [`${say.caveats}:`]),
    ...profile.caveats.map((text) => `  - ${inLanguage(text, language)}`),
    `${say.source}:`,
    ...profile.source.map((text) => `  - ${text}`),
    '',
    `# ${say.copy}`,
    ...profileBlock(profile, drivers),
  ];
}

/** A bus and a device as a site file has them, on the first of the profile's drivers. */
export function profileBlock(
  profile: Profile,
  drivers: readonly Driver[],
  on = profile.drivers[0]!,
): string[] {
  const driver = drivers.find(({ id }) => id === on);
  const bus = driver?.keys.bus ?? {};
  const place = 'path' in bus ? { path: '/dev/ttyUSB0' } : 'host' in bus ? { host: '10.0.0.5' } : {};
  const line = { ...protocolOf(profile, driver), ...place, ...known(bus, profile.link) };
  const unit = { unit: profile.unit ?? 1 };
  // what else a device must say, such as its address, is in the examples as well
  const device = known(driver?.keys.device ?? {}, { ...unit, ...profile.examples[0]?.given });
  const id = profile.id.replaceAll('-', '_');
  const keys = { bus: 'line1', ...device, profile: profile.id };
  return ['buses:', busLine('line1', on, line), 'devices:', deviceLine(id, keys)];
}

/** The keys that the driver has of these. */
function known(keys: object, from: Settings = {}): Settings {
  return Object.fromEntries(Object.entries(from).filter(([key]) => key in keys));
}

/** Where a profile of serial bytes does not say what is spoken: the protocol that has all its points. */
export function protocolOf({ link, points }: Profile, driver: Driver | undefined): Settings {
  const protocols = (driver?.keys.bus.protocol as { options?: readonly string[] } | undefined)?.options;
  if (!driver || !protocols || link?.protocol !== undefined) return {};
  const protocol = protocols.find((each) => {
    try {
      for (const point of Object.values(points)) driver.point({ protocol: each }, {}, point as Settings);
      return true;
    } catch {
      return false;
    }
  });
  return protocol === undefined ? {} : { protocol };
}
