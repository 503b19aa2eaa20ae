/** A word that a command takes. */
interface Taken {
  readonly name: string
  /** As many as there are, such as `[ids..]`. */
  readonly isRepeated: boolean
}

/** The words of a usage: first those that are typed as they are, then those that the command takes. */
export interface Usage {
  readonly literal: readonly string[]
  readonly taken: readonly Taken[]
}

/** @example usageOf('jobs cancel [ids..]') // { literal: ['jobs', 'cancel'], taken: [{ name: 'ids', isRepeated: true }] } */
export const usageOf = (usage: string): Usage => ({
  literal: usage.split(' ').filter(word => /^\w/.test(word)),
  taken: [...usage.matchAll(/[[<](\w+)(\.\.)?[\]>]/g)].map(([, name = '', dots]) => ({
    name,
    isRepeated: dots !== undefined,
  })),
})
