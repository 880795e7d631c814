// Puts words into the places of a JSON tree: plain substitution, no expressions. Pure; what comes from people and
// devices is made harmless here, before it becomes part of anything that a messenger interprets.

import type { Tree } from './templates.ts';

/** What stands for the names in `{{name}}`. */
export type Values = Readonly<Record<string, Tree>>;

export type Escape = 'none' | 'tags' | 'entities' | 'markup';

/**
 * The tree with its places filled. A text that is nothing but one place becomes the value itself, a number or a list
 * too. A text that turns out empty is left out of a list: nobody is mentioned by the empty name.
 */
export function fill(tree: Tree, values: Values): Tree {
  if (typeof tree === 'string') return fillText(tree, values);
  if (isList(tree)) return tree.map((each) => fill(each, values)).filter((each) => each !== '');
  if (tree === null || typeof tree !== 'object') return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, each]) => [key, fill(each, values)]));
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

const place = /\{\{ *([A-Za-z]+) *\}\}/g;

function fillText(text: string, values: Values): Tree {
  const only = /^\{\{ *([A-Za-z]+) *\}\}$/.exec(text)?.[1];
  if (only !== undefined && Object.hasOwn(values, only)) return values[only]!;
  // in one go, so that a value that looks like a place stays what it is
  return text.replace(place, (whole, name: string) =>
    Object.hasOwn(values, name) ? inText(values[name]!) : whole,
  );
}

function inText(value: Tree): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

const wide: Readonly<Record<string, string>> = {
  '<': '＜',
  '>': '＞',
  '[': '［',
  ']': '］',
  '*': '＊',
  '`': '｀',
  '#': '＃',
  _: '＿',
  '~': '～',
  '|': '｜',
};

/** Words that a messenger will take for nothing but words; looks the same to a reader, or nearly. */
export function harmless(text: string, guard: Escape): string {
  switch (guard) {
    case 'none':
      return text;
    case 'tags':
      return text.replace(/[<>]/g, (each) => wide[each]!);
    case 'entities':
      return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
    case 'markup':
      return text.replace(/[<>[\]*`#_~|]/g, (each) => wide[each]!);
  }
}

/** The beginning of a text that takes at most so many bytes of UTF-8, whole characters, with an ellipsis where cut. */
export function cutBytes(text: string, mostBytes: number): string {
  if (Buffer.byteLength(text) <= mostBytes) return text;
  let bytes = 3;
  let kept = '';
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > mostBytes) break;
    kept += character;
  }
  return `${kept}…`;
}
