import type { Connection } from '../connection.ts'

/** So long before its job is inserted an id can have been made, while other jobs come first. */
const AROUND_MS = 1_000

/**
 * Finds the first number that a job submitted at a time or later can have. Infinity: no such job is there. Ids begin with their time, so the index of the
 * ids finds it without reading older ones.
 */
export const prepareFirstSince = ({ sqlite }: Connection) => {
  const selectFirstIdSince = sqlite.prepare('SELECT id FROM jobs WHERE id >= +? ORDER BY id LIMIT 1').pluck()
  const selectFirstSeqWithin = sqlite.prepare('SELECT min(seq) FROM jobs WHERE id >= +? AND id < +?').pluck()

  return (since: number): number => {
    const id = selectFirstIdSince.get(lowestIdAt(since - AROUND_MS)) as string | undefined
    if (id === undefined) return Infinity
    // Ids of one millisecond are in no order, and a job is inserted a moment after its id was made.
    return selectFirstSeqWithin.get(id, lowestIdAt(timeOf(id) + 2 * AROUND_MS)) as number
  }
}

/** Finds a number that no job submitted before a time has, nor any below it a job that came much later. */
export const prepareEndAt = (connection: Connection) => {
  const firstSince = prepareFirstSince(connection)
  return (until: number): number => firstSince(until + 2 * AROUND_MS)
}

/** When an id was made. */
const timeOf = (id: string): number => Number.parseInt(id.slice(4, 16), 16)

/** The lowest id that a job submitted at this time can have (UUID version 7). */
const lowestIdAt = (ms: number): string => `job_${Math.max(0, ms).toString(16).padStart(12, '0')}`
