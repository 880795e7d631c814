// Colours and tables for people at a terminal. Colour is an extra, never the only sign of anything. Knows
// columns and colours, no domain words.

import { cut, pad, plain, widthOf } from '../lib/width.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'blue' | 'cyan' | 'dim' | 'bold';
const codes: Readonly<Record<Colour, number>> = {
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  cyan: 36,
  bold: 1,
  dim: 2,
};

/** What is written to: how wide it is, and whether it takes colours. */
export interface Screen {
  readonly colours: boolean;
  /** undefined: not a terminal, nothing is cut */
  readonly columns?: number;
  write(text: string): void;
}

/** https://no-color.org: any text in NO_COLOR but an empty one turns colours off. */
export function screenOf(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): Screen {
  const terminal = stream.isTTY === true;
  return {
    colours: terminal && !environment.NO_COLOR && environment.TERM !== 'dumb',
    ...(terminal && stream.columns > 0 ? { columns: stream.columns } : {}),
    write: (text) => {
      stream.write(text);
    },
  };
}

export function paint(screen: Pick<Screen, 'colours'>, colour: Colour | undefined, text: string): string {
  return screen.colours && colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
}

export interface Cell {
  readonly text: string;
  readonly colour?: Colour;
}

export interface Column {
  readonly title: string;
  readonly side?: 'left' | 'right';
  /** may be cut where the terminal is too narrow; the widest such column is cut first */
  readonly flexible?: boolean;
}

const gap = '  ';
const narrowest = 8;

/** Lines of a table, aligned by columns as they look, headed by its titles. */
export function table(
  screen: Pick<Screen, 'colours' | 'columns'>,
  columns: readonly Column[],
  rows: readonly (readonly (string | Cell)[])[],
): string[] {
  const cells = rows.map((row) =>
    columns.map((_, at): Cell => {
      const given = row[at] ?? '';
      return typeof given === 'string' ? { text: plain(given) } : { ...given, text: plain(given.text) };
    }),
  );
  const widths = columns.map((column, at) =>
    Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[at]!.text))),
  );
  if (screen.columns !== undefined) shrink(widths, columns, screen.columns);
  const lineOf = (row: readonly Cell[]): string =>
    row
      .map((cell, at) => {
        const last = at === columns.length - 1 && columns[at]!.side !== 'left';
        const text = cut(cell.text, widths[at]!);
        // blanks at the end of a line would only wrap it
        const side = columns[at]!.side === 'left' ? 'left' : 'right';
        return paint(screen, cell.colour, last ? text : pad(text, widths[at]!, side));
      })
      .join(gap)
      .trimEnd();
  return [lineOf(columns.map((column) => ({ text: column.title, colour: 'dim' }))), ...cells.map(lineOf)];
}

function shrink(widths: number[], columns: readonly Column[], most: number): void {
  for (;;) {
    const total = widths.reduce((sum, width) => sum + width, 0) + gap.length * (widths.length - 1);
    if (total <= most) return;
    let widest = -1;
    for (const [at, column] of columns.entries()) {
      if (!column.flexible || widths[at]! <= narrowest) continue;
      if (widest < 0 || widths[at]! > widths[widest]!) widest = at;
    }
    if (widest < 0) return;
    widths[widest] = widths[widest]! - 1;
  }
}
