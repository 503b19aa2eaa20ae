import type { Connection } from './connection.ts'

/** Numbers from `first` on, and below `end`. */
export interface SeqRange {
  readonly first: number
  readonly end: number
}

/** How much one step does. */
export interface StepSize {
  /** How many numbers it looks at. If no index finds the rows directly, it reads all of them. */
  readonly numbers: number
  /** How many rows it finds at most. */
  readonly rows: number
}

interface Row {
  readonly seq: number
}

/** Reads rows by falling numbers, in steps. @param read gives the last `most` of a range, the last one first */
export const falling = function* <T extends Row>(
  range: SeqRange,
  { limit, numbers, rows }: StepSize & { readonly limit: number },
  read: (range: SeqRange, most: number) => T[],
): Generator<readonly T[], void> {
  let { end } = range
  let left = limit
  while (end > range.first && left > 0) {
    const first = Math.max(range.first, end - numbers)
    const most = Math.min(left, rows)
    const found = read({ first, end }, most)
    yield found
    left -= found.length
    end = found.length === most ? (found.at(-1)?.seq ?? first) : first
  }
}

/** Reads rows by rising numbers, in steps. @param read gives the first `most` of a range */
export const rising = function* <T extends Row>(
  range: SeqRange,
  { numbers, rows }: StepSize,
  read: (range: SeqRange, most: number) => T[],
): Generator<readonly T[], void> {
  for (let { first } = range; first < range.end;) {
    const end = Math.min(range.end, first + numbers)
    const found = read({ first, end }, rows)
    yield found
    first = found.length === rows ? (found.at(-1)?.seq ?? end) + 1 : end
  }
}

/** The numbers in a table. */
export const prepareSeqs = ({ sqlite }: Connection, table: 'jobs' | 'webhook_deliveries') => {
  const selectFirst = sqlite.prepare(`SELECT min(seq) FROM ${table}`).pluck()
  const selectLast = sqlite.prepare(`SELECT max(seq) FROM ${table}`).pluck()

  return {
    /** Infinity when there is none. */
    first: (): number => (selectFirst.get() as number | null) ?? Infinity,
    last: (): number => (selectLast.get() as number | null) ?? 0,
  }
}

/**
 * Finds the first row of the last so many numbers of a range, if older rows are left in it. Numbers behind the last row of the
 * range do not count: whole stretches can have been deleted.
 */
export const prepareLookBack = ({ sqlite }: Connection, table: 'jobs' | 'webhook_deliveries') => {
  const selectLast = sqlite.prepare(`SELECT max(seq) FROM ${table} WHERE seq < +?`).pluck()
  const selectFrom = sqlite.prepare(
    `SELECT seq, created_at AS createdAt FROM ${table} WHERE seq >= +? ORDER BY seq LIMIT 1`,
  )

  return (numbers: number, { first, end }: SeqRange): { seq: number; createdAt: number } | undefined => {
    const last = (selectLast.get(end) as number | null) ?? 0
    const from = last + 1 - numbers
    if (first >= from) return undefined
    return selectFrom.get(from) as { seq: number; createdAt: number }
  }
}
