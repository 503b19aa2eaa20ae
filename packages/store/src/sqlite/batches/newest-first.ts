import type { NewestFirst } from '../../values.ts'
import { atMost, type Column, desc, eq, given, lt, type SQL } from '../drizzle.ts'

/** A query whose rows are listed with the newest first. */
interface Listed {
  readonly conditions: (SQL | undefined)[]
  readonly orderBy: SQL
  readonly limit: number
}

/**
 * Prepares a list of rows with the newest first: one statement for those of a caller, and one for all, so that each uses the index
 * that was made for it.
 */
export const prepareNewestFirst = <Row>(
  { seq, caller }: { readonly seq: Column; readonly caller: Column },
  prepare: (listed: Listed) => { all(values: Record<string, unknown>): Row[] },
) => {
  const listed = (isOfCaller: SQL | undefined) =>
    prepare({
      conditions: [isOfCaller, lt(seq, given('before'))],
      orderBy: desc(seq),
      limit: atMost(given('limit')),
    })
  const all = listed(undefined)
  const ofCaller = listed(eq(caller, given('caller')))

  return ({ caller: name, before, limit }: NewestFirst, values: Record<string, unknown> = {}): Row[] => {
    const asked = { ...values, before: before ?? Number.MAX_SAFE_INTEGER, limit }
    return name === undefined ? all.all(asked) : ofCaller.all({ ...asked, caller: name })
  }
}
