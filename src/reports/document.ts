// A report as paper has it, in one language: headings, facts, tables, lists. What stands between the data of a report
// and its forms (Markdown, PDF), so that both say the same. Texts are one line each and free of control characters.

import type { Language, Text } from '../core/types.ts';
import { plain } from '../lib/width.ts';

export type Block =
  | { readonly type: 'heading'; readonly text: string }
  /** names and values, side by side */
  | { readonly type: 'facts'; readonly rows: readonly (readonly [name: string, value: string])[] }
  | {
      readonly type: 'table';
      readonly columns: readonly Column[];
      readonly rows: readonly (readonly string[])[];
    }
  | { readonly type: 'list'; readonly items: readonly string[] }
  | { readonly type: 'text'; readonly text: string };

export interface Column {
  readonly title: string;
  /** share of the width on paper, beside the others' */
  readonly width: number;
  readonly right?: boolean;
}

export interface Document {
  readonly language: Language;
  readonly title: string;
  readonly subtitle: string;
  /** on every page of a drill's report */
  readonly watermark?: string;
  readonly footer: string;
  readonly blocks: readonly Block[];
}

export function textIn(text: Text, language: Language): string {
  return plain(typeof text === 'string' ? text : text[language]);
}

/** A name and the id that it has in the site file, where these are two things. */
export function named(name: Text | undefined, id: string, language: Language): string {
  const text = name === undefined ? id : textIn(name, language);
  return text === plain(id) ? text : `${text} (${plain(id)})`;
}

/** Drops the facts that have no value. */
export function facts(rows: readonly (readonly [string, string | undefined])[]): Block {
  return {
    type: 'facts',
    rows: rows.flatMap(([name, value]) =>
      value === undefined || value === '' ? [] : [[name, plain(value)] as const],
    ),
  };
}

/** A table under its heading, or the words that there is nothing. */
export function section(
  heading: string,
  columns: readonly Column[],
  rows: readonly string[][],
  none: string,
): Block[] {
  return [
    { type: 'heading', text: heading },
    rows.length === 0
      ? { type: 'text', text: none }
      : { type: 'table', columns, rows: rows.map((cells) => cells.map(plain)) },
  ];
}
