import type { Store } from '../contract.ts'
import { newJobId, newToken } from '../ids.ts'
import type { Claim, ClaimRequest, JobFilter, JobRecord, NewJob, Output, Run, Submitted } from '../values.ts'

/** A job for a test, with its group: a test states only the fields that it is about. */
export type TestJob = Partial<NewJob> & { readonly groupKey?: string }

/** A job with plain values. */
export const newJob = ({ groupKey: _groupKey, ...differing }: TestJob = {}): NewJob => ({
  id: newJobId(Date.now()),
  path: '/api/chat',
  model: 'm',
  endpoint: '/api/chat',
  modelName: 'm',
  loadOptions: '{}',
  streaming: true,
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from('{"model":"m"}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})

/** Submits a job with plain values. Its group is `m` unless the test says another. */
export const submitJob = async (store: Store, job: TestJob = {}, now = 1_000): Promise<Submitted> => {
  const groupKeyOf = () => job.groupKey ?? 'm'
  const [submitted] = await store.submissions.enqueue({ jobs: [newJob(job)], groupKeyOf, now })
  return submitted!
}

/**
 * Claims the most urgent job of a group; among equally urgent jobs, the oldest. Undefined when the group has none that is
 * ready.
 *
 * @throws BrokenJobError when what is stored of it cannot be read
 */
export const claimNext = async (
  store: Store,
  groupKey = 'm',
  now = 1_000,
  differing: Partial<ClaimRequest> = {},
): Promise<Claim | undefined> => {
  const lines = (await store.queue.waitingLines()).filter(line => line.groupKey === groupKey)
  if (lines.length === 0) return undefined
  const request: ClaimRequest = {
    groupKey,
    priority: Math.min(...lines.map(({ priority }) => priority)),
    token: newToken(),
    upTo: 1,
    isIdle: true,
    reason: 'first',
    turnStartedAt: now,
    ...differing,
  }
  const { claims, broken } = await store.queue.claim(request, now)
  if (broken) throw broken
  return claims[0]
}

/** Submits a job and claims it. */
export const runningJob = async (
  store: Store,
  job: TestJob = {},
  now = 1_000,
): Promise<{ job: Submitted; claim: Claim }> => {
  const submitted = await submitJob(store, job, now)
  const claim = await claimNext(store, job.groupKey, now)
  if (claim?.seq !== submitted.seq) throw new Error('another job was claimed')
  return { job: submitted, claim }
}

/** Appends output behind what the run has appended so far. */
export const appendOutput = async (
  store: Store,
  run: Run,
  { head, body = [] }: { head?: Output['head']; body?: Uint8Array | readonly Uint8Array[] },
): Promise<number> => {
  const after = await lastPieceOf(store, run)
  return store.runs.append(run, { after, head, body: [body].flat() })
}

/** Appends output with an entry for each piece of the body. @returns the id of the last entry */
export const appendPieces = async (
  store: Store,
  run: Run,
  { head, pieces }: { head: Output['head']; pieces: readonly Uint8Array[] },
): Promise<number> => {
  let after = await appendOutput(store, run, { head })
  for (const piece of pieces) after = await store.runs.append(run, { after, body: [piece] })
  return after
}

/** The id of the last piece of output in the log of a run; 0 when there is none. */
export const lastPieceOf = async (
  store: Store,
  { seq, attempt }: Pick<Run, 'seq' | 'attempt'>,
): Promise<number> => {
  let last = 0
  for (let after = 0; ;) {
    const entries = await store.records.log(seq, after)
    for (const entry of entries) if (entry.attempt === attempt && entry.kind !== 'event') last = entry.id
    if (entries.length === 0) return last
    after = entries.at(-1)!.id
  }
}

/** All jobs of a list, newest first. */
export const listJobs = async (store: Store, filter: Partial<JobFilter> = {}): Promise<JobRecord[]> => {
  const found: JobRecord[] = []
  for await (const step of store.records.list({ limit: 1_000, ...filter })) found.push(...step)
  return found
}
