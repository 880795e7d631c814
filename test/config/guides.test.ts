// The guides for people on site: their site files load with the real drivers, both languages say the same in the same
// order, and every link in the documentation leads to a file and a heading that exist.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { drivers } from '../../drivers/index.ts';
import { execute } from '../../src/commands/index.ts';
import { formatFault, loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/lib/assets.ts';

const root = mkdtempSync(path.join(tmpdir(), 'keepwatch-guides-'));
afterAll(() => rmSync(root, { recursive: true }));

const guides = ['operators-guide', 'installers-guide'];
const pages = [
  'README.md',
  ...readdirSync(path.join(packageRoot, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

function textOf(page: string): string {
  return readFileSync(path.join(packageRoot, page), 'utf8');
}

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map((match) => ({
    language: match[1]!,
    text: match[2]!,
  }));
}

/** Without code, where # is no heading and brackets are no links. */
function proseOf(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

function levelsOf(text: string): number[] {
  return [...proseOf(text).matchAll(/^(#+) /gm)].map((match) => match[1]!.length);
}

function yamlOf(page: string): string[] {
  return blocksOf(textOf(page)).flatMap(({ language, text }) => (language === 'yaml' ? [text] : []));
}

/** A whole file begins with its own name: `# keepwatch.yaml`. */
function filesOf(page: string): Map<string, string> {
  return new Map(yamlOf(page).map((text) => [/^# (\w+\.yaml)\n/.exec(text)?.[1] ?? '', text]));
}

test.each(['docs/installers-guide.zh.md', 'docs/installers-guide.en.md'])('the site file of %s', (page) => {
  const files = filesOf(page);
  expect([...files.keys()]).toEqual(['keepwatch.yaml', 'contacts.yaml', 'keys.yaml']);
  for (const [name, text] of files) writeFileSync(path.join(root, name), text);
  const { config, faults } = loadConfig(path.join(root, 'keepwatch.yaml'), {
    drivers,
    environment: {
      KEEPWATCH_SECRET_MQTT_PASSWORD: 'abcd',
      KEEPWATCH_SECRET_WECOM_URL: 'https://robot.example/?key=abcd',
    },
    now: Date.UTC(2026, 10, 24),
  });
  expect(faults.filter(({ severity }) => severity === 'fault').map(formatFault)).toEqual([]);
  // what the guide says that `check` will name, and nothing else
  for (const { what } of faults) expect(what).toMatch(/^\d+ roles have nobody|^the contacts give no number/);
  expect(config!.site.points.length).toBeGreaterThan(0);
});

test.each(guides)('%s has the same parts, files and commands in both languages', (guide) => {
  const [zh, en] = ['zh', 'en'].map((language) => textOf(`docs/${guide}.${language}.md`)) as [string, string];
  expect(levelsOf(en)).toEqual(levelsOf(zh));
  expect(levelsOf(en).length).toBeGreaterThan(5);
  expect(blocksOf(en)).toEqual(blocksOf(zh));
  expect(commandsIn(en)).toEqual(commandsIn(zh));
  expect(imagesIn(en)).toEqual(imagesIn(zh));
});

/** Commands within the text, up to the first word that is for people to choose. */
function commandsIn(text: string): string[] {
  return [...proseOf(text).matchAll(/`(keepwatch [^`]*)`/g)].map(
    (match) => match[1]!.split(/ "| --\w+ [^a-z]/)[0]!,
  );
}

/** All that a person would type, as the shell would take it apart. */
function typedIn(page: string): string[][] {
  const text = textOf(page);
  const lines = [
    ...[...proseOf(text).matchAll(/`(keepwatch [^`]+)`/g)].map((match) => match[1]!),
    ...blocksOf(text)
      .filter(({ language }) => language === 'sh')
      .flatMap((block) => block.text.split('\n').filter((line) => line.startsWith('keepwatch '))),
  ];
  return [...new Set(lines)].map((line) =>
    [...line.replace(/ > .*/, '').matchAll(/"([^"]*)"|(\S+)/g)]
      .map((match) => match[1] ?? match[2]!)
      .slice(1),
  );
}

/** These need no daemon, and are tried by tests of their own. */
const alone = new Set([
  'check',
  'doctor',
  'probe',
  'profiles',
  'plans',
  'key',
  'user',
  'init',
  'backup',
  'verify',
]);

test('the guides show only commands that are right: none runs here, so each says that no daemon answers', async () => {
  const said = [vi.spyOn(process.stderr, 'write'), vi.spyOn(process.stdout, 'write')];
  for (const spy of said) spy.mockImplementation(() => true);
  const wrong: string[] = [];
  const typed = guides.flatMap((guide) =>
    ['zh', 'en'].flatMap((language) => typedIn(`docs/${guide}.${language}.md`)),
  );
  try {
    for (const words of typed) {
      const code = alone.has(words[0]!)
        ? await execute([words[0]!, '--help'])
        : await execute([...words, '--socket', path.join(root, 'nobody.sock')]);
      if (code !== (alone.has(words[0]!) ? 0 : 3)) wrong.push(`${code}: ${words.join(' ')}`);
    }
  } finally {
    for (const spy of said) spy.mockRestore();
  }
  expect(wrong).toEqual([]);
  expect(typed.length).toBeGreaterThan(60);
});

function imagesIn(text: string): string[] {
  return [...text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1]!);
}

/** What a heading is called in links: small letters, without punctuation, a hyphen for each blank. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    [...proseOf(textOf(page)).matchAll(/^#+ (.+)$/gm)].map((match) => {
      const words = match[1]!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = words.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
      const count = seen.get(anchor) ?? 0;
      seen.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const dead: string[] = [];
  for (const match of proseOf(textOf(page)).matchAll(/\]\(([^()\s]+)\)/g)) {
    const target = match[1]!;
    if (/^[a-z]+:/.test(target)) continue;
    const [file, anchor] = target.split('#') as [string, string | undefined];
    const found = file === '' ? page : path.join(path.dirname(page), file);
    if (!existsSync(path.join(packageRoot, found))) dead.push(target);
    else if (anchor !== undefined && !anchorsOf(found).has(decodeURIComponent(anchor))) dead.push(target);
  }
  expect(dead).toEqual([]);
});

test('every picture is used, is well formed at a glance, and needs nothing from elsewhere', () => {
  const folder = path.join(packageRoot, 'docs/pictures');
  const used = new Set(pages.flatMap((page) => imagesIn(textOf(page)).map((image) => path.basename(image))));
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.svg'))) {
    expect(used).toContain(name);
    const text = readFileSync(path.join(folder, name), 'utf8');
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*>\n<title/);
    expect(text).not.toMatch(/<script|href=|url\(|<image|<foreignObject/);
  }
});

/** What the guides for operators call by the name that it has on the screen. */
const shown = {
  zh: [
    ...[
      '一切正常',
      '最近心跳',
      '暂无报警，但部分情况看不到',
      '连接中断',
      '请先看',
      '确认',
      '消音',
      '现在要做',
      '完成',
    ],
    ...[
      '补充情况',
      '升级',
      '搁置',
      '本屏静音',
      '手动启动预案',
      '没有发出',
      '浏览器禁止发声，请按此处开启',
      '试听',
      '全屏',
    ],
    ...['开始测试', '已测', '演练'],
  ],
  en: [
    ...['All quiet', 'Last heartbeat', 'Nothing reported, but not everything is seen', 'NO CONNECTION'],
    ...[
      'First to look at',
      'Acknowledge',
      'Done',
      'What to do now',
      'Add a note',
      'Mute this screen',
      'Full screen',
    ],
    ...[
      'Raise an incident',
      'Attack on a person',
      'NOT SENT',
      'The browser blocks sound: press here',
      'Try the sound',
    ],
    ...['Start a walk test', 'Heard', 'DRILL', 'Drills'],
  ],
};

test.each(['zh', 'en'] as const)('the operators’ guide in %s calls things as the screen does', (language) => {
  const page = path.join(packageRoot, 'src/console/page');
  const sources = readdirSync(page, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(page, name), 'utf8'))
    .join('\n');
  const guide = textOf(`docs/operators-guide.${language}.md`).replaceAll('\n', ' ');
  expect(shown[language].filter((words) => !guide.includes(words))).toEqual([]);
  expect(shown[language].filter((words) => !sources.includes(`'${words}`))).toEqual([]);
});
