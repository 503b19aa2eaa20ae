import { OllamaClient } from '@foreman/ollama-client'
import { startSim } from '@foreman/ollama-sim'
import { someFigures, submitJob, type TestJob } from '@foreman/store/testing'
import type { Deliver } from '@foreman/webhooks'
import { expect, onTestFinished, vi } from 'vitest'
import { Worker } from '../worker.ts'
import { losableLock, newJob, openTempStore, silent, soon, tempFile } from './fixtures.ts'

export const startTarget = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  return sim
}

interface Differing {
  readonly url?: string
  readonly file?: string
  readonly now?: () => number
  readonly graceMs?: number
  readonly pid?: number
}

/** A worker on a real queue. Jobs are submitted over its own store, so that no other process wakes it. */
export const setUpWorker = async ({
  url = 'http://127.0.0.1:9',
  file = tempFile(),
  now = Date.now,
  graceMs = 0,
  pid = 7,
}: Differing = {}) => {
  const store = await openTempStore(file)
  const lock = losableLock(store)
  const shared = { client: new OllamaClient({ url }), store, logger: silent, now }
  const steady = () => performance.now()
  const deliver = vi.fn<Deliver>(() =>
    Promise.resolve({ kind: 'answered', status: 204, excerpt: '', durationMs: 1 }),
  )
  const worker = new Worker({
    store,
    logger: silent,
    now,
    pid,
    figures: () => someFigures,
    run: {
      ...shared,
      jobTimeoutMs: 60_000,
      stallMs: 60_000,
      loadTimeoutMs: 60_000,
      maxAttempts: 3,
      jobTtlMs: 60_000,
    },
    monitor: { ...shared, pollIntervalMs: 60_000 },
    embedder: { ...shared, model: undefined },
    gatewayWatch: { ...shared, steady, jobTtlMs: 60_000, patience: { lookMs: 10, goneAfterMs: 100 } },
    courier: { ...shared, steady, random: () => 0.5, secrets: ['secret'], deliver },
    historyMs: 60_000,
    scheduling: {
      concurrency: 1,
      models: 1,
      maxWaitMs: 60_000,
      maxWaitLowMs: 600_000,
      expects: true,
      halfLifeMs: 300_000,
      windows: [],
      timeZone: 'UTC',
    },
    graceMs,
  })
  onTestFinished(() => worker.stop())
  const submit = async (differing: TestJob = {}) => (await submitJob(store, newJob(differing), now())).seq
  const recordOf = (seq: number) => store.records.bySeq(seq)
  const stateOf = async (seq: number) => (await recordOf(seq))?.state
  const isTargetUp = async () => (await store.target.read()).state === 'up'
  /** The process of the active worker. */
  const activePid = async () => (await store.workers.active())?.pid
  /** Becomes active. */
  const start = async () => {
    worker.start()
    await expect.poll(activePid, soon).toBe(pid)
  }
  return { store, lock, file, worker, deliver, submit, recordOf, stateOf, isTargetUp, activePid, start }
}

/** A worker that has found its target, and has looked at the queue since. */
export const setUpAtWork = async (differing: Differing = {}) => {
  const sim = await startTarget()
  const all = await setUpWorker({ url: sim.url, ...differing })
  await all.start()
  await expect.poll(all.isTargetUp, soon).toBe(true)
  await all.worker.tick()
  return { sim, ...all }
}

/** Counts the lines with a message that are logged from now on. */
export const countLogged = () => {
  const info = vi.spyOn(silent, 'info')
  onTestFinished(() => info.mockRestore())
  return (message: string) => info.mock.calls.filter(call => (call as unknown[]).includes(message)).length
}
