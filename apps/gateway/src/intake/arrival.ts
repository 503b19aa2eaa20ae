import type { GroupKeyOf, Store, Submitted } from '@foreman/store'
import { Slots } from '../http/slots.ts'
import { type JobDraft, withId } from './job-draft.ts'
import { whenWritable } from './when-writable.ts'

/** One step writes at most so much. This takes a few milliseconds, and all other writers wait for it. */
const JOBS_PER_STEP = 100
const BYTES_PER_STEP = 512 * 1024

/** All arrivals of this process together write one step at a time. */
const steps = new Slots(1)

export interface ArrivalOptions {
  readonly store: Store
  readonly groupKeyOf: GroupKeyOf
  readonly now: () => number
}

/** Whether jobs fit into one step. */
export const fitIntoOneStep = (jobs: readonly JobDraft[]): boolean =>
  jobs.length <= JOBS_PER_STEP &&
  jobs.reduce((bytes, { body }) => bytes + body.byteLength, 0) <= BYTES_PER_STEP

/**
 * Writes jobs in several steps, between which others can write. The last step accepts all of them: if this process dies
 * before it, none was submitted.
 *
 * @throws Refusal
 */
export const submitInSteps = async (
  jobs: readonly JobDraft[],
  { store, groupKeyOf, now }: ArrivalOptions,
): Promise<Submitted[]> => {
  const { arrivals } = store.submissions
  /** Does a step. `prepare` is called when its turn has come, and what it returns may be called several times. */
  const write = async <T>(prepare: (at: number) => () => Promise<T>): Promise<T> => {
    const release = await steps.take()
    const begunAt = performance.now()
    try {
      return await whenWritable(prepare(now()))
    } finally {
      // The queue then belongs to other writers for as long. Nobody may wake them up: they look now and then.
      setTimeout(release, performance.now() - begunAt)
    }
  }
  const arrival = await write(at => () => arrivals.begin(at))
  try {
    const submitted: Submitted[] = []
    let parts = 0
    for (const some of inSteps(jobs)) {
      const added = await write(at => {
        const named = some.map(job => withId(inserted(job), at))
        return () => arrivals.add({ arrival, jobs: named, groupKeyOf, now: at })
      })
      submitted.push(...added)
    }
    for (const [index, { body }] of jobs.entries()) {
      const { seq, isReplayed } = submitted[index]!
      if (isReplayed) continue
      for (let n = 0; n < partsOf(body); n++) {
        const bytes = body.subarray(n * BYTES_PER_STEP, (n + 1) * BYTES_PER_STEP)
        await write(at => () => arrivals.addPart(arrival, { jobSeq: seq, n, bytes }, at))
        parts += 1
      }
    }
    const own = submitted.filter(({ isReplayed }) => !isReplayed)
    const all = { jobs: own.length, parts, witness: own[0]?.seq }
    await write(() => () => arrivals.accept(arrival, all))
    return submitted
  } catch (error) {
    // If this fails too, the worker's cleaner removes the arrival when nothing has been added to it for a while.
    await write(() => () => arrivals.discard(arrival)).catch(() => undefined)
    throw error
  }
}

/** In how many parts a body is written. 0: with its job. */
const partsOf = ({ byteLength }: Buffer): number =>
  byteLength > BYTES_PER_STEP ? Math.ceil(byteLength / BYTES_PER_STEP) : 0

const EMPTY = Buffer.alloc(0)

/** A job as it is inserted: a body that is too long for that is added in parts. */
const inserted = (job: JobDraft): JobDraft => {
  const parts = partsOf(job.body)
  return parts === 0 ? job : { ...job, body: EMPTY, parts }
}

/** Jobs in lots that fit into one step each. */
const inSteps = function* (jobs: readonly JobDraft[]): Generator<readonly JobDraft[]> {
  let first = 0
  let bytes = 0
  for (const [index, { body }] of jobs.entries()) {
    const itsBytes = partsOf(body) === 0 ? body.byteLength : 0
    if (index - first === JOBS_PER_STEP || bytes + itsBytes > BYTES_PER_STEP) {
      yield jobs.slice(first, index)
      first = index
      bytes = 0
    }
    bytes += itsBytes
  }
  yield jobs.slice(first)
}
