import { randomFillSync } from 'node:crypto'
import { v7 as uuidV7 } from 'uuid'

const BYTES_PER_ID = 16
/** Asking the system for a few random bytes takes as long as asking for many. */
const pool = Buffer.alloc(256 * BYTES_PER_ID)
let used = pool.length

const randomBytes = (): Buffer => {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += BYTES_PER_ID
  return pool.subarray(used - BYTES_PER_ID, used)
}

/** A unique id that sorts by the time at which it was made (UUID version 7). */
export const newId = (prefix: 'job' | 'msg' | 'batch' | 'hold', msecs: number): string =>
  `${prefix}_${uuid(msecs)}`

const uuid = (msecs: number): string => uuidV7({ msecs, random: randomBytes() }).replaceAll('-', '')

/** The id of a job that is submitted now. */
export const newJobId = (now: number): string => newId('job', now)

/** The id of a batch that is submitted now. */
export const newBatchId = (now: number): string => newId('batch', now)

/** The id of a file that is uploaded now, in the form of OpenAI's. */
export const newFileId = (now: number): string => `file-${uuid(now)}`

/** The idempotency key of a job that repeats this one because of an operation on many, so that it is repeated once. */
export const keyOfRepetition = (id: string): string => `repetition of ${id}`

/**
 * The token of a claim. A claim writes it into the row of its job, twice. So it is short: a row that grows out of its page makes
 * SQLite write the pages beside it, too.
 */
export const newToken = (): string => randomBytes().toString('base64url')
