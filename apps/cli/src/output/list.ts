import { printTable, type Row } from './columns.ts'
import type { Screen } from './screen.ts'

/** A longer list is shown as several tables: it begins at once, and takes little memory. */
const ROWS_OF_TABLE = 500

export interface Listed<Item> {
  readonly rowOf: (item: Item) => Row
  /** No more than so many. */
  readonly limit?: number
}

/** Prints what is found: a line of JSON each, or rows of tables. */
export const printList = async <Item>(
  found: AsyncIterable<Item> | Iterable<Item>,
  { rowOf, limit = Infinity }: Listed<Item>,
  screen: Pick<Screen, 'isJson' | 'json' | 'print' | 'columns'>,
): Promise<void> => {
  const rows: Row[] = []
  let left = limit
  for await (const item of found) {
    if (screen.isJson) screen.json(item)
    else if (rows.push(rowOf(item)) === ROWS_OF_TABLE) printTable(rows.splice(0), screen)
    if (--left === 0) break
  }
  printTable(rows, screen)
}
