import type { GroupKeyOf, NewBatch, RefusedLine, Store, Submitted } from '@foreman/store'
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

/** What is written in one step. */
export interface Lot {
  readonly jobs: readonly JobDraft[]
  /** Lines of the batch that are no jobs. */
  readonly refused?: readonly RefusedLine[]
}

/** Whether jobs fit into one step. */
export const fitIntoOneStep = (jobs: readonly JobDraft[]): boolean =>
  jobs.length <= JOBS_PER_STEP &&
  jobs.reduce((bytes, { body }) => bytes + body.byteLength, 0) <= BYTES_PER_STEP

/**
 * Writes jobs in several steps, between which others can write. The last step accepts all of them: if this process dies
 * before it, none was submitted.
 *
 * @param lots fit into one step each (`Lots`). They may take their time
 * @param batch which the jobs are. Undefined: none
 * @throws Refusal, and what `lots` throws
 */
export const submitInSteps = async (
  lots: Iterable<Lot> | AsyncIterable<Lot>,
  batch: NewBatch | undefined,
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
  const arrival = await write(at => () => arrivals.begin(at, batch))
  try {
    const submitted: Submitted[] = []
    let parts = 0
    for await (const { jobs, refused } of lots) {
      const added = await write(at => {
        const named = jobs.map(job => withId(inserted(job), at))
        return () => arrivals.add({ arrival, jobs: named, groupKeyOf, now: at, batch: batch?.id, refused })
      })
      submitted.push(...added)
      for (const [index, { body }] of jobs.entries()) {
        const { seq, isReplayed } = added[index]!
        if (isReplayed) continue
        for (let n = 0; n < partsOf(body); n++) {
          const bytes = body.subarray(n * BYTES_PER_STEP, (n + 1) * BYTES_PER_STEP)
          await write(at => () => arrivals.addPart(arrival, { jobSeq: seq, n, bytes }, at))
          parts += 1
        }
      }
    }
    const own = submitted.filter(({ isReplayed }) => !isReplayed)
    const all = { jobs: own.length, parts, witness: own[0]?.seq }
    const replay = submitted.find(({ isReplayed }) => isReplayed)?.seq
    await write(at => {
      const added = { ...all, batch: batch && { id: batch.id, replay, at } }
      return () => arrivals.accept(arrival, added)
    })
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

/** Divides jobs and other lines into lots that fit into one step each. */
export class Lots {
  #jobs: JobDraft[] = []
  #refused: RefusedLine[] = []
  #bytes = 0

  /** @returns the lot that is full without the job */
  add(job: JobDraft): Lot | undefined {
    const bytes = partsOf(job.body) === 0 ? job.body.byteLength : 0
    const full = this.#isFull || this.#bytes + bytes > BYTES_PER_STEP ? this.rest() : undefined
    this.#jobs.push(job)
    this.#bytes += bytes
    return full
  }

  /** @returns the lot that is full without the line */
  refuse(line: RefusedLine): Lot | undefined {
    const full = this.#isFull ? this.rest() : undefined
    this.#refused.push(line)
    return full
  }

  /** What is in no lot yet. */
  rest(): Lot {
    const lot = { jobs: this.#jobs, refused: this.#refused }
    this.#jobs = []
    this.#refused = []
    this.#bytes = 0
    return lot
  }

  get #isFull(): boolean {
    return this.#jobs.length + this.#refused.length === JOBS_PER_STEP
  }
}

export const lotsOf = function* (jobs: readonly JobDraft[]): Generator<Lot, void> {
  const lots = new Lots()
  for (const job of jobs) {
    const full = lots.add(job)
    if (full) yield full
  }
  yield lots.rest()
}
