const FIRST_MS = 500
const LONGEST_MS = 30_000

/**
 * How long to wait before a connection is tried again.
 *
 * @param failures how often it has failed in a row, from 1
 * @param random between 0 and 1, so that all pages do not come back at once
 */
export const backOffMs = (failures: number, random: number): number => {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1))
  return Math.round(longest * (0.5 + random / 2))
}
