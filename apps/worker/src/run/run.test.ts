import { OllamaClient } from '@foreman/ollama-client'
import { type SimOptions, startSim } from '@foreman/ollama-sim'
import type { Claim, Store } from '@foreman/store'
import { lastPieceOf, type TestJob, unavailableError } from '@foreman/store/testing'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  claimedJob,
  countRunWrites,
  openTempStore,
  silent,
  soon,
  withoutAnswer,
} from '../testing/fixtures.ts'
import { Run, type RunOptions } from './run.ts'

const TTL_MS = 1_000

interface Differing {
  readonly sim?: SimOptions
  readonly job?: TestJob
  readonly run?: Partial<RunOptions>
  readonly claim?: Partial<Claim>
}

const setUp = async (differing: Differing = {}) => {
  const sim = await startSim(differing.sim)
  onTestFinished(() => sim.close())
  const store = await openTempStore()
  const claim = await claimedJob(store, differing.job)
  const run = new Run(
    { ...claim, ...differing.claim },
    {
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
      onBegun: () => undefined,
      probe: () => Promise.resolve('there'),
      isWaitedFor: () => Promise.resolve(false),
      ...differing.run,
    },
  )
  const job = () => store.records.bySeq(claim.seq)
  /** The changes of the job that have one of these types, as its log has them. */
  const changes = async (...types: string[]) => {
    const log = await store.records.log(claim.seq, 0)
    const events = log.flatMap(entry => (entry.kind === 'event' ? [entry.event.type] : []))
    return events.filter(type => types.includes(type))
  }
  return { sim, store, claim, run, job, changes }
}

const release = (store: Store, claim: Claim) =>
  store.runs.release(claim, { code: 'worker_stopped', spent: false }, { now: Date.now(), ttlMs: TTL_MS })

describe('a run', () => {
  test('that brings a whole answer ends the job', async () => {
    const { run, job } = await setUp()
    expect(await run.execute()).toMatchObject({ ending: 'answered' })
    expect(await job()).toMatchObject({
      state: 'succeeded',
      answerAttempt: 1,
      statusCode: 200,
      completionTokens: 3,
    })
    const { expiresAt, finishedAt } = (await job())!
    expect(expiresAt).toBe((finishedAt ?? 0) + TTL_MS)
  })

  test('that breaks off before any output puts the job back, to be tried again later', async () => {
    const now = 1_000_000
    const { sim, run, job } = await setUp({ run: { now: () => now } })
    sim.fault({ kind: 'reset' })
    expect(await run.execute()).toMatchObject({ ending: 'broke_off' })
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 1, availableAt: now + 500 })
  })

  test.each([
    { streaming: true, state: 'failed', answerAttempt: 1 },
    { streaming: false, state: 'queued', answerAttempt: null },
  ])('that breaks off after output: %j', async ({ streaming, ...expected }) => {
    const { sim, store, claim, run, job } = await setUp({ job: { streaming } })
    sim.fault({ kind: 'stall' })
    const end = run.execute()
    const pieces = async () => (await store.output.read(claim.seq, undefined))?.pieces.length
    await expect.poll(pieces, soon).toBeGreaterThan(1)
    sim.fault({ kind: 'refuse' })
    expect(await end).toMatchObject({ ending: 'broke_off' })
    expect(await job()).toMatchObject(expected)
  })

  test('that breaks off while its output waits for its commit is not repeated, because its caller gets bytes', async () => {
    const { sim, store, run, job } = await setUp({ job: { streaming: true } })
    const append = store.runs.append.bind(store.runs)
    const commit = Promise.withResolvers<void>()
    const spy = vi
      .spyOn(store.runs, 'append')
      .mockImplementationOnce((...args) => commit.promise.then(() => append(...args)))
    sim.fault({ kind: 'stall' })
    const end = run.execute()
    await expect.poll(() => spy.mock.calls.length, soon).toBe(1)
    sim.fault({ kind: 'refuse' })
    await delay(100)
    commit.resolve()
    expect(await end).toMatchObject({ ending: 'broke_off' })
    expect(await job()).toMatchObject({ state: 'failed', errorCode: 'target_lost', answerAttempt: 1 })
  })

  test('that finds no target says so, and does not count', async () => {
    const { sim, run, job } = await setUp()
    sim.fault({ kind: 'refuse' })
    expect(await run.execute()).toMatchObject({ ending: 'broke_off', targetIsAway: 'ECONNREFUSED' })
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 0, availableAt: null })
  })

  test('probes the target only when the verdict depends on it', async () => {
    const probe = vi.fn<RunOptions['probe']>(() => Promise.resolve('gone'))
    const good = await setUp({ run: { probe } })
    await good.run.execute()
    expect(probe).not.toHaveBeenCalled()
    const refused = await setUp({ run: { probe } })
    refused.sim.fault({ kind: 'status', status: 401, body: 'who are you?' })
    expect(await refused.run.execute()).toMatchObject({
      ending: 'provisional',
      targetIsAway: 'it answers 401',
    })
    expect(probe).toHaveBeenCalledTimes(1)
  })

  test("a job's own limit of attempts replaces the worker's", async () => {
    const { sim, run, job } = await setUp({ job: { maxAttempts: 1 } })
    sim.fault({ kind: 'reset' })
    await run.execute()
    expect(await job()).toMatchObject({ state: 'failed', errorCode: 'target_lost' })
  })

  test('writes its verdict once the store can take it', async () => {
    const { sim, store, run, job } = await setUp()
    sim.fault({ kind: 'status', status: 503, error: 'busy' })
    vi.spyOn(store.runs, 'release').mockRejectedValueOnce(unavailableError())
    await run.execute()
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 1 })
  })

  test('that has lost its claim drops its result', async () => {
    const { store, claim, run, job } = await setUp()
    await release(store, claim)
    expect(await run.execute()).toMatchObject({ ending: 'lost' })
    expect(await job()).toMatchObject({ state: 'queued', answerAttempt: null })
  })

  test('ends when the deadline of its job comes, by the clock of the worker', async () => {
    const now = 1_000_000
    const { sim, run, job } = await setUp({ job: { deadlineAt: now + 20 }, run: { now: () => now } })
    sim.fault({ kind: 'hang' })
    expect(await run.execute()).toMatchObject({ ending: 'stopped' })
    expect(await job()).toMatchObject({ state: 'failed', errorCode: 'deadline_exceeded' })
  })

  test('that is shut down puts its job back', async () => {
    const { sim, run, job } = await setUp()
    sim.fault({ kind: 'hang' })
    const end = run.execute()
    await expect.poll(() => sim.requests.length, soon).toBe(1)
    run.shutDown()
    expect(await end).toMatchObject({ ending: 'stopped' })
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 0 })
  })
})

describe('the end of a job', () => {
  test('names the last piece that was written before, and brings what is left', async () => {
    const { sim, store, claim, run } = await setUp()
    sim.fault({ kind: 'slow', delayMs: 20 })
    let after = 0
    const append = vi.spyOn(store.runs, 'append')
    const write = store.runs.finish.bind(store.runs)
    const finish = vi.spyOn(store.runs, 'finish').mockImplementation(async (...args) => {
      after = await lastPieceOf(store, claim)
      return write(...args)
    })
    await run.execute()
    expect(append).toHaveBeenCalled()
    const end = finish.mock.lastCall?.[1]
    expect(end).toMatchObject({ after, output: { head: undefined } })
    expect(String(end?.output?.body)).toContain('"done":true')
  })

  test('brings the whole of an answer that comes at once', async () => {
    const { store, run, job } = await setUp()
    const append = vi.spyOn(store.runs, 'append')
    await run.execute()
    expect(append).not.toHaveBeenCalled()
    expect(await job()).toMatchObject({ state: 'succeeded', answerAttempt: 1 })
  })

  test('names none where nothing is in the log', async () => {
    const { sim, store, run } = await setUp({ job: { maxAttempts: 1 } })
    sim.fault({ kind: 'reset' })
    const finish = vi.spyOn(store.runs, 'finish')
    await run.execute()
    expect(finish.mock.lastCall?.[1]).not.toHaveProperty('after')
  })
})

describe('a request in parts that the store does not give now', () => {
  const setUpInParts = async () => {
    const all = await setUp({ claim: { parts: 1, body: Buffer.alloc(0) } })
    const { store, claim } = all
    vi.spyOn(store.records, 'requestBytes').mockResolvedValue(claim.body.byteLength)
    const part = vi.spyOn(store.records, 'requestPart')
    part.mockResolvedValue(claim.body).mockRejectedValueOnce(unavailableError())
    return { ...all, part }
  }

  test('is read and sent once it gives it', async () => {
    const { run, job } = await setUpInParts()
    expect(await run.execute()).toMatchObject({ ending: 'answered' })
    expect(await job()).toMatchObject({ state: 'succeeded' })
  })

  test.each<[how: string, stop: (run: Run) => unknown, state: string]>([
    ['shut down', run => run.shutDown(), 'queued'],
    ['cancelled', run => run.cancel(), 'cancelled'],
  ])('does not keep its run from being %s', async (_how, stop, state) => {
    const { sim, run, job, part } = await setUpInParts()
    part.mockRejectedValue(unavailableError())
    const end = run.execute()
    await expect.poll(() => part.mock.calls.length, soon).toBe(1)
    stop(run)
    expect(await end).toMatchObject({ ending: 'stopped' })
    expect(await job()).toMatchObject({ state, failedAttempts: 0 })
    expect(sim.requests).toEqual([])
  })
})

describe('a verdict that took effect, but whose answer was lost, is written again, and counts once', () => {
  test('the end of a job', async () => {
    const webhook = { url: 'http://a.example/', events: ['job.succeeded'] } as const
    const { store, claim, run, job, changes } = await setUp({ job: { webhook } })
    const finish = store.runs.finish.bind(store.runs)
    const spy = vi.spyOn(store.runs, 'finish').mockImplementationOnce(withoutAnswer(finish))
    expect(await run.execute()).toMatchObject({ ending: 'answered' })
    expect(spy).toHaveBeenCalledTimes(2)
    expect(await job()).toMatchObject({ state: 'succeeded', answerAttempt: 1 })
    expect(await changes('succeeded', 'failed', 'released')).toEqual(['succeeded'])
    const messages = await Array.fromAsync(store.deliveries.ofJob(claim.seq))
    expect(messages.flat()).toHaveLength(1)
  })

  test('the return of a job to the queue', async () => {
    const { sim, store, run, job, changes } = await setUp()
    sim.fault({ kind: 'reset' })
    const back = store.runs.release.bind(store.runs)
    const spy = vi.spyOn(store.runs, 'release').mockImplementationOnce(withoutAnswer(back))
    expect(await run.execute()).toMatchObject({ ending: 'broke_off' })
    expect(spy).toHaveBeenCalledTimes(2)
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 1 })
    expect(await changes('succeeded', 'failed', 'released')).toEqual(['released'])
  })
})

describe('a run whose worker has lost its lock', () => {
  test('cuts the exchange off, and writes nothing more', async () => {
    const { sim, store, run, job } = await setUp()
    sim.fault({ kind: 'hang' })
    const end = run.execute()
    await expect.poll(() => sim.inFlight, soon).toBe(1)
    const writes = countRunWrites(store)
    run.lose()
    expect(await end).toMatchObject({ ending: 'lost' })
    await expect.poll(() => sim.inFlight, soon).toBe(0)
    expect(writes()).toBe(0)
    expect(await job()).toMatchObject({ state: 'running' })
  })

  test('writes no verdict when it learns that while it asks whether the target is there', async () => {
    const asked = Promise.withResolvers<'gone'>()
    const probe = vi.fn<RunOptions['probe']>(() => asked.promise)
    const { sim, store, run, job } = await setUp({ run: { probe } })
    sim.fault({ kind: 'status', status: 401, body: 'who are you?' })
    const end = run.execute()
    await expect.poll(() => probe.mock.calls.length, soon).toBe(1)
    const writes = countRunWrites(store)
    run.lose()
    asked.resolve('gone')
    expect(await end).toMatchObject({ ending: 'lost' })
    expect(writes()).toBe(0)
    expect(await job()).toMatchObject({ state: 'running' })
  })

  test.each(['append', 'finish'] as const)('repeats no %s that the store did not take', async verb => {
    const { sim, store, run, job } = await setUp()
    sim.fault({ kind: 'slow', delayMs: 20 })
    const refused = vi.spyOn(store.runs, verb).mockRejectedValue(unavailableError())
    const end = run.execute()
    await expect.poll(() => refused.mock.calls.length, soon).toBe(1)
    run.lose()
    expect(await end).toMatchObject({ ending: 'lost' })
    expect(refused).toHaveBeenCalledTimes(1)
    expect(await job()).toMatchObject({ state: 'running' })
  })

  test('writes nothing about an error of foreman itself', async () => {
    const { store, run, job } = await setUp()
    const failing = Promise.withResolvers<never>()
    const finish = vi.spyOn(store.runs, 'finish').mockReturnValueOnce(failing.promise)
    const end = run.execute()
    await expect.poll(() => finish.mock.calls.length, soon).toBe(1)
    const writes = countRunWrites(store)
    run.lose()
    failing.reject(new Error('malformed'))
    expect(await end).toMatchObject({ ending: 'lost' })
    expect(writes()).toBe(0)
    expect(await job()).toMatchObject({ state: 'running' })
  })
})

describe('a load', () => {
  test('that hangs is let go of, and the job is tried again', async () => {
    const { sim, run, job } = await setUp({ sim: { loadMs: 60_000 }, run: { loadTimeoutMs: 100 } })
    expect(await run.execute()).toMatchObject({ ending: 'timed_out' })
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 1 })
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('that is over ends its clock, however long the answer takes after it', async () => {
    const { run } = await setUp({ sim: { loadMs: 50, promptMs: 500 }, run: { loadTimeoutMs: 150 } })
    expect(await run.execute()).toMatchObject({ ending: 'answered' })
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
      expect(await run.execute()).toMatchObject({ ending })
    },
  )

  test('on another machine is none', async () => {
    const { sim, store, claim, run } = await setUp({ sim: { promptMs: 500 }, run: { loadTimeoutMs: 150 } })
    sim.fault({ kind: 'status', path: '/api/ps', status: 200, body: '{"models":[]}' })
    await store.catalogue.replaceModels([{ name: claim.modelName, digest: 'd', remote: true }])
    expect(await run.execute()).toMatchObject({ ending: 'answered' })
  })
})

describe('a run that meets an error of foreman itself', () => {
  test.each([
    { streaming: false, answerAttempt: null },
    { streaming: true, answerAttempt: 1 },
  ])('ends its job as failed: %j', async ({ streaming, answerAttempt }) => {
    const { sim, store, run, job } = await setUp({ job: { streaming } })
    // A part of the answer is written before its end.
    sim.fault({ kind: 'slow', delayMs: 20 })
    vi.spyOn(store.runs, 'finish').mockRejectedValueOnce(new Error('Maximum call stack size exceeded'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({
      state: 'failed',
      errorCode: 'internal_error',
      errorMessage: 'an error within foreman ended the job',
      answerAttempt,
    })
  })

  test('names no answer where nothing of it could be written', async () => {
    const { store, run, job } = await setUp({ job: { streaming: true } })
    vi.spyOn(store.runs, 'finish').mockRejectedValueOnce(new Error('out of order'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({ state: 'failed', answerAttempt: null })
  })

  test('while it writes the answer ends its job as well', async () => {
    const { sim, store, run, job } = await setUp()
    sim.fault({ kind: 'slow', delayMs: 10 })
    vi.spyOn(store.runs, 'append').mockRejectedValue(new Error('out of order'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({ state: 'failed', errorCode: 'internal_error' })
  })

  test('gives its job back, to end later, when its end cannot be written', async () => {
    const now = 1_000_000
    const { store, run, job } = await setUp({ run: { now: () => now } })
    vi.spyOn(store.runs, 'finish').mockRejectedValue(new Error('out of order'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({ state: 'queued', failedAttempts: 1, availableAt: now + 60_000 })
  })

  test('does not ask the target again, once its job has had all of its attempts', async () => {
    const { sim, store, run, job } = await setUp({ run: { maxAttempts: 1 }, job: { maxAttempts: 0 } })
    vi.spyOn(store.runs, 'finish').mockRejectedValueOnce(new Error('out of order'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({ state: 'failed', errorCode: 'internal_error' })
    expect(sim.requests).toEqual([])
  })

  test('leaves its job to the next worker when nothing can be written', async () => {
    const { store, run, job } = await setUp()
    for (const verb of ['append', 'finish', 'release'] as const)
      vi.spyOn(store.runs, verb).mockRejectedValue(new Error('malformed'))
    expect(await run.execute()).toMatchObject({ ending: 'broken' })
    expect(await job()).toMatchObject({ state: 'running' })
  })
})

describe('a run that is cancelled', () => {
  test('ends at once, also while it loads a model that no other job waits for', async () => {
    const { sim, run, job } = await setUp({ sim: { loadMs: 60_000 } })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await run.cancel()
    expect(await end).toMatchObject({ ending: 'stopped' })
    expect(await job()).toMatchObject({ state: 'cancelled', errorCode: 'cancelled' })
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('waits for a load that other jobs wait for', async () => {
    const { sim, run, job } = await setUp({
      sim: { loadMs: 300, promptMs: 60_000 },
      run: { isWaitedFor: () => Promise.resolve(true) },
    })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await Promise.all([run.cancel(), run.cancel()])
    expect(await end).toMatchObject({ ending: 'stopped' })
    expect((await job())?.state).toBe('cancelled')
    expect(sim.loadsAbandoned).toBe(0)
    expect(sim.resident()).toEqual(['alpha'])
  })

  test('waits no longer than a load may take', async () => {
    const { sim, run, job } = await setUp({
      sim: { loadMs: 60_000 },
      run: { isWaitedFor: () => Promise.resolve(true), loadTimeoutMs: 300, maxAttempts: 1 },
    })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    void run.cancel()
    expect(await end).toMatchObject({ ending: 'timed_out' })
    expect((await job())?.state).toBe('cancelled')
    await expect.poll(() => sim.loadsAbandoned, soon).toBe(1)
  })

  test('ends at once when the target does not say what it has in memory', async () => {
    const { sim, run, job } = await setUp({
      sim: { loadMs: 60_000 },
      run: { isWaitedFor: () => Promise.resolve(true) },
    })
    sim.fault({ kind: 'status', path: '/api/ps', status: 500 })
    const end = run.execute()
    await expect.poll(() => sim.loads, soon).toBe(1)
    await run.cancel()
    await end
    expect((await job())?.state).toBe('cancelled')
  })
})
