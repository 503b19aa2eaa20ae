import type { ChoiceReason } from '@foreman/jobs'
import { type Claim, openStore, type Store } from '@foreman/store'
import {
  claimNext,
  newJob as plainJob,
  putEmptyQueue,
  submitJob,
  type TestJob,
  unavailableError,
} from '@foreman/store/testing'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { onTestFinished, vi } from 'vitest'
import { JobLog } from '../run/job-log.ts'

export const silent = pino({ level: 'silent' })

/** The location of a real queue, for as long as the present test runs. */
export const tempFile = (parent = os.tmpdir()): string => {
  const directory = fs.mkdtempSync(path.join(parent, 'foreman-worker-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'foreman.db')
}

/** A store, closed when the present test ends. Its writes wait only a moment for another process. */
export const openTempStore = async (file = tempFile()): Promise<Store> => {
  if (!fs.existsSync(file)) await putEmptyQueue(file)
  const store = await openStore(file, {
    role: 'gateway',
    compose: ({ event, job }) => JSON.stringify({ event, job: job.seq }),
  })
  onTestFinished(() => store.close())
  return store
}

/** A job that differs from all others only in what the test is about. Its group is its model unless the test says another. */
export const newJob = (differing: TestJob = {}): TestJob => ({
  ...plainJob({
    path: '/api/generate',
    endpoint: '/api/generate',
    model: 'alpha',
    modelName: 'registry.ollama.ai/library/alpha:latest',
    streaming: false,
    body: Buffer.from('{"model":"alpha","prompt":"go on","options":{"num_predict":3}}'),
    ...differing,
  }),
  groupKey: differing.groupKey ?? 'alpha',
})

/** Submits a job and claims it. */
export const claimedJob = async (store: Store, differing: TestJob = {}): Promise<Claim> => {
  const now = Date.now()
  const job = newJob(differing)
  const { seq } = await submitJob(store, job, now)
  const claim = await claimNext(store, job.groupKey, now)
  if (claim?.seq !== seq) throw new Error('another job was claimed')
  return claim
}

/** Makes a verb take effect and its answer get lost: the caller learns only that the store is unavailable. */
export const withoutAnswer =
  <Args extends unknown[]>(verb: (...args: Args) => Promise<unknown>) =>
  async (...args: Args): Promise<never> => {
    await verb(...args)
    throw unavailableError()
  }

type Verb = (...args: never[]) => Promise<unknown>

/** Holds the next call of a verb back until the test lets it go on to the store. */
export const heldBack = <Name extends string, Verbs extends { [name in Name]: Verb }>(
  verbs: Verbs,
  name: Name,
): { begun: Promise<void>; goOn: () => void } => {
  const verb = verbs[name]
  const [begun, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  verbs[name] = (async (...args: never[]) => {
    verbs[name] = verb
    begun.resolve()
    await released.promise
    return verb(...args)
  }) as Verbs[Name]
  return { begun: begun.promise, goOn: () => released.resolve() }
}

/**
 * Lets a test take the lock of the active worker away from the process of this store, as a broken connection would: the
 * lock is free, and the process learns that it has lost it.
 */
export const losableLock = (store: Store): { lose: () => void } => {
  const take = store.locks.take.bind(store.locks)
  let lose = (): void => undefined
  vi.spyOn(store.locks, 'take').mockImplementation(async (name, onLost) => {
    const lock = await take(name, onLost)
    if (lock)
      lose = () => {
        lock.release()
        onLost()
      }
    return lock
  })
  return { lose: () => lose() }
}

/** Whether no process has the lock of the active worker. */
export const isLockFree = async ({ locks }: Store): Promise<boolean> => {
  const lock = await locks.take('worker', () => undefined)
  lock?.release()
  return lock !== undefined
}

/** Counts the writes of runs from now on. They go to the store as before. */
export const countRunWrites = ({ runs }: Store): (() => number) => {
  const spies = (['append', 'finish', 'release', 'progress'] as const).map(verb => vi.spyOn(runs, verb))
  const count = () => spies.flatMap(({ mock }) => mock.calls).length
  const before = count()
  return () => count() - before
}

/** Why each start of these jobs took place, as their logs have it. */
export const startReasons = async (store: Store, seqs: readonly number[]): Promise<ChoiceReason[][]> => {
  const logs = await Promise.all(seqs.map(seq => store.records.log(seq, 0)))
  return logs.map(log =>
    log.flatMap(entry =>
      entry.kind === 'event' && entry.event.type === 'started' ? [entry.event.reason] : [],
    ),
  )
}

/** For `expect.poll`: a condition that holds in milliseconds gets seconds, because the machine may be busy. */
export const soon = { timeout: 10_000, interval: 5 } as const

/** The log of an attempt at a claimed job. Aborting `controller` ends the repetition of its writes. */
export const jobLogOf = (store: Store, claim: Claim, onProgress = (): void => undefined) => {
  const controller = new AbortController()
  const { signal } = controller
  return { controller, log: new JobLog({ store, claim, logger: silent, now: Date.now, signal, onProgress }) }
}
