/**
 * How many slips of the pen lie between two words: letters left out, added, replaced, or swapped with their neighbour.
 *
 * @example
 * spellingDistance('TOKEN', 'TOKE') // 1
 */
export const spellingDistance = (a: string, b: string): number => {
  // rows[i][j] is the distance between the first i letters of `a` and the first j of `b`.
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? rows[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(replaced, swapped, rows[i - 1]![j]! + 1, row[j - 1]! + 1))
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
