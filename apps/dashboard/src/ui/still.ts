/** Rows that stay where they are, and what has happened meanwhile. */
export interface Still<Row> {
  readonly rows: readonly Row[]
  /** The keys of rows that are no longer there. */
  readonly gone: ReadonlySet<string>
  /** How many have come, and are not shown yet. */
  readonly arrived: number
}

/**
 * Keeps every row where it is shown, so that nothing moves away under a pointer: rows that have changed are shown as they are now,
 * those that are gone stay as they were, and new ones wait, or are shown below.
 *
 * @param more how many rows may be shown more than there are
 */
export const holdStill = <Row>(
  shown: readonly Row[],
  latest: readonly Row[],
  keyOf: (row: Row) => string,
  more = 0,
): Still<Row> => {
  // Where nothing is shown, nothing can move.
  if (shown.length === 0) return { rows: latest, gone: new Set(), arrived: 0 }
  const now = new Map(latest.map(row => [keyOf(row), row]))
  const keys = new Set(shown.map(keyOf))
  const arrived = latest.filter(row => !keys.has(keyOf(row)))
  const below = more === 0 ? [] : arrived.slice(0, Math.max(0, latest.length + more - shown.length))
  return {
    rows: [...shown.map(row => now.get(keyOf(row)) ?? row), ...below],
    gone: new Set([...keys].filter(key => !now.has(key))),
    arrived: arrived.length - below.length,
  }
}
