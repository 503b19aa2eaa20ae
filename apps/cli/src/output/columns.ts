import stringWidth from 'string-width'
import { safeLine } from './safe-text.ts'
import type { Screen } from './screen.ts'

const GAP = '  '

/** A cell of a table: text of anybody, and how it is shown. */
interface Cell {
  readonly text: string
  readonly isRight?: boolean
  /** Changes how the text looks, and not how wide it is. */
  readonly style?: (text: string) => string
}

export type Row = readonly (Cell | string)[]

/** A cell that ends where its column ends, as figures do. */
export const right = (text: string | number | undefined): Cell => ({
  text: String(text ?? ''),
  isRight: true,
})

/** A row with the name of a fact; none if it is not known. */
export const fact = (name: string, value: string | undefined): Row[] =>
  value === undefined ? [] : [[name, value]]

/** Prints rows below each other, as wide as the terminal at the most. */
export const printTable = (rows: readonly Row[], screen: Pick<Screen, 'print' | 'columns'>): void => {
  for (const line of tableLines(rows, screen.columns)) screen.print(line)
}

/**
 * The lines of a table, with its columns below each other. What is wider than the terminal is cut.
 *
 * @param columns the width of the terminal; undefined: lines may have any
 */
export const tableLines = (rows: readonly Row[], columns: number | undefined): string[] => {
  const cells = rows.map(row => row.map(cellOf))
  const widths: number[] = []
  for (const row of cells)
    for (const [at, { text }] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, stringWidth(text))
  return cells.map(row => lineOf(row, widths, columns))
}

const cellOf = (cell: Cell | string): Cell =>
  typeof cell === 'string' ? { text: safeLine(cell) } : { ...cell, text: safeLine(cell.text) }

const lineOf = (row: readonly Cell[], widths: readonly number[], columns = Infinity): string => {
  let [line, left] = ['', columns]
  for (const [at, { text, isRight = false, style = (same: string) => same }] of row.entries()) {
    const gap = at === 0 ? '' : GAP.slice(0, left)
    const shown = cut(text, left - gap.length)
    const space = ' '.repeat(Math.max(0, Math.min(widths[at] ?? 0, left - gap.length) - stringWidth(shown)))
    left -= gap.length + stringWidth(shown) + space.length
    line += gap + (isRight ? space + style(shown) : style(shown) + (at === row.length - 1 ? '' : space))
  }
  return line.trimEnd()
}

const graphemes = new Intl.Segmenter()

/** As much of a text as fits, with an ellipsis if that is not all of it. */
export const cut = (text: string, width: number): string => {
  if (stringWidth(text) <= width) return text
  let [shown, left] = ['', width - 1]
  for (const { segment } of graphemes.segment(text)) {
    left -= stringWidth(segment)
    if (left < 0) break
    shown += segment
  }
  return width < 1 ? '' : `${shown}…`
}
