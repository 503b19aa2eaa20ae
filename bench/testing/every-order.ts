/** All orders of a few things. */
export const everyOrder = <T>(rest: readonly T[]): T[][] =>
  rest.length === 0
    ? [[]]
    : rest.flatMap((one, at) => everyOrder(rest.toSpliced(at, 1)).map(tail => [one, ...tail]))
