import { setImmediate } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Store } from '../../contract.ts'
import type {
  Delivery,
  Ending,
  JobRecord,
  JobRef,
  LoggedChange,
  LogEntry,
  OutputCursor,
  Submitted,
} from '../../values.ts'
import { listJobs, newJob, submitJob, type TestJob } from '../jobs.ts'
import type { TestedStore } from './engine.ts'

export const HOUR_MS = 3_600_000

type Job = Pick<JobRef, 'seq'>

/** The end of a job at `now`, whose row is kept for an hour unless the test says otherwise. */
export const ending = (now: number, ttlMs = HOUR_MS): Ending => ({ now, ttlMs })

export const recordOf = async (store: Store, { seq }: Job): Promise<JobRecord> => {
  const record = await store.records.bySeq(seq)
  if (!record) throw new Error(`there is no job ${seq}`)
  return record
}

export const stateOf = async (store: Store, { seq }: Job): Promise<string | undefined> =>
  (await store.output.view(seq))?.state

/** The whole log of a job. */
export const logOf = async (store: Store, { seq }: Job): Promise<LogEntry[]> => {
  const log: LogEntry[] = []
  for (;;) {
    const entries = await store.records.log(seq, log.at(-1)?.id ?? 0)
    if (entries.length === 0) return log
    log.push(...entries)
  }
}

/** The changes in a job's log, in order. */
export const eventsOf = async (store: Store, job: Job): Promise<LoggedChange[]> =>
  (await logOf(store, job)).flatMap(entry => (entry.kind === 'event' ? [entry.event] : []))

export const eventTypesOf = async (store: Store, job: Job): Promise<string[]> =>
  (await eventsOf(store, job)).map(({ type }) => type)

/** The webhook messages of a job, oldest first. */
export const messagesOf = async (store: Store, { seq }: Job): Promise<Delivery[]> =>
  (await Array.fromAsync(store.deliveries.ofJob(seq))).flat()

/** Reads the output of a job until nothing more comes. */
export const readAll = async (store: Store, { seq }: Job, from?: OutputCursor) => {
  const pieces: string[] = []
  let cursor = from
  for (;;) {
    const read = await store.output.read(seq, cursor)
    if (!read) throw new Error(`there is no job ${seq}`)
    cursor = read.cursor
    if (read.pieces.length === 0) return { pieces, cursor, state: read.job.state }
    pieces.push(
      ...read.pieces.map(piece =>
        piece.kind === 'head' ? `head ${piece.head.status}` : piece.bytes.toString(),
      ),
    )
  }
}

/** All that the interface shows of a job. */
const allOf = async (store: Store, { seq }: Job) => {
  const messages = await messagesOf(store, { seq })
  return {
    record: await store.records.bySeq(seq),
    view: await store.output.view(seq),
    request: await store.records.request(seq),
    log: await logOf(store, { seq }),
    messages,
    attempts: await store.deliveries.attempts(messages.map(message => message.seq)),
  }
}

/** All that can be seen of a store. */
export const everything = async ({ store, counts }: Pick<TestedStore, 'store' | 'counts'>) => {
  const jobs = await listJobs(store)
  return {
    counts: await counts(),
    jobs: await Promise.all(jobs.map(job => allOf(store, job))),
    lines: await store.queue.waitingLines(),
    turn: await store.queue.turn(),
    cancelRequests: await store.runs.cancelRequests(),
    backlogs: await store.deliveries.backlogs({ after: undefined, limit: 1_000 }),
    target: await store.target.read(),
    active: await store.workers.active(),
    batches: await store.batches.list({ limit: 1_000, withOrigin: false }),
    files: await store.files.list({ limit: 1_000 }),
    heartbeats: await store.gateways.heartbeats(),
    unasked: await store.catalogue.unasked(),
  }
}

/** Does all of the upkeep that there is to do. @returns how many expired jobs were deleted */
export const upkeep = async (store: Store, now: number): Promise<number> => {
  let deleted = 0
  for (let taken = 1; ; taken++) {
    const { more, expired, failed } = await store.upkeep.step(now)
    expect(failed).toEqual([])
    deleted += expired
    if (!more) return deleted
    if (taken > 10_000) throw new Error('the upkeep does not end')
    await setImmediate()
  }
}

/** Submits jobs in this order. */
export const submitAll = async (
  store: Store,
  jobs: readonly TestJob[],
  now = 1_000,
): Promise<Submitted[]> => {
  const groups = new Set(jobs.map(({ groupKey }) => groupKey ?? 'm'))
  if (groups.size === 1) {
    const [group] = groups
    const batch = jobs.map(job => newJob(job))
    return store.submissions.enqueue({ jobs: batch, groupKeyOf: () => group!, now })
  }
  const submitted = []
  for (const job of jobs) submitted.push(await submitJob(store, job, now))
  return submitted
}

export const submitMany = (store: Store, count: number, job: TestJob = {}): Promise<Submitted[]> =>
  submitAll(
    store,
    Array.from({ length: count }, () => job),
  )

export const seqsOf = (jobs: readonly Job[]): number[] => jobs.map(({ seq }) => seq)
