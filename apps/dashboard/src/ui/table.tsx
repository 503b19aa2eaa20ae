import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => ComponentChildren
  /** `number`: to the right, so that digits stand below each other; `text`: it may take the room that is left. */
  readonly kind?: 'number' | 'text' | 'actions'
}

interface TableProps<Row> {
  /** What the rows are. It is read out, and not shown. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** Dims a row that is no longer there, but must not move what is below it. */
  readonly isGone?: (row: Row) => boolean
}

/** A table. Where there is no room for columns, each row becomes a card whose cells say what they are. */
export const Table = <Row,>({ caption, columns, rows, keyOf, isGone }: TableProps<Row>) => (
  <table class="table">
    <caption class="hidden">{caption}</caption>
    <thead>
      <tr>
        {columns.map(({ head, kind }) => (
          <th key={head} scope="col" class={kind}>
            {kind === 'actions' ? <span class="hidden">{head}</span> : head}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {rows.map(row => (
        <tr key={keyOf(row)} class={isGone?.(row) ? 'gone' : undefined}>
          {columns.map(({ head, cell, kind }) => (
            <td key={head} class={kind} data-label={head}>
              {/* One child, whatever is in it: a card puts it beside its name. */}
              <div>{cell(row)}</div>
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  </table>
)
