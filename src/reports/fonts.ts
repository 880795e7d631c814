// The fonts of a report: the outlines of exactly its characters, taken out of the many small files of Noto Sans SC
// (Latin and Chinese, one variable weight). Loaded only when a PDF is made. A character that no file has is spelt
// out, never a blank box.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fontFile, type Outline } from './font-file.ts';

const fontPackage = '@fontsource-variable/noto-sans-sc';
const ascii = Array.from({ length: 0x5f }, (_, index) => 0x20 + index);

/** What is used of the fontkit package, which pdfkit reads its fonts with. */
interface Program {
  readonly unitsPerEm: number;
  readonly ascent: number;
  readonly descent: number;
  hasGlyphForCodePoint(codePoint: number): boolean;
  glyphForCodePoint(codePoint: number): {
    readonly advanceWidth: number;
    readonly path: { readonly commands: Outline['commands'] };
  };
  getVariation(settings: Readonly<Record<string, number>>): Program;
}
type Decompress = (file: Buffer) => Promise<Uint8Array>;

export interface Font {
  readonly file: Buffer;
  /** of a text, in em */
  widthOf(text: string): number;
}

export interface Fonts {
  readonly regular: Font;
  readonly bold: Font;
  /** the text with every character that is in no font spelt out, as `[U+20BB7]` */
  spelt(text: string): string;
}

/** Fonts for these texts; `heavy` are those that are written in bold too. */
export async function fontsFor(texts: Iterable<string>, heavy: Iterable<string>): Promise<Fonts> {
  const require = createRequire(import.meta.url);
  const fontkit = require('fontkit') as { create(file: Buffer): Program };
  const decompress = require('wawoff2/decompress.js') as Decompress;
  const folder = path.dirname(require.resolve(`${fontPackage}/package.json`));
  const find = finderIn(JSON.parse(readFileSync(path.join(folder, 'unicode.json'), 'utf8')));
  const programs = new Map<string, Program>();

  const programOf = async (codePoint: number): Promise<Program | undefined> => {
    for (const subset of find(codePoint)) {
      let program = programs.get(subset);
      if (program === undefined) {
        const file = path.join(folder, 'files', `noto-sans-sc-${subset}-wght-normal.woff2`);
        program = fontkit.create(Buffer.from(await decompress(readFileSync(file))));
        programs.set(subset, program);
      }
      if (program.hasGlyphForCodePoint(codePoint)) return program;
    }
    return undefined;
  };

  const missing = new Set<number>();
  const gather = async (of: Iterable<string>, name: string, weight: number): Promise<Font> => {
    const instances = new Map<Program, Program>();
    const outlines: Outline[] = [];
    let facts: Program | undefined;
    for (const codePoint of codePointsOf(of)) {
      const program = await programOf(codePoint);
      if (program === undefined) {
        missing.add(codePoint);
        continue;
      }
      const instance = instances.get(program) ?? program.getVariation({ wght: weight });
      instances.set(program, instance);
      facts ??= instance;
      const { advanceWidth, path: outline } = instance.glyphForCodePoint(codePoint);
      outlines.push({ codePoint, advance: advanceWidth, commands: outline.commands });
    }
    const { unitsPerEm, ascent, descent } = facts!;
    const advances = new Map(outlines.map(({ codePoint, advance }) => [codePoint, advance / unitsPerEm]));
    return {
      file: fontFile({ name, unitsPerEm, ascent, descent }, outlines),
      widthOf(text) {
        let width = 0;
        for (const character of text) width += advances.get(character.codePointAt(0)!) ?? 1;
        return width;
      },
    };
  };

  return {
    regular: await gather(texts, 'ReportSans-Regular', 400),
    bold: await gather(heavy, 'ReportSans-Bold', 700),
    spelt(text) {
      let spelt = '';
      for (const character of text) {
        const codePoint = character.codePointAt(0)!;
        spelt += missing.has(codePoint)
          ? `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`
          : character;
      }
      return spelt;
    },
  };
}

/** All characters of the texts, and always those with which others are spelt. */
function codePointsOf(texts: Iterable<string>): number[] {
  const found = new Set(ascii);
  for (const text of texts) for (const character of text) found.add(character.codePointAt(0)!);
  return [...found];
}

/** Which files should have a character, by the ranges that the package names: `{"[4]": "U+1f1e9-1f1f5,U+25ca"}`. */
function finderIn(ranges: Readonly<Record<string, string>>): (codePoint: number) => string[] {
  const parsed = Object.entries(ranges).map(([name, list]) => ({
    subset: name.replace(/[[\]]/g, ''),
    spans: list.split(',').map((span) => {
      const [first = '', last = first] = span.replace(/^U\+/i, '').split('-');
      return [Number.parseInt(first, 16), Number.parseInt(last, 16)] as const;
    }),
  }));
  return (codePoint) =>
    parsed
      .filter(({ spans }) => spans.some(([first, last]) => codePoint >= first && codePoint <= last))
      .map(({ subset }) => subset);
}
