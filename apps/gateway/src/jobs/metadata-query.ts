import type { Request } from 'express'

const PREFIX = 'meta.'

/** A query with its parameters `meta.NAME` as one object `meta`. */
export const queryOf = (query: Request['query']): Record<string, unknown> => {
  const isOfMetadata = ([name]: [string, unknown]) => name.startsWith(PREFIX)
  const { true: ofMetadata, false: others = [] } = Object.groupBy(Object.entries(query), each =>
    isOfMetadata(each) ? 'true' : 'false',
  )
  const meta = ofMetadata?.map(([name, value]) => [name.slice(PREFIX.length), value] as const)
  return { ...Object.fromEntries(others), ...(meta && { meta: Object.fromEntries(meta) }) }
}
