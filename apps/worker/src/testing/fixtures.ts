import { type Claim, type JobRef, type NewJob, openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { JobLog } from '../run/job-log.ts'

export const silent = pino({ level: 'silent' })

/** A real file, for as long as the present test runs. */
export const tempFile = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-worker-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'foreman.db')
}

/** A store on a file, closed when the present test ends. Its writes wait only a moment for another process. */
export const openTempStore = (file = tempFile()): Store => {
  const store = openStore(file, {
    busyTimeoutMs: 5,
    compose: ({ event, job }) => JSON.stringify({ event, job: job.seq }),
  })
  onTestFinished(() => store.close())
  return store
}

/** A job that differs from all others only in what the test is about. */
export const newJob = (differing: Partial<NewJob> = {}): NewJob => ({
  path: '/api/generate',
  endpoint: '/api/generate',
  model: 'alpha',
  modelName: 'registry.ollama.ai/library/alpha:latest',
  loadOptions: '{}',
  groupKey: 'alpha',
  streaming: false,
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from('{"model":"alpha","prompt":"go on","options":{"num_predict":3}}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})

/** Submits a job and claims it. */
export const claimedJob = (store: Store, differing: Partial<NewJob> = {}): Claim => {
  const job: JobRef = store.submissions.enqueue(newJob(differing), Date.now())
  const now = Date.now()
  const claim = store.queue.claimNext(differing.groupKey ?? 'alpha', 'first', now, now)
  if (claim?.seq !== job.seq) throw new Error('another job was claimed')
  return claim
}

/** For `expect.poll`: a condition that holds in milliseconds gets seconds, because the machine may be busy. */
export const soon = { timeout: 10_000, interval: 5 } as const

/** The log of an attempt at a claimed job. Aborting `controller` ends the repetition of its writes. */
export const jobLogOf = (store: Store, claim: Claim, onProgress = (): void => undefined) => {
  const controller = new AbortController()
  const { signal } = controller
  return { controller, log: new JobLog({ store, claim, logger: silent, now: Date.now, signal, onProgress }) }
}
