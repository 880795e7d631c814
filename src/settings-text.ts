// A site file's text as it may be shown to people who look: with nothing secret in it. Blanks rather too much than too
// little, and shows nothing at all of a text in which secrets can't be told apart. Pure.

import { isAlias, isMap, isScalar, isSeq, parseDocument, type Scalar, visit } from 'yaml';

const blank = '"***"';
/** Wherever they stand, also under a section that is misspelt. */
const secretKeys =
  /^(?:pass(?:word|wd|phrase)?|secret|token|metricsToken|pin|hash|credentials?|authorization|api[_-]?key)$/i;
/** Paths of keys whose whole content is secret; `*` is any key. */
const secretPaths: readonly (readonly string[])[] = [
  ['channels', '*', 'url'],
  ['channels', '*', 'headers'],
];
const inComment =
  /\b(pass(?:word|wd|phrase)?|secret|token|metricsToken|pin|hash|authorization|api[_-]?key)(["']?\s*[:=]\s*)[^\n]*/i;
const credentials = /(:\/\/)[^\s/@"']+@/g;
/** A shorter one would be everywhere. */
const shortestSecret = 4;

export function blanked(text: string): string {
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    logLevel: 'silent',
    uniqueKeys: false,
    customTags: [{ tag: '!secret', resolve: (name: string) => name }],
  });
  if (document.errors.length > 0)
    return '# This is not YAML now: it is not shown, because what is secret in it can’t be told apart.\n';
  const found = new Set<Scalar>();
  const followed = new Set<unknown>();
  const walk = (node: unknown, path: readonly string[], secret: boolean): void => {
    if (isAlias(node)) {
      const target = node.resolve(document);
      // each once: an alias may lead into itself, or be one of very many
      if (!secret || target === undefined || followed.has(target)) return;
      followed.add(target);
      walk(target, path, true);
    } else if (isScalar(node)) {
      const isPem = typeof node.value === 'string' && node.value.includes('PRIVATE KEY-----');
      if ((secret || isPem) && node.tag !== '!secret' && node.value !== null) found.add(node);
    } else if (isSeq(node)) {
      for (const item of node.items) walk(item, path, secret);
    } else if (isMap(node)) {
      for (const pair of node.items) {
        const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
        const at = [...path, key];
        walk(pair.value, at, secret || secretKeys.test(key) || secretPaths.some((each) => fits(each, at)));
      }
    }
  };
  walk(document.contents, [], false);
  const values = new Set(
    [...found].map(({ value }) => String(value)).filter((value) => value.length >= shortestSecret),
  );
  // the same text elsewhere is the same secret
  visit(document, {
    Scalar: (key, node) => {
      if (key !== 'key' && node.tag !== '!secret' && values.has(String(node.value))) found.add(node);
    },
  });
  return withoutComments(replaced(text, [...found]));
}

function fits(wanted: readonly string[], path: readonly string[]): boolean {
  return wanted.length === path.length && wanted.every((key, at) => key === '*' || key === path[at]);
}

/** From the end, so that the places before it stay where they are. */
function replaced(given: string, nodes: readonly Scalar[]): string {
  let text = given;
  const ranges = nodes.flatMap((node) =>
    node.range ? [[beginOf(given, node), node.range[1]] as const] : [],
  );
  for (const [from, to] of ranges.sort((a, b) => b[0] - a[0])) {
    const end = text.slice(from, to).endsWith('\n') ? '\n' : '';
    // (an empty value may stand right behind its key)
    const space = from > 0 && !/[\s[{,(]/.test(text[from - 1]!) ? ' ' : '';
    text = `${text.slice(0, from)}${space}${blank}${end}${text.slice(to)}`;
  }
  return text;
}

/** A password that begins with `!` is a tag to YAML: it is no less secret for that. */
function beginOf(text: string, { tag, range }: Scalar): number {
  const from = range![0];
  if (!tag?.startsWith('!')) return from;
  const at = text.lastIndexOf(tag, from);
  return at >= 0 && text.slice(at + tag.length, from).trim() === '' ? at : from;
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const cut = line.search(/(?:^|\s)#/);
      const clean = cut < 0 ? line : line.slice(0, cut) + line.slice(cut).replace(inComment, '$1$2***');
      return clean.replaceAll(credentials, '$1***@');
    })
    .join('\n');
}
