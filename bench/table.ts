export type Cell = string | number

/** A number as a table shows it, with `digits` decimals; `n/a` when it could not be measured. */
export const figure = (value: number | undefined, digits = 2): string =>
  value === undefined || Number.isNaN(value) ? 'n/a' : value.toFixed(digits)

/** A difference as a table shows it: it always has a sign. */
export const difference = (value: number | undefined, digits = 2): string =>
  value === undefined || !(value > 0) ? figure(value, digits) : `+${value.toFixed(digits)}`

const isNumeric = (cell: Cell): boolean => /^[+-]?\d[\d.]*( ?[%x])?$|^n\/a$/.test(String(cell))

/** A ratio as a table shows it: `1.03x`, or `n/a`. */
export const ratio = (value: number, digits = 2): string =>
  Number.isFinite(value) ? `${figure(value, digits)}x` : figure(undefined)

/** Aligned plain text: words to the left, figures to the right. */
export const table = (header: readonly string[], rows: readonly (readonly Cell[])[]): string => {
  const widths = header.map((title, at) =>
    Math.max(title.length, ...rows.map(row => String(row[at] ?? '').length)),
  )
  const isRight = header.map((_, at) => rows.length > 0 && rows.every(row => isNumeric(row[at] ?? 'n/a')))
  const line = (cells: readonly Cell[]) =>
    cells
      .map((cell, at) => {
        const text = String(cell)
        const width = widths[at] ?? 0
        return isRight[at] ? text.padStart(width) : text.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(header), widths.map(width => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}
