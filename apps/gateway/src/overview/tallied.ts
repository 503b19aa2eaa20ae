import type { Tally } from '@foreman/store'

/** The sum of a tally over all its labels; of a histogram, how often it was observed. */
export const tallied = (tallies: readonly Tally[], name: string): number =>
  tallies
    .filter(tally => tally.name === name && tally.part !== 'sum')
    .reduce((sum, { value }) => sum + value, 0)
