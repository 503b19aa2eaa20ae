/**
 * A time as a part of the name of a file, so that names sort by time.
 *
 * @example
 * stampOf(Date.UTC(2030, 0, 31, 12)) // '20300131T120000Z'
 */
export const stampOf = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
