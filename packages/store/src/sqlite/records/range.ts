import type { JobConditions } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { prepareSeqs, type SeqRange } from '../seq-steps.ts'
import { prepareEndAt, prepareFirstSince } from './first-since.ts'

/** The range in which the jobs of these conditions are. */
export const prepareRange = (connection: Connection) => {
  const firstSince = prepareFirstSince(connection)
  const endAt = prepareEndAt(connection)
  const seqs = prepareSeqs(connection, 'jobs')

  return ({ since, until, from = 0, before = Infinity }: JobConditions): SeqRange => {
    const first = since === undefined ? seqs.first() : firstSince(since)
    const end = until === undefined ? Infinity : endAt(until)
    return { first: Math.max(first, from), end: Math.min(before, end, seqs.last() + 1) }
  }
}
