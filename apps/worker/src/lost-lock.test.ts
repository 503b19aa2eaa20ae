import type { Store } from '@foreman/store'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { countRunWrites, heldBack, isLockFree, soon } from './testing/fixtures.ts'
import { countLogged, setUpAtWork, setUpWorker } from './testing/worker.ts'

/** The changes of a job, each with its attempt. */
const changesOf = async ({ records }: Store, seq: number) => {
  const log = await records.log(seq, 0)
  return log.flatMap(entry => {
    if (entry.kind !== 'event') return []
    const { type } = entry.event
    return ['attempt' in entry.event ? `${type} ${entry.event.attempt}` : type]
  })
}

/** A worker that runs a job whose answer does not come, and waits for the receiver of a webhook. */
const setUpBusy = async (graceMs?: number) => {
  const all = await setUpAtWork({ pid: 1, ...(graceMs !== undefined && { graceMs }) })
  const { sim, worker, deliver, submit } = all
  deliver.mockImplementationOnce(() => new Promise(() => undefined))
  sim.fault({ kind: 'hang', path: '/api/generate', count: 1 })
  const seq = await submit({ webhook: { url: 'http://a.example/', events: ['job.started'] } })
  await worker.tick()
  await expect.poll(() => [sim.inFlight, deliver.mock.calls.length], soon).toEqual([1, 1])
  /** How often the target was asked for the answer. */
  const requests = () => sim.requests.filter(({ path }) => path === '/api/generate').length
  return { ...all, seq, requests }
}

/** A second worker, which stands by. */
const setUpSecond = async ({ sim, file }: Awaited<ReturnType<typeof setUpBusy>>) => {
  const count = countLogged()
  const second = await setUpWorker({ url: sim.url, file, pid: 2 })
  second.worker.start()
  await expect.poll(() => count('standing by'), soon).toBe(1)
  return second
}

describe('an active worker that loses the lock', () => {
  test('cuts off what it does, writes nothing more of it, and says that it stands by', async () => {
    const { sim, store, lock, deliver, seq, recordOf, activePid } = await setUpBusy()
    const writes = countRunWrites(store)
    const record = vi.spyOn(store.deliveries, 'record')
    const beat = vi.spyOn(store.workers, 'heartbeat')
    // Nobody takes over before the end of this test.
    vi.spyOn(store.locks, 'take').mockResolvedValue(undefined)
    lock.lose()
    await expect.poll(activePid, soon).toBeUndefined()
    expect(beat.mock.lastCall?.[0]).toMatchObject({ pid: 1, active: false })
    await expect.poll(() => sim.inFlight, soon).toBe(0)
    const [, signal] = deliver.mock.calls[0]!
    await expect.poll(() => signal?.aborted, soon).toBe(true)
    expect(await recordOf(seq)).toMatchObject({ state: 'running', attempt: 1 })
    expect({ writes: writes(), records: record.mock.calls.length }).toEqual({ writes: 0, records: 0 })
  })

  test('claims nothing more, not even in a look that is under way', async () => {
    const { store, lock, worker, seq, submit, stateOf, activePid } = await setUpBusy()
    vi.spyOn(store.locks, 'take').mockResolvedValue(undefined)
    const next = await submit()
    await store.submissions.cancel({ seq, id: '' }, { now: Date.now(), ttlMs: 1_000 })
    const looking = heldBack(store.queue, 'agenda')
    void worker.tick()
    await looking.begun
    const steps = (['failOverdue', 'promoteDue', 'claim'] as const).map(verb => vi.spyOn(store.queue, verb))
    lock.lose()
    looking.goOn()
    await expect.poll(activePid, soon).toBeUndefined()
    await worker.tick()
    expect(steps.flatMap(({ mock }) => mock.calls)).toEqual([])
    expect(await stateOf(next)).toBe('queued')
  })

  test('leaves its job to the worker that takes the lock, which runs it to its end once', async () => {
    const first = await setUpBusy()
    const { store, seq, requests, recordOf, stateOf, activePid } = first
    const second = await setUpSecond(first)
    const writes = countRunWrites(store)
    first.lock.lose()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    expect(await activePid()).toBe(2)
    expect(await recordOf(seq)).toMatchObject({ attempt: 2, answerAttempt: 2 })
    expect(requests()).toBe(2)
    expect(writes()).toBe(0)
    expect(await changesOf(store, seq)).toEqual([
      'queued',
      'started 1',
      'lost 1',
      'released 1',
      'reset 2',
      'started 2',
      'succeeded 2',
    ])
    // The message that the first worker was sending, and nobody else has sent.
    await expect.poll(() => second.deliver.mock.calls.length, soon).toBeGreaterThan(0)
    const [sent] = first.deliver.mock.calls[0]!
    expect(second.deliver.mock.calls[0]![0].headers['webhook-id']).toBe(sent.headers['webhook-id'])
  })

  test('stands by then, and takes over again with a new start when the other one stops', async () => {
    const first = await setUpBusy()
    const { stateOf, submit, activePid } = first
    const second = await setUpSecond(first)
    first.lock.lose()
    await expect.poll(activePid, soon).toBe(2)
    await expect.poll(() => stateOf(first.seq), soon).toBe('succeeded')
    await second.worker.stop()
    await expect.poll(activePid, soon).toBe(1)
    const next = await submit()
    const look = async () => {
      await first.worker.tick()
      return stateOf(next)
    }
    await expect.poll(look, soon).toBe('succeeded')
  })

  test('takes it again itself when nobody else does, and runs its job once more', async () => {
    const { lock, seq, requests, recordOf, stateOf, activePid } = await setUpBusy()
    lock.lose()
    await expect.poll(() => stateOf(seq), soon).toBe('succeeded')
    expect(await activePid()).toBe(1)
    expect(await recordOf(seq)).toMatchObject({ attempt: 2, lostCount: 1 })
    expect(requests()).toBe(2)
  })
})

describe('a worker that is stopped', () => {
  test('and loses the lock while it waits for its jobs waits no longer', async () => {
    const { store, lock, worker, seq, stateOf } = await setUpBusy(60_000)
    const writes = countRunWrites(store)
    const stopped = worker.stop()
    lock.lose()
    await stopped
    expect(await stateOf(seq)).toBe('running')
    expect(writes()).toBe(0)
    expect(await isLockFree(store)).toBe(true)
  })

  test('while it ends the work that it has lost stops when that has ended, and does not take over again', async () => {
    const { sim, store, lock, worker, submit, stateOf, activePid } = await setUpAtWork()
    const seq = await submit()
    const claiming = heldBack(store.queue, 'claim')
    void worker.tick()
    await claiming.begun
    lock.lose()
    let isStopped = false
    const stopped = worker.stop().then(() => (isStopped = true))
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    expect(isStopped).toBe(false)
    claiming.goOn()
    await stopped
    expect(await stateOf(seq)).toBe('running')
    expect(sim.requests.map(({ path }) => path)).not.toContain('/api/generate')
    expect(await activePid()).toBeUndefined()
    expect(await isLockFree(store)).toBe(true)
  })
})
