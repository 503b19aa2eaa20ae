import type { NewJob, Store, Submitted } from '@foreman/store'
import { Slots } from '../http/slots.ts'
import type { JobDraft } from './intake.ts'
import { whenWritable } from './when-writable.ts'

/** One commit writes at most so much. This takes a few milliseconds, and all other writers wait for it. */
const JOBS_PER_COMMIT = 100
const BYTES_PER_COMMIT = 512 * 1024

/** All arrivals together write one commit at a time. */
const commits = new Slots(1)

export interface ArrivalOptions {
  readonly store: Store
  readonly now: () => number
  readonly withGroupKeys: (jobs: readonly JobDraft[]) => NewJob[]
}

/** Whether jobs fit into one commit. */
export const fitIntoOneCommit = (jobs: readonly JobDraft[]): boolean =>
  jobs.length <= JOBS_PER_COMMIT &&
  jobs.reduce((bytes, { body }) => bytes + body.byteLength, 0) <= BYTES_PER_COMMIT

/**
 * Writes jobs in several commits, between which others can write. The last commit accepts all of them: if this process
 * dies before it, none was submitted.
 *
 * @throws Refusal
 */
export const submitInSteps = async (
  jobs: readonly JobDraft[],
  { store, now, withGroupKeys }: ArrivalOptions,
): Promise<Submitted[]> => {
  const { arrivals } = store.submissions
  const write = async <T>(durability: 'normal' | 'full', step: () => T): Promise<T> => {
    const release = await commits.take()
    const begunAt = performance.now()
    try {
      return await whenWritable(() => store.together(durability, step))
    } finally {
      // The file then belongs to other writers for as long. SQLite does not wake them up: they look now and then.
      setTimeout(release, performance.now() - begunAt)
    }
  }
  const arrival = await write('normal', () => arrivals.begin(now()))
  try {
    const submitted: Submitted[] = []
    for (const some of inCommits(jobs))
      submitted.push(
        ...(await write('normal', () => arrivals.add(arrival, withGroupKeys(some.map(inserted)), now()))),
      )
    for (const [index, { body }] of jobs.entries()) {
      const { seq, isReplayed } = submitted[index]!
      if (isReplayed) continue
      for (let n = 0; n < partsOf(body); n++) {
        const bytes = body.subarray(n * BYTES_PER_COMMIT, (n + 1) * BYTES_PER_COMMIT)
        await write('normal', () => arrivals.addPart(arrival, { seq, n, bytes }, now()))
      }
    }
    await write('full', () => arrivals.accept(arrival))
    return submitted
  } catch (error) {
    // If this fails too, the worker's cleaner removes the arrival when nothing has been added to it for a while.
    await write('normal', () => arrivals.discard(arrival)).catch(() => undefined)
    throw error
  }
}

/** In how many parts a body is written. 0: with its job. */
const partsOf = ({ byteLength }: Buffer): number =>
  byteLength > BYTES_PER_COMMIT ? Math.ceil(byteLength / BYTES_PER_COMMIT) : 0

const EMPTY = Buffer.alloc(0)

/** A job as it is inserted: a body that is too long for that is added in parts. */
const inserted = (job: JobDraft): JobDraft => {
  const parts = partsOf(job.body)
  return parts === 0 ? job : { ...job, body: EMPTY, parts }
}

/** Jobs in lots that fit into one commit each. */
const inCommits = function* (jobs: readonly JobDraft[]): Generator<readonly JobDraft[]> {
  let first = 0
  let bytes = 0
  for (const [index, { body }] of jobs.entries()) {
    const itsBytes = partsOf(body) === 0 ? body.byteLength : 0
    if (index - first === JOBS_PER_COMMIT || bytes + itsBytes > BYTES_PER_COMMIT) {
      yield jobs.slice(first, index)
      first = index
      bytes = 0
    }
    bytes += itsBytes
  }
  yield jobs.slice(first)
}
