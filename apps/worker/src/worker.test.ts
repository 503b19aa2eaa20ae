import type { Fault } from '@foreman/ollama-sim'
import type { Store } from '@foreman/store'
import { submitJob, unavailableError } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { heldBack, isLockFree, newJob, openTempStore, soon } from './testing/fixtures.ts'
import { countLogged, setUpAtWork, setUpWorker, startTarget } from './testing/worker.ts'

/** The target resets the kept connection, and the new one on which the request is sent once more. */
const RESET = { kind: 'reset', path: '/api/generate', count: 2 } as const

describe('a tick', () => {
  test('runs what is ready', async () => {
    const { worker, submit, recordOf, stateOf } = await setUpAtWork()
    const seq = await submit()
    expect(await stateOf(seq)).toBe('queued')
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ attempt: 1 })
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('follows the end of each run', async () => {
    const { worker, submit, stateOf } = await setUpAtWork()
    const seqs = [await submit(), await submit(), await submit()]
    await worker.tick()
    await expect.poll(() => Promise.all(seqs.map(stateOf)), soon).toEqual(Array(3).fill('succeeded'))
  })

  test('follows a commit of another process', async () => {
    const { file, stateOf } = await setUpAtWork()
    const { seq } = await submitJob(await openTempStore(file), newJob(), Date.now())
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('follows the death of a gateway, whose running job ends and makes room for the next', async () => {
    const { submit, stateOf, worker } = await setUpAtWork()
    const body = Buffer.from('{"model":"alpha","prompt":"go on","options":{"num_predict":1000000}}')
    const orphan = await submit({ gateway: 'dead', body })
    const next = await submit()
    await worker.tick()
    expect(await stateOf(orphan)).toBe('running')
    const states = () => Promise.all([orphan, next].map(stateOf))
    await expect.poll(states, soon).toEqual(['cancelled', 'succeeded'])
  })

  test('follows the due time of a delayed job', async () => {
    const { sim, worker, submit, recordOf, stateOf } = await setUpAtWork()
    sim.fault(RESET)
    const seq = await submit()
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    expect(await recordOf(seq)).toMatchObject({ attempt: 2, failedAttempts: 1 })
  })

  test.each<[what: string, fault: Fault, delayMs: number]>([
    ['soon', RESET, 500],
    ['when the target has said', { kind: 'status', status: 429, headers: { 'Retry-After': '300' } }, 300_000],
  ])('makes a delayed job ready when its time has come by its clock: %s', async (_when, fault, delayMs) => {
    const clock = { now: 1_000_000 }
    const { sim, worker, submit, recordOf } = await setUpAtWork({ now: () => clock.now })
    sim.fault({ path: '/api/generate', count: 1, ...fault })
    const seq = await submit()
    await worker.tick()
    await expect.poll(() => recordOf(seq), soon).toMatchObject({ availableAt: clock.now + delayMs })
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ state: 'queued', attempt: 1 })
    clock.now += delayMs
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ attempt: 2 })
  })

  test('makes a delayed job ready at once when the clock was set back by more than the longest delay', async () => {
    const clock = { now: 10_000_000 }
    const { sim, worker, submit, recordOf } = await setUpAtWork({ now: () => clock.now })
    sim.fault(RESET)
    const seq = await submit()
    await worker.tick()
    await expect.poll(() => recordOf(seq), soon).toMatchObject({ availableAt: clock.now + 500 })
    clock.now -= 3_600_000
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ attempt: 2 })
  })

  test('fails a queued job that has missed its deadline, also while the target is away', async () => {
    const clock = { now: 1_000_000 }
    const { worker, start, submit, recordOf, stateOf } = await setUpWorker({ now: () => clock.now })
    await start()
    const seq = await submit({ deadlineAt: clock.now + 10 })
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    clock.now += 10
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ state: 'failed', errorCode: 'deadline_exceeded' })
  })

  test('cancels a running job whose caller has asked for it', async () => {
    const { sim, store, worker, submit, stateOf } = await setUpAtWork()
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = await submit()
    await worker.tick()
    const ending = { now: Date.now(), ttlMs: 1_000 }
    expect(await store.submissions.cancel({ seq, id: '' }, ending)).toBe('requested')
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('cancelled')
  })

  test('cancels a job as well that it has claimed without knowing it', async () => {
    const { sim, store, worker, submit, stateOf } = await setUpAtWork()
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = await submit()
    const claim = store.queue.claim.bind(store.queue)
    vi.spyOn(store.queue, 'claim').mockImplementationOnce(async (...args) => {
      await claim(...args)
      await store.submissions.cancel({ seq, id: '' }, { now: Date.now(), ttlMs: 1_000 })
      throw unavailableError()
    })
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('cancelled')
  })

  test('polls the target when a gateway has written that it may be away', async () => {
    const { sim, store, worker, isTargetUp } = await setUpAtWork()
    sim.fault({ kind: 'refuse' })
    await store.target.suspect(Date.now())
    await worker.tick()
    await expect.poll(isTargetUp, soon).toBe(false)
  })

  test.each<[what: string, refuseOnce: (store: Store, error: Error) => unknown]>([
    ['read', ({ queue }, error) => vi.spyOn(queue, 'agenda').mockRejectedValueOnce(error)],
    ['written', ({ queue }, error) => vi.spyOn(queue, 'claim').mockRejectedValueOnce(error)],
  ])('that meets a store that cannot be %s now is repeated', async (_what, refuseOnce) => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    const seq = await submit()
    refuseOnce(store, unavailableError())
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('sends the webhooks that the worker itself has written', async () => {
    const { worker, deliver, submit } = await setUpAtWork()
    await submit({ webhook: { url: 'http://a.example/', events: ['job.succeeded'] } })
    await worker.tick()
    await expect.poll(() => deliver.mock.calls.length, soon).toBe(1)
  })

  /** Lets one step fail from now on. Returns what counts how often it was tried. */
  type Break = (store: Store, error: Error) => { readonly mock: { readonly calls: readonly unknown[] } }

  test.each<[step: string, breakStep: Break]>([
    ['read what there is to do', ({ queue }, error) => vi.spyOn(queue, 'agenda').mockRejectedValue(error)],
    ['cancel', ({ runs }, error) => vi.spyOn(runs, 'cancelRequests').mockRejectedValue(error)],
    ['deadline', ({ queue }, error) => vi.spyOn(queue, 'failOverdue').mockRejectedValue(error)],
    ['due time', ({ queue }, error) => vi.spyOn(queue, 'promoteDue').mockRejectedValue(error)],
  ])('in which the step "%s" fails does the others, and is repeated', async (_step, breakStep) => {
    const { store, worker, submit, recordOf, stateOf } = await setUpAtWork()
    const all = { hasCancelRequests: true, hasDeadlines: true, hasDelayed: true, isSteered: true }
    vi.spyOn(store.queue, 'agenda').mockResolvedValue({ ...all, suspectedAt: undefined })
    const { mock } = breakStep(store, new Error('malformed'))
    const seq = await submit()
    await worker.tick()
    expect(await recordOf(seq)).toMatchObject({ attempt: 1 })
    const calls = mock.calls.length
    await expect.poll(() => mock.calls.length, soon).toBeGreaterThan(calls + 2)
    expect(await stateOf(seq)).toBe('succeeded')
  })

  test('that cannot read what waits is repeated', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    vi.spyOn(store.queue, 'waitingLines').mockRejectedValueOnce(new Error('disk I/O error'))
    const seq = await submit()
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('of a worker that stands by does nothing', async () => {
    const count = countLogged()
    const first = await setUpWorker()
    await first.start()
    const second = await setUpWorker({ file: first.file })
    second.worker.start()
    await expect.poll(() => count('standing by'), soon).toBe(1)
    const look = vi.spyOn(second.store.queue, 'agenda')
    await second.worker.tick()
    expect(look).not.toHaveBeenCalled()
  })

  test('that is asked for during another one sees what happened since that began', async () => {
    const { store, worker, submit, recordOf } = await setUpAtWork()
    const looking = heldBack(store.queue, 'waitingLines')
    const first = worker.tick()
    await looking.begun
    const claim = vi.spyOn(store.queue, 'claim')
    const seq = await submit()
    const second = worker.tick()
    expect(claim).not.toHaveBeenCalled()
    looking.goOn()
    await Promise.all([first, second])
    expect(await recordOf(seq)).toMatchObject({ attempt: 1 })
  })
})

describe('the target', () => {
  test('that a run finds away is waited for, and the job runs when it is back', async () => {
    const { sim, worker, submit, stateOf, isTargetUp } = await setUpAtWork()
    sim.fault({ kind: 'refuse' })
    const seq = await submit()
    await worker.tick()
    await expect.poll(isTargetUp, soon).toBe(false)
    expect(await stateOf(seq)).toBe('queued')
    await sim.clearFaults()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
  })

  test('that was silent is no longer noted as silent once it answers', async () => {
    const { store, worker, submit, stateOf } = await setUpAtWork()
    await store.target.note({ stalledAt: 1 })
    const seq = await submit()
    await worker.tick()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    await expect.poll(() => store.target.read(), soon).toMatchObject({ stalledAt: null })
  })
})

describe('start and stop', () => {
  test('a worker that is started twice begins to work once', async () => {
    const count = countLogged()
    const { worker, store, start } = await setUpWorker()
    const take = vi.spyOn(store.locks, 'take')
    worker.start()
    await start()
    expect({ atWork: count('at work'), standingBy: count('standing by') }).toEqual({
      atWork: 1,
      standingBy: 0,
    })
    expect(take).toHaveBeenCalledTimes(1)
  })

  test('a worker that cannot read what it needs to begin begins without it, and hears of commits', async () => {
    const sim = await startTarget()
    const { store, file, worker, stateOf } = await setUpWorker({ url: sim.url })
    vi.spyOn(store.queue, 'turn').mockRejectedValueOnce(new Error('disk I/O error'))
    vi.spyOn(store.target, 'read').mockRejectedValueOnce(new Error('disk I/O error'))
    worker.start()
    const other = await openTempStore(file)
    for (let job = 0; job < 2; job++) {
      const { seq } = await submitJob(other, newJob(), Date.now())
      await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    }
  })

  test('a worker that stands by takes over when the active one is stopped', async () => {
    const count = countLogged()
    const first = await setUpWorker()
    const second = await setUpWorker({ file: first.file })
    await first.start()
    second.worker.start()
    await expect.poll(() => count('standing by'), soon).toBe(1)
    await first.worker.stop()
    await expect.poll(() => count('at work'), soon).toBe(2)
  })

  test('a worker that is stopped while it stands by does not take over', async () => {
    const count = countLogged()
    const first = await setUpWorker()
    const second = await setUpWorker({ file: first.file })
    await first.start()
    second.worker.start()
    await expect.poll(() => count('standing by'), soon).toBe(1)
    await second.worker.stop()
    await first.worker.stop()
    expect(await isLockFree(first.store)).toBe(true)
    expect(count('at work')).toBe(1)
  })

  test('a worker that is stopped while it takes over gives the lock back, and does not begin to work', async () => {
    const count = countLogged()
    const { store, worker, activePid } = await setUpWorker()
    const recovering = heldBack(store.runs, 'requeueLost')
    worker.start()
    await recovering.begun
    const stopped = worker.stop().then(() => isLockFree(store))
    recovering.goOn()
    expect(await stopped).toBe(true)
    expect(await activePid()).toBeUndefined()
    expect(count('at work')).toBe(0)
  })

  test('stopping lets a running job end within the grace period', async () => {
    const { worker, submit, stateOf } = await setUpAtWork({ graceMs: 60_000 })
    const seq = await submit()
    await worker.tick()
    await worker.stop()
    expect(await stateOf(seq)).toBe('succeeded')
  })

  test.each([
    { graceMs: 60_000, state: 'succeeded' },
    { graceMs: 0, state: 'queued' },
  ])('stopping waits for a claim that is under way, and for its job: %j', async ({ graceMs, state }) => {
    const { sim, store, worker, submit, recordOf, activePid } = await setUpAtWork({ graceMs })
    if (graceMs === 0) sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = await submit()
    const claiming = heldBack(store.queue, 'claim')
    void worker.tick()
    await claiming.begun
    const stopped = worker.stop().then(() => recordOf(seq))
    claiming.goOn()
    expect(await stopped).toMatchObject({ state, attempt: 1, lostCount: 0 })
    expect(await activePid()).toBeUndefined()
  })

  test('a second stop waits for the first', async () => {
    const { sim, worker, submit, stateOf } = await setUpAtWork({ graceMs: 20 })
    sim.fault({ kind: 'hang', path: '/api/generate' })
    const seq = await submit()
    await worker.tick()
    const stops = [worker.stop(), worker.stop()].map(stop => stop.then(() => stateOf(seq)))
    expect(await Promise.all(stops)).toEqual(['queued', 'queued'])
  })

  test('a worker that was stopped claims nothing, also when it is started again', async () => {
    const { worker, submit, stateOf, activePid } = await setUpAtWork()
    await worker.stop()
    const seq = await submit()
    worker.start()
    await worker.tick()
    expect(await stateOf(seq)).toBe('queued')
    expect(await activePid()).toBeUndefined()
  })

  test('a worker that was stopped before it was started stays stopped', async () => {
    const { store, worker, activePid } = await setUpWorker()
    await worker.stop()
    worker.start()
    expect(await activePid()).toBeUndefined()
    expect(await isLockFree(store)).toBe(true)
  })
})
