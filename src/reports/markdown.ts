// A report's document as Markdown (CommonMark with GFM tables). Whatever came from outside stays text: no markup,
// no links, no cell and no line that it could break out of.

import type { Block, Document } from './document.ts';

export function markdownOf(document: Document): string {
  const mark = document.watermark === undefined ? [] : [`**【${escaped(document.watermark)}】**`];
  const parts = [
    `# ${escaped(document.title)}`,
    ...mark,
    escaped(document.subtitle),
    ...document.blocks.map(blockOf),
    '---',
    escaped(document.footer),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockOf(block: Block): string {
  switch (block.type) {
    case 'heading':
      return `## ${escaped(block.text)}`;
    case 'text':
      return escaped(block.text);
    case 'list':
      return block.items.map((item) => `- ${escaped(item)}`).join('\n');
    case 'facts':
      return table(
        ['', ''],
        [false, false],
        block.rows.map(([name, value]) => [name, value]),
      );
    case 'table':
      return table(
        block.columns.map(({ title }) => title),
        block.columns.map(({ right = false }) => right),
        block.rows,
      );
  }
}

function table(
  titles: readonly string[],
  right: readonly boolean[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  const rule = `| ${right.map((each) => (each ? '---:' : '---')).join(' | ')} |`;
  return [line(titles), rule, ...rows.map(line)].join('\n');
}

/** Text that is nothing but text: on one line, in a cell or at the beginning of a paragraph. */
export function escaped(text: string): string {
  return (
    text
      .replace(/[\\`*[\]<>|~&!$]/g, '\\$&')
      // an underscore within a word marks nothing
      .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
      // bare addresses would become links
      .replace(/:\/\//g, '\\://')
      .replace(/\bwww\./gi, (www) => `${www.slice(0, -1)}\\.`)
      .replace(/@(?=[\w-]+\.\w)/g, '\\@')
      .replace(/^(\s*)([#+=-]|\d+(?=[.)](?:\s|$)))/, (_, blanks: string, mark: string) =>
        /\d/.test(mark) ? `${blanks}${mark}\\` : `${blanks}\\${mark}`,
      )
  );
}
