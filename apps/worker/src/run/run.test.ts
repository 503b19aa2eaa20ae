import { OllamaClient } from '@foreman/ollama-client'
import { type SimOptions, startSim } from '@foreman/ollama-sim'
import type { NewJob } from '@foreman/store'
import { busyError } from '@foreman/store/testing'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { claimedJob, openTempStore, silent, soon } from '../testing/fixtures.ts'
import { Run, type RunOptions } from './run.ts'

const TTL_MS = 1_000

interface Differing {
  readonly sim?: SimOptions
  readonly job?: Partial<NewJob>
  readonly run?: Partial<RunOptions>
}

const setUp = async (differing: Differing = {}) => {
  const sim = await startSim(differing.sim)
  onTestFinished(() => sim.close())
  const store = openTempStore()
  const claim = claimedJob(store, differing.job)
  const run = new Run(claim, {
    client: new OllamaClient({ url: sim.url }),
    store,
    logger: silent,
    now: Date.now,
    jobTimeoutMs: 60_000,
    stallMs: 60_000,
    loadTimeoutMs: 60_000,
    maxAttempts: 3,
    jobTtlMs: TTL_MS,
    onProgress: () => undefined,
    probe: () => Promise.resolve('there'),
    isWaitedFor: () => false,
    ...differing.run,
  })
  const job = () => store.records.bySeq(claim.seq)
  return { sim, store, claim, run, job }
}

describe('a run', () => {
  test('that brings a whole answer ends the job', async () => {
    const { run, job } = await setUp()
    expect(await run.execute()).toEqual({ ending: 'answered' })
    expect(job()).toMatchObject({
      state: 'succeeded',
      answerAttempt: 1,
      statusCode: 200,
      completionTokens: 3,
    })
    expect(job()?.expiresAt).toBe((job()?.finishedAt ?? 0) + TTL_MS)
  })

  test('that breaks off before any output puts the job back, to be tried again later', async () => {
    const now = 1_000_000
    const { sim, run, job } = await setUp({ run: { now: () => now } })
    sim.fault({ kind: 'reset' })
    expect(await run.execute()).toEqual({ ending: 'broke_off' })
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 1, availableAt: now + 500 })
  })

  test.each([
    { streaming: true, state: 'failed', answerAttempt: 1 },
    { streaming: false, state: 'queued', answerAttempt: null },
  ])('that breaks off after output: %j', async ({ streaming, ...expected }) => {
    const { sim, store, claim, run, job } = await setUp({ job: { streaming } })
    sim.fault({ kind: 'stall' })
    const end = run.execute()
    await expect.poll(() => store.output.read(claim.seq, undefined)?.pieces.length, soon).toBeGreaterThan(1)
    sim.fault({ kind: 'refuse' })
    expect(await end).toEqual({ ending: 'broke_off' })
    expect(job()).toMatchObject(expected)
  })

  test('that breaks off while its output waits for its commit is not repeated, because its caller gets bytes', async () => {
    const { sim, store, run, job } = await setUp({ job: { streaming: true } })
    const together = store.together.bind(store)
    const commit = Promise.withResolvers<void>()
    const spy = vi
      .spyOn(store, 'together')
      .mockImplementationOnce((durability, write) => commit.promise.then(() => together(durability, write)))
    sim.fault({ kind: 'stall' })
    const end = run.execute()
    await expect.poll(() => spy.mock.calls.length, soon).toBe(1)
    sim.fault({ kind: 'refuse' })
    await delay(100)
    commit.resolve()
    expect(await end).toEqual({ ending: 'broke_off' })
    expect(job()).toMatchObject({ state: 'failed', errorCode: 'target_lost', answerAttempt: 1 })
  })

  test('that finds no target says so, and does not count', async () => {
    const { sim, run, job } = await setUp()
    sim.fault({ kind: 'refuse' })
    expect(await run.execute()).toEqual({ ending: 'broke_off', targetIsAway: 'ECONNREFUSED' })
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 0, availableAt: null })
  })

  test('probes the target only when the verdict depends on it', async () => {
    const probe = vi.fn<RunOptions['probe']>(() => Promise.resolve('gone'))
    const good = await setUp({ run: { probe } })
    await good.run.execute()
    expect(probe).not.toHaveBeenCalled()
    const refused = await setUp({ run: { probe } })
    refused.sim.fault({ kind: 'status', status: 401, body: 'who are you?' })
    expect(await refused.run.execute()).toEqual({
      ending: 'provisional',
      targetIsAway: 'it answers 401',
    })
    expect(probe).toHaveBeenCalledTimes(1)
  })

  test("a job's own limit of attempts replaces the worker's", async () => {
    const { sim, run, job } = await setUp({ job: { maxAttempts: 1 } })
    sim.fault({ kind: 'reset' })
    await run.execute()
    expect(job()).toMatchObject({ state: 'failed', errorCode: 'target_lost' })
  })

  test('writes its verdict once the file can take it', async () => {
    const { sim, store, run, job } = await setUp()
    sim.fault({ kind: 'status', status: 503, error: 'busy' })
    vi.spyOn(store, 'together').mockRejectedValueOnce(busyError())
    await run.execute()
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 1 })
  })

  test('that has lost its claim drops its result', async () => {
    const { store, claim, run, job } = await setUp()
    store.runs.release(claim, { code: 'worker_stopped', spent: false }, Date.now(), TTL_MS)
    expect(await run.execute()).toEqual({ ending: 'lost' })
    expect(job()).toMatchObject({ state: 'queued', answerAttempt: null })
  })

  test('ends when the deadline of its job comes, by the clock of the worker', async () => {
    const now = 1_000_000
    const { sim, run, job } = await setUp({ job: { deadlineAt: now + 20 }, run: { now: () => now } })
    sim.fault({ kind: 'hang' })
    expect(await run.execute()).toEqual({ ending: 'stopped' })
    expect(job()).toMatchObject({ state: 'failed', errorCode: 'deadline_exceeded' })
  })

  test('that is shut down puts its job back', async () => {
    const { sim, run, job } = await setUp()
    sim.fault({ kind: 'hang' })
    const end = run.execute()
    await expect.poll(() => sim.requests.length, soon).toBe(1)
    run.shutDown()
    expect(await end).toEqual({ ending: 'stopped' })
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 0 })
  })
})

describe('a load', () => {
  test('that hangs is let go of, and the job is tried again', async () => {
    const { sim, run, job } = await setUp({ sim: { loadMs: 60_000 }, run: { loadTimeoutMs: 100 } })
    expect(await run.execute()).toEqual({ ending: 'timed_out' })
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 1 })
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('that is over ends its clock, however long the answer takes after it', async () => {
    const { run } = await setUp({ sim: { loadMs: 50, promptMs: 500 }, run: { loadTimeoutMs: 150 } })
    expect(await run.execute()).toEqual({ ending: 'answered' })
  })

  test.each([
    [true, 'timed_out'],
    [false, 'answered'],
  ])(
    'of which the target does not tell is judged by the answer (streaming: %s)',
    async (streaming, ending) => {
      const { sim, run } = await setUp({
        sim: { promptMs: 500 },
        job: { streaming },
        run: { loadTimeoutMs: 150 },
      })
      sim.fault({ kind: 'status', path: '/api/ps', status: 500 })
      expect(await run.execute()).toEqual({ ending })
    },
  )

  test('on another machine is none', async () => {
    const { sim, store, claim, run } = await setUp({ sim: { promptMs: 500 }, run: { loadTimeoutMs: 150 } })
    sim.fault({ kind: 'status', path: '/api/ps', status: 200, body: '{"models":[]}' })
    store.catalogue.replaceModels([{ name: claim.modelName, digest: 'd', remote: true }])
    expect(await run.execute()).toEqual({ ending: 'answered' })
  })
})

describe('a run that meets an error of foreman itself', () => {
  const broken = (message: string) => (): never => {
    throw new Error(message)
  }

  test.each([
    { streaming: false, answerAttempt: null },
    { streaming: true, answerAttempt: 1 },
  ])('ends its job as failed: %j', async ({ streaming, answerAttempt }) => {
    const { store, run, job } = await setUp({ job: { streaming } })
    vi.spyOn(store.runs, 'finish').mockImplementationOnce(broken('Maximum call stack size exceeded'))
    expect(await run.execute()).toEqual({ ending: 'broken' })
    expect(job()).toMatchObject({
      state: 'failed',
      errorCode: 'internal_error',
      errorMessage: 'an error within foreman ended the job',
      answerAttempt,
    })
  })

  test('while it writes the answer ends its job as well', async () => {
    const { store, run, job } = await setUp()
    vi.spyOn(store.runs, 'append').mockImplementation(broken('out of order'))
    expect(await run.execute()).toEqual({ ending: 'broken' })
    expect(job()).toMatchObject({ state: 'failed', errorCode: 'internal_error' })
  })

  test('gives its job back, to end later, when its end cannot be written', async () => {
    const now = 1_000_000
    const { store, run, job } = await setUp({ run: { now: () => now } })
    vi.spyOn(store.runs, 'finish').mockImplementation(broken('out of order'))
    expect(await run.execute()).toEqual({ ending: 'broken' })
    expect(job()).toMatchObject({ state: 'queued', failedAttempts: 1, availableAt: now + 60_000 })
  })

  test('does not ask the target again, once its job has had all of its attempts', async () => {
    const { sim, store, run, job } = await setUp({ run: { maxAttempts: 1 }, job: { maxAttempts: 0 } })
    vi.spyOn(store.runs, 'finish').mockImplementationOnce(broken('out of order'))
    expect(await run.execute()).toEqual({ ending: 'broken' })
    expect(job()).toMatchObject({ state: 'failed', errorCode: 'internal_error' })
    expect(sim.requests).toEqual([])
  })

  test('leaves its job to the next worker when nothing can be written', async () => {
    const { store, run, job } = await setUp()
    vi.spyOn(store, 'together').mockImplementation(() => Promise.reject(new Error('malformed')))
    expect(await run.execute()).toEqual({ ending: 'broken' })
    expect(job()).toMatchObject({ state: 'running' })
  })
})

describe('a run that is cancelled', () => {
  test('ends at once, also while it loads a model that no other job waits for', async () => {
    const { sim, run, job } = await setUp({ sim: { loadMs: 60_000 } })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await run.cancel()
    expect(await end).toEqual({ ending: 'stopped' })
    expect(job()).toMatchObject({ state: 'cancelled', errorCode: 'cancelled' })
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('waits for a load that other jobs wait for', async () => {
    const { sim, run, job } = await setUp({
      sim: { loadMs: 300, promptMs: 60_000 },
      run: { isWaitedFor: () => true },
    })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await Promise.all([run.cancel(), run.cancel()])
    expect(await end).toEqual({ ending: 'stopped' })
    expect(job()?.state).toBe('cancelled')
    expect(sim.loadsAbandoned).toBe(0)
    expect(sim.resident()).toEqual(['alpha'])
  })

  test('waits no longer than a load may take', async () => {
    const { sim, run, job } = await setUp({
      sim: { loadMs: 60_000 },
      run: { isWaitedFor: () => true, loadTimeoutMs: 300, maxAttempts: 1 },
    })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    void run.cancel()
    expect(await end).toEqual({ ending: 'timed_out' })
    expect(job()?.state).toBe('cancelled')
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('ends at once when the target does not say what it has in memory', async () => {
    const { sim, run, job } = await setUp({ sim: { loadMs: 60_000 }, run: { isWaitedFor: () => true } })
    sim.fault({ kind: 'status', path: '/api/ps', status: 500 })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await run.cancel()
    await end
    expect(job()?.state).toBe('cancelled')
  })
})
