// A report's document as a PDF: A4, tables with wrapped cells that go on over pages, page numbers, a drill's mark on
// every page, fonts inside. Its packages are loaded when the first PDF is made, and only then.

import { createRequire } from 'node:module';
import type { Block, Column, Document } from './document.ts';
import { type Font, fontsFor } from './fonts.ts';
import { linesOf } from './lines.ts';
import { words } from './words.ts';

const page = { width: 595.28, height: 841.89, margin: 44, foot: 30 };
const room = page.width - 2 * page.margin;
const bottom = page.height - page.margin - page.foot;
const sizes = { title: 17, heading: 11.5, text: 8.5, small: 7.5 };
/** Height of a line, in sizes of its text. */
const leading = 1.4;
const padding = 3;
/** Between the text of a cell and its sides. */
const inset = 5;
const ink = { text: '#1a1a1a', faint: '#666666', rule: '#c8c8c8', head: '#eeeeee', mark: '#d22626' };

interface Style {
  readonly font: Font;
  readonly name: 'regular' | 'bold';
  readonly size: number;
  readonly colour: string;
}

/** The bytes of the file. Rejects where its packages are not installed. */
export async function pdfOf(given: Document): Promise<Buffer> {
  const load = createRequire(import.meta.url);
  const PdfDocument = load('pdfkit') as typeof import('pdfkit');
  const said = words[given.language];
  const { texts, heavy } = textsIn(given);
  const fonts = await fontsFor([...texts, ...heavy, said.page, said.pageEnd], heavy);
  const styles = {
    title: { font: fonts.bold, name: 'bold', size: sizes.title, colour: ink.text },
    heading: { font: fonts.bold, name: 'bold', size: sizes.heading, colour: ink.text },
    label: { font: fonts.bold, name: 'bold', size: sizes.text, colour: ink.text },
    text: { font: fonts.regular, name: 'regular', size: sizes.text, colour: ink.text },
    small: { font: fonts.regular, name: 'regular', size: sizes.small, colour: ink.faint },
  } satisfies Record<string, Style>;
  const pdf = new PdfDocument({
    size: 'A4',
    margin: 0,
    bufferPages: true,
    // the standard fonts have no Chinese
    font: null as unknown as string,
    autoFirstPage: false,
    lang: given.language === 'zh' ? 'zh-CN' : 'en',
    info: { Title: given.title, Creator: 'keepwatch', Producer: 'keepwatch' },
  });
  const chunks: Buffer[] = [];
  const ended = new Promise<Buffer>((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk));
    pdf.on('end', () => resolve(Buffer.concat(chunks)));
    pdf.on('error', reject);
  });
  pdf.registerFont('regular', fonts.regular.file);
  pdf.registerFont('bold', fonts.bold.file);
  let y = 0;

  const write = (text: string, x: number, top: number, { name, size, colour }: Style): void => {
    pdf.font(name).fontSize(size).fillColor(colour).text(text, x, top, { lineBreak: false });
  };
  const turnPage = (): void => {
    pdf.addPage();
    if (given.watermark !== undefined) stamp(given.watermark);
    y = page.margin;
  };
  /** Across the page, below what is written on it. */
  const stamp = (mark: string): void => {
    const size = 120;
    const text = fonts.spelt(mark);
    pdf.save().fillOpacity(0.1);
    pdf.rotate(-40, { origin: [page.width / 2, page.height / 2] });
    const x = (page.width - fonts.bold.widthOf(text) * size) / 2;
    write(text, x, page.height / 2 - size * 0.75, { font: fonts.bold, name: 'bold', size, colour: ink.mark });
    pdf.restore().fillOpacity(1);
  };
  const ensure = (height: number): boolean => {
    if (y + height <= bottom) return false;
    turnPage();
    return true;
  };
  const wrapped = (text: string, width: number, { font, size }: Style): string[] =>
    linesOf(fonts.spelt(text), width, (part) => font.widthOf(part) * size);
  const right = (line: string, width: number, { font, size }: Style): number =>
    Math.max(0, width - font.widthOf(line) * size);

  const paragraph = (text: string, style: Style, x = page.margin): void => {
    for (const line of wrapped(text, page.margin + room - x, style)) {
      ensure(style.size * leading);
      write(line, x, y, style);
      y += style.size * leading;
    }
  };

  /** A row whose cells go on over the page where they must. */
  const row = (
    cells: readonly string[],
    columns: readonly Column[],
    styled: readonly Style[],
    onTurn: () => void,
  ): void => {
    const widths = widthsOf(columns);
    const columnLines = cells.map((cell, index) => wrapped(cell, widths[index]! - 2 * inset, styled[index]!));
    const height = sizes.text * leading;
    const count = columnLines.reduce((most, lines) => Math.max(most, lines.length), 1);
    // one that fits on a page is not torn
    if (y + count * height + 2 * padding > bottom && (count < 12 || y + 4 * height > bottom)) {
      turnPage();
      onTurn();
    }
    y += padding;
    for (let at = 0; at < count; at += 1) {
      if (y + height > bottom) {
        turnPage();
        onTurn();
        y += padding;
      }
      let x = page.margin;
      columnLines.forEach((lines, index) => {
        const line = lines[at];
        const style = styled[index]!;
        const shift =
          line !== undefined && columns[index]!.right ? right(line, widths[index]! - 2 * inset, style) : 0;
        if (line !== undefined && line !== '') write(line, x + inset + shift, y, style);
        x += widths[index]!;
      });
      y += height;
    }
    y += padding;
    pdf
      .moveTo(page.margin, y)
      .lineTo(page.margin + room, y)
      .lineWidth(0.5)
      .strokeColor(ink.rule)
      .stroke();
  };

  const table = (columns: readonly Column[], rows: readonly (readonly string[])[]): void => {
    const head = (): void => {
      const titles = columns.map(({ title }) => title);
      const lines = titles.map((title, index) =>
        wrapped(title, widthsOf(columns)[index]! - 2 * inset, styles.label),
      );
      const height = lines.reduce((most, each) => Math.max(most, each.length), 1) * sizes.text * leading;
      pdf.rect(page.margin, y, room, height + 2 * padding).fill(ink.head);
      row(
        titles,
        columns,
        columns.map(() => styles.label),
        () => {},
      );
    };
    ensure(4 * sizes.text * leading);
    head();
    for (const cells of rows)
      row(
        cells,
        columns,
        columns.map(() => styles.text),
        head,
      );
    y += sizes.text;
  };

  const draw = (block: Block): void => {
    switch (block.type) {
      case 'heading':
        y += sizes.text;
        // a heading does not stand alone at the end of a page
        if (ensure(sizes.heading * leading + 6 * sizes.text * leading)) y += 2;
        paragraph(block.text, styles.heading);
        y += 2;
        return;
      case 'text':
        paragraph(block.text, styles.small);
        return;
      case 'list':
        for (const item of block.items) {
          ensure(sizes.text * leading);
          write('-', page.margin + padding, y, styles.text);
          paragraph(item, styles.text, page.margin + 12);
        }
        return;
      case 'facts':
        for (const cells of block.rows) row(cells, factColumns, [styles.label, styles.text], () => {});
        y += sizes.text;
        return;
      case 'table':
        table(block.columns, block.rows);
    }
  };

  turnPage();
  paragraph(given.title, styles.title);
  paragraph(given.subtitle, styles.small);
  y += sizes.text;
  for (const block of given.blocks) draw(block);

  const { count } = pdf.bufferedPageRange();
  for (let index = 0; index < count; index += 1) {
    pdf.switchToPage(index);
    const top = page.height - page.margin;
    const number = `${said.page} ${index + 1} / ${count} ${said.pageEnd}`.trim();
    const [foot = ''] = wrapped(given.footer, room * 0.8, styles.small);
    write(foot, page.margin, top, styles.small);
    write(number, page.margin + right(number, room, styles.small), top, styles.small);
  }
  pdf.end();
  return ended;
}

const factColumns: readonly Column[] = [
  { title: '', width: 27 },
  { title: '', width: 73 },
];

function widthsOf(columns: readonly Column[]): number[] {
  const shares = columns.reduce((sum, { width }) => sum + width, 0);
  return columns.map(({ width }) => (room * width) / shares);
}

function textsIn({ title, subtitle, watermark = '', footer, blocks }: Document): {
  texts: string[];
  heavy: string[];
} {
  const texts = [subtitle, footer];
  const heavy = [title, watermark];
  for (const block of blocks) {
    if (block.type === 'heading') heavy.push(block.text);
    if (block.type === 'text') texts.push(block.text);
    if (block.type === 'list') texts.push(...block.items);
    if (block.type === 'facts') {
      heavy.push(...block.rows.map(([name]) => name));
      texts.push(...block.rows.map(([, value]) => value));
    }
    if (block.type === 'table') {
      heavy.push(...block.columns.map(({ title: head }) => head));
      texts.push(...block.rows.flat());
    }
  }
  return { texts, heavy };
}
