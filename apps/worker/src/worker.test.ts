import { OllamaClient } from '@foreman/ollama-client'
import { type Fault, startSim } from '@foreman/ollama-sim'
import type { NewJob, Store } from '@foreman/store'
import type { Deliver } from '@foreman/webhooks'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Embedder } from './target/embedder.ts'
import { newJob, openTempStore, silent, soon, tempFile } from './testing/fixtures.ts'
import { JobCleaner } from './upkeep/job-cleaner.ts'
import { Courier } from './webhooks/courier.ts'
import { Worker } from './worker.ts'

const startTarget = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  return sim
}

interface Differing {
  readonly url?: string
  readonly file?: string
  readonly now?: () => number
  readonly graceMs?: number
}

/** A worker on a real file. Jobs are submitted over its own store, so that no commit of another process wakes it. */
const setUp = ({
  url = 'http://127.0.0.1:9',
  file = tempFile(),
  now = Date.now,
  graceMs = 0,
}: Differing = {}) => {
  const store = openTempStore(file)
  const shared = { client: new OllamaClient({ url }), store, logger: silent, now }
  const steady = () => performance.now()
  const deliver = vi.fn<Deliver>(() =>
    Promise.resolve({ kind: 'answered', status: 204, excerpt: '', durationMs: 1 }),
  )
  const worker = new Worker({
    store,
    logger: silent,
    now,
    pid: 7,
    run: {
      ...shared,
      jobTimeoutMs: 60_000,
      stallMs: 60_000,
      loadTimeoutMs: 60_000,
      maxAttempts: 3,
      jobTtlMs: 60_000,
    },
    monitor: { ...shared, pollIntervalMs: 60_000 },
    embedder: new Embedder({ ...shared, model: undefined }),
    jobCleaner: new JobCleaner(shared),
    gatewayWatch: { ...shared, steady, jobTtlMs: 60_000, patience: { lookMs: 10, goneAfterMs: 100 } },
    courier: new Courier({
      ...shared,
      steady,
      random: () => 0.5,
      secrets: ['secret'],
      deliver,
    }),
    concurrency: 1,
    maxWaitMs: 60_000,
    graceMs,
  })
  onTestFinished(() => worker.stop())
  const submit = (differing: Partial<NewJob> = {}) => store.submissions.enqueue(newJob(differing), now()).seq
  const stateOf = (seq: number) => store.records.bySeq(seq)?.state
  const isTargetUp = () => store.target.read().state === 'up'
  return { store, file, worker, deliver, submit, stateOf, isTargetUp }
}

/** A worker that has found its target. */
const setUpAtWork = async (differing: Differing = {}) => {
  const sim = await startTarget()
  const all = setUp({ url: sim.url, ...differing })
  all.worker.start()
  await expect.poll(all.isTargetUp, soon).toBe(true)
  return { sim, ...all }
}

describe('a tick', () => {
  test('runs what is ready', async () => {
    const { worker, submit, stateOf } = await setUpAtWork()
    const seq = submit()
    expect(stateOf(seq)).toBe('queued')
    worker.tick()
    expect(stateOf(seq)).toBe('running')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('follows the end of each run', async () => {
    const { worker, submit, stateOf } = await setUpAtWork()
    const seqs = [submit(), submit(), submit()]
    worker.tick()
    await expect.poll(() => seqs.map(stateOf), soon).toEqual(Array(3).fill('succeeded'))
  })

  test('follows a commit of another process', async () => {
    const { file, stateOf } = await setUpAtWork()
    const { seq } = openTempStore(file).submissions.enqueue(newJob(), Date.now())
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('follows the death of a gateway, whose running job ends and makes room for the next', async () => {
    const { submit, stateOf, worker } = await setUpAtWork()
    const body = Buffer.from('{"model":"alpha","prompt":"go on","options":{"num_predict":1000000}}')
    const [orphan, next] = [submit({ gateway: 'dead', body }), submit()]
    worker.tick()
    expect(stateOf(orphan)).toBe('running')
    await expect.poll(() => [orphan, next].map(stateOf), soon).toEqual(['cancelled', 'succeeded'])
  })

  test('follows the due time of a delayed job', async () => {
    const { sim, store, worker, submit, stateOf } = await setUpAtWork()
    sim.fault({ kind: 'reset', path: '/api/generate', count: 1 })
    const seq = submit()
    worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    expect(store.records.bySeq(seq)).toMatchObject({ attempt: 2, failedAttempts: 1 })
  })

  test.each<[what: string, fault: Fault, delayMs: number]>([
    ['soon', { kind: 'reset' }, 500],
    ['when the target has said', { kind: 'status', status: 429, headers: { 'Retry-After': '300' } }, 300_000],
  ])('makes a delayed job ready when its time has come by its clock: %s', async (_when, fault, delayMs) => {
    const clock = { now: 1_000_000 }
    const { sim, store, worker, submit, stateOf } = await setUpAtWork({ now: () => clock.now })
    sim.fault({ ...fault, path: '/api/generate', count: 1 })
    const seq = submit()
    worker.tick()
    await expect.poll(() => store.records.bySeq(seq)?.availableAt, soon).toBe(clock.now + delayMs)
    worker.tick()
    expect(stateOf(seq)).toBe('queued')
    clock.now += delayMs
    worker.tick()
    expect(stateOf(seq)).toBe('running')
  })

  test('makes a delayed job ready at once when the clock was set back by more than the longest delay', async () => {
    const clock = { now: 10_000_000 }
    const { sim, store, worker, submit, stateOf } = await setUpAtWork({ now: () => clock.now })
    sim.fault({ kind: 'reset', path: '/api/generate', count: 1 })
    const seq = submit()
    worker.tick()
    await expect.poll(() => store.records.bySeq(seq)?.availableAt, soon).toBe(clock.now + 500)
    clock.now -= 3_600_000
    worker.tick()
    expect(stateOf(seq)).toBe('running')
  })

  test('fails a queued job that has missed its deadline, also while the target is away', () => {
    const clock = { now: 1_000_000 }
    const { store, worker, submit, stateOf } = setUp({ now: () => clock.now })
    worker.start()
    const seq = submit({ deadlineAt: clock.now + 10 })
    worker.tick()
    expect(stateOf(seq)).toBe('queued')
    clock.now += 10
    worker.tick()
    expect(store.records.bySeq(seq)).toMatchObject({ state: 'failed', errorCode: 'deadline_exceeded' })
  })

  test('cancels a running job whose caller has asked for it', async () => {
    const { sim, store, worker, submit, stateOf } = await setUpAtWork()
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = submit()
    worker.tick()
    expect(store.submissions.cancel({ seq, id: '' }, Date.now(), 1_000)).toBe('requested')
    worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('cancelled')
  })

  test('polls the target when a gateway has written that it may be away', async () => {
    const { sim, store, worker, isTargetUp } = await setUpAtWork()
    sim.fault({ kind: 'refuse' })
    store.target.suspect(Date.now())
    worker.tick()
    await expect.poll(isTargetUp, soon).toBe(false)
  })

  test('that meets a busy file is repeated', async () => {
    const { file, worker, submit, stateOf } = await setUpAtWork()
    const seq = submit()
    openTempStore(file).atOnce('normal', () => worker.tick())
    expect(stateOf(seq)).toBe('queued')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('sends the webhooks that the worker itself has written', async () => {
    const { worker, deliver, submit } = await setUpAtWork()
    submit({ webhook: { url: 'http://a.example/', events: ['job.succeeded'] } })
    worker.tick()
    await expect.poll(() => deliver.mock.calls.length, soon).toBe(1)
  })

  const steps = [
    ['cancel', (store: Store) => vi.spyOn(store.runs, 'cancelRequests')],
    ['suspicion', (store: Store) => vi.spyOn(store.target, 'read')],
    ['deadline', (store: Store) => vi.spyOn(store.queue, 'failOverdue')],
    ['due time', (store: Store) => vi.spyOn(store.queue, 'promoteDue')],
  ] as const

  test.each(steps)('in which the step "%s" fails does the others, and is repeated', async (_name, spyOn) => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    const spy = spyOn(store).mockImplementation(() => {
      throw new Error('malformed')
    })
    const seq = submit()
    worker.tick()
    expect(stateOf(seq)).toBe('running')
    const calls = spy.mock.calls.length
    await expect.poll(() => spy.mock.calls.length, soon).toBeGreaterThan(calls + 2)
    expect(stateOf(seq)).toBe('succeeded')
  })

  test('that cannot read what waits is repeated', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    vi.spyOn(store.queue, 'waitingLines').mockImplementationOnce(() => {
      throw new Error('disk I/O error')
    })
    const seq = submit()
    worker.tick()
    expect(stateOf(seq)).toBe('queued')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('of a worker that stands by does nothing', () => {
    const first = setUp()
    first.worker.start()
    const second = setUp({ file: first.file })
    second.worker.start()
    const look = vi.spyOn(second.store.runs, 'cancelRequests')
    second.worker.tick()
    expect(look).not.toHaveBeenCalled()
  })
})

describe('the target', () => {
  test('that a run finds away is waited for, and the job runs when it is back', async () => {
    const { sim, worker, submit, stateOf, isTargetUp } = await setUpAtWork()
    sim.fault({ kind: 'refuse' })
    const seq = submit()
    worker.tick()
    await expect.poll(isTargetUp, soon).toBe(false)
    expect(stateOf(seq)).toBe('queued')
    await sim.clearFaults()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('that was silent is no longer noted as silent once it answers', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    store.target.note({ stalledAt: 1 })
    const seq = submit()
    worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    await expect.poll(() => store.target.read().stalledAt, soon).toBeNull()
  })
})

describe('start and stop', () => {
  const logged = () => {
    const info = vi.spyOn(silent, 'info')
    onTestFinished(() => info.mockRestore())
    return (message: string) => info.mock.calls.filter(call => (call as unknown[]).includes(message)).length
  }

  test('a worker that is started twice begins to work once', () => {
    const count = logged()
    const { worker } = setUp()
    worker.start()
    worker.start()
    expect({ atWork: count('at work'), standingBy: count('standing by') }).toEqual({
      atWork: 1,
      standingBy: 0,
    })
  })

  test('a worker that cannot read what it needs to begin begins without it, and hears of commits later', async () => {
    const sim = await startTarget()
    const { store, file, worker, stateOf } = setUp({ url: sim.url })
    const fail = () => {
      throw new Error('disk I/O error')
    }
    vi.spyOn(store.queue, 'turn').mockImplementationOnce(fail)
    vi.spyOn(store.target, 'read').mockImplementationOnce(fail)
    vi.spyOn(store.commits, 'listen').mockImplementationOnce(fail)
    worker.start()
    const { seq } = openTempStore(file).submissions.enqueue(newJob(), Date.now())
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    const next = openTempStore(file).submissions.enqueue(newJob(), Date.now())
    await expect.poll(() => stateOf(next.seq), soon).toBe('succeeded')
  })

  test('a worker that stands by takes over when the active one is stopped', async () => {
    const count = logged()
    const first = setUp()
    const second = setUp({ file: first.file })
    first.worker.start()
    second.worker.start()
    expect(count('standing by')).toBe(1)
    await first.worker.stop()
    await expect.poll(() => count('at work'), soon).toBe(2)
  })

  test('a worker that is stopped while it stands by does not take over', async () => {
    const first = setUp()
    const second = setUp({ file: first.file })
    first.worker.start()
    second.worker.start()
    await second.worker.stop()
    await first.worker.stop()
    const lock = first.store.takeWorkerLock()
    expect(lock).toBeDefined()
    lock?.release()
  })

  test('stopping lets a running job end within the grace period', async () => {
    const { worker, submit, stateOf } = await setUpAtWork({ graceMs: 60_000 })
    const seq = submit()
    worker.tick()
    await worker.stop()
    expect(stateOf(seq)).toBe('succeeded')
  })

  test('a second stop waits for the first', async () => {
    const { sim, worker, submit, stateOf } = await setUpAtWork({ graceMs: 20 })
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = submit()
    worker.tick()
    const stops = [worker.stop(), worker.stop()].map(stop => stop.then(() => stateOf(seq)))
    expect(await Promise.all(stops)).toEqual(['queued', 'queued'])
  })

  test('a worker that was stopped claims nothing, also when it is started again', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    await worker.stop()
    const seq = submit()
    worker.start()
    worker.tick()
    expect(stateOf(seq)).toBe('queued')
    expect(store.workers.active()).toBeUndefined()
  })

  test('a worker that was stopped before it was started stays stopped', async () => {
    const { store, worker } = setUp()
    await worker.stop()
    worker.start()
    expect(store.workers.active()).toBeUndefined()
    const lock = store.takeWorkerLock()
    expect(lock).toBeDefined()
    lock?.release()
  })
})
