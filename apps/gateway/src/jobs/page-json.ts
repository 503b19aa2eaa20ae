import { time } from '@foreman/job-view'
import { jsonArray } from '../http/send-json-parts.ts'

/** A cursor is the number of a row, written with letters to keep it short. */
const CURSOR_BASE = 36

export const seqOfCursor = (cursor: string | undefined): number | undefined =>
  cursor === undefined ? undefined : Number.parseInt(cursor, CURSOR_BASE)

interface Row {
  readonly seq: number
  readonly createdAt: number
}

interface Page<T extends Row> {
  /** What the list is called, and the cursor of the next page. */
  readonly name: string
  readonly next: string
  readonly limit: number
  /** The last row that the page looks at. Undefined: it looks at all. */
  readonly end: Row | undefined
  /** The JSON of each row. */
  readonly listed: (steps: AsyncIterable<readonly T[]>) => AsyncIterable<readonly string[]>
}

/**
 * A page of rows as JSON, in parts.
 *
 * @param steps have one row more than the page shows, if there is one: then there is a next page
 */
export const pageJson = async function* <T extends Row>(
  steps: AsyncIterable<readonly T[]> | Iterable<readonly T[]>,
  { name, next, limit, end, listed }: Page<T>,
): AsyncGenerator<string, void> {
  let shown = 0
  let last: T | undefined
  let hasMore = false
  const rowsOfSteps = async function* (): AsyncGenerator<readonly T[], void> {
    for await (const rows of steps) {
      const page = rows.slice(0, limit - shown)
      hasMore ||= rows.length > page.length
      shown += page.length
      last = page.at(-1) ?? last
      yield page
    }
  }
  yield `{"${name}":`
  yield* jsonArray(listed(rowsOfSteps()))
  const cursor = (hasMore ? last : end)?.seq.toString(CURSOR_BASE)
  yield `,"${next}":${JSON.stringify(cursor ?? null)}`
  yield end && !hasMore ? `,"searched_to":${JSON.stringify(time(end.createdAt))}}` : '}'
}
