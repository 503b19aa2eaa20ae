/** `foreman`: this checkout. `before`: the other one, of `--against`. */
export interface Both<T> {
  readonly foreman: T
  readonly before: T
}

/**
 * Measures both checkouts. They take turns, so that whatever else the machine does disturbs both.
 *
 * @param measure gets the root of the checkout. Undefined: this one
 */
export const inTurns = async <T>(
  { against, rounds }: { readonly against: string; readonly rounds: number },
  measure: (root: string | undefined) => Promise<T>,
): Promise<Both<T[]>> => {
  const measured: Both<T[]> = { foreman: [], before: [] }
  for (let round = 0; round < rounds; round++) {
    const ways = ['foreman', 'before'] as const
    for (const way of round % 2 === 0 ? ways : ways.toReversed())
      measured[way].push(await measure(way === 'before' ? against : undefined))
  }
  return measured
}
