import type { Priority } from '@foreman/jobs'
import { OllamaClient } from '@foreman/ollama-client'
import { type SimOptions, startSim } from '@foreman/ollama-sim'
import { listJobs, submitJob } from '@foreman/store/testing'
import { expect, onTestFinished, vi } from 'vitest'
import { Dispatcher, type DispatcherOptions } from '../dispatcher.ts'
import { Steering } from '../steering.ts'
import { newJob, openTempStore, silent, soon, startReasons } from './fixtures.ts'

export const START = 1_000_000
/** For verbs that may end a job. */
export const ENDING = { now: START, ttlMs: 1_000 } as const
export const canonical = (model: string): string => `registry.ollama.ai/library/${model}:latest`

export type DispatcherSetUp = Awaited<ReturnType<typeof setUpDispatcher>>

/** A dispatcher on a real store and a simulated Ollama, whose clock the test moves. */
export const setUpDispatcher = async (
  options: Partial<DispatcherOptions> = {},
  simOptions: SimOptions = {},
) => {
  const sim = await startSim({ parallel: 8, ...simOptions })
  onTestFinished(() => sim.close())
  const store = await openTempStore()
  const clock = { now: START }
  const target = { isUp: true }
  const embedder = { isDue: false, pin: vi.fn<() => Promise<void>>(() => Promise.resolve()) }
  const onEnd = vi.fn<DispatcherOptions['onEnd']>()
  const onReady = vi.fn<() => void>()
  const unload = vi.fn<DispatcherOptions['unload']>(() => Promise.resolve())
  const steering = new Steering({ store, windows: [], timeZone: 'UTC' })
  const start = () =>
    new Dispatcher({
      store,
      target,
      embedder,
      concurrency: 1,
      models: 1,
      maxWaitMs: 60_000,
      maxWaitLowMs: 600_000,
      expects: true,
      halfLifeMs: 300_000,
      steering,
      windows: [],
      timeZone: 'UTC',
      askResidents: () => Promise.resolve([]),
      unload,
      run: {
        client: new OllamaClient({ url: sim.url }),
        store,
        logger: silent,
        now: () => clock.now,
        jobTimeoutMs: 60_000,
        stallMs: 60_000,
        loadTimeoutMs: 60_000,
        maxAttempts: 3,
        jobTtlMs: 1_000,
        probe: () => Promise.resolve('there'),
        onProgress: () => undefined,
      },
      onEnd,
      onReady,
      ...options,
    })
  const dispatcher = start()
  onTestFinished(() => dispatcher.close(0))

  const submit = async (model: string, groupKey = model, priority: Priority = 'normal') => {
    const job = newJob({
      priority,
      model,
      modelName: canonical(model),
      groupKey,
      body: Buffer.from(JSON.stringify({ model, prompt: 'go on', options: { num_predict: 1 } })),
    })
    return (await submitJob(store, job, clock.now)).seq
  }
  /** Submits one job after the other: in this order they arrive. */
  const submitAll = async <const Models extends readonly string[]>(...models: Models) => {
    const seqs: number[] = []
    for (const model of models) seqs.push(await submit(model))
    return seqs as { [Model in keyof Models]: number }
  }
  const stateOf = async (seq: number) => (await store.records.bySeq(seq))?.state
  const statesOf = (...seqs: number[]) => Promise.all(seqs.map(stateOf))
  const reasonsOf = (...seqs: number[]) => startReasons(store, seqs)
  const queued = async () => (await listJobs(store, { state: 'queued' })).map(({ seq }) => seq)
  /** Dispatches until nothing runs and nothing is ready. Returns the jobs in the order in which they started. */
  const drain = async (): Promise<number[]> => {
    const started: number[] = []
    for (;;) {
      const waiting = await queued()
      const ended = onEnd.mock.calls.length
      await steering.read(clock.now, true)
      await dispatcher.dispatch(clock.now)
      const left = await queued()
      const next = waiting.filter(seq => !left.includes(seq))
      started.push(...next.toSorted((a, b) => a - b))
      if (next.length === 0 && dispatcher.running === 0) return started
      await expect.poll(() => onEnd.mock.calls.length, soon).toBeGreaterThan(ended)
    }
  }
  const isIdle = () => expect.poll(() => dispatcher.running, soon).toBe(0)
  return {
    sim,
    store,
    clock,
    target,
    embedder,
    onEnd,
    onReady,
    unload,
    steering,
    start,
    dispatcher,
    submit,
    submitAll,
    stateOf,
    statesOf,
    reasonsOf,
    drain,
    isIdle,
  }
}
