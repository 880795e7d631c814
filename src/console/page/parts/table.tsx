// Rows and columns; on a narrow screen each row is a block with the column's name before each value.

import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  readonly side?: 'left' | 'right';
  /** names the row: a heading of its own */
  readonly head?: boolean;
}

export function Table<Row>(props: {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly classOf?: (row: Row) => string;
}) {
  return (
    <table class="table">
      <caption class="hidden">{props.caption}</caption>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th key={column.id} scope="col" class={column.side}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={props.keyOf(row)} class={props.classOf?.(row)}>
            {props.columns.map((column) => {
              const inside = (
                <>
                  <span class="cell-title" aria-hidden="true">
                    {column.title}
                  </span>
                  <div class="cell">{column.cell(row)}</div>
                </>
              );
              return column.head ? (
                <th key={column.id} scope="row" class={column.side}>
                  {inside}
                </th>
              ) : (
                <td key={column.id} class={column.side}>
                  {inside}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
