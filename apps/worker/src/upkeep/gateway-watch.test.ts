import { GATEWAY_HEARTBEAT_MS } from '@foreman/store'
import { newJob as plainJob, submitJob, type TestJob } from '@foreman/store/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { claimedJob, newJob, openTempStore, soon } from '../testing/fixtures.ts'
import { GatewayWatch } from './gateway-watch.ts'

const GONE_AFTER_MS = 30_000
const STEP_PAUSE_MS = 20
const ENDING = { now: 1_000, ttlMs: 1_000 }

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A watch, and two gateways of which one lives. */
const setUp = async () => {
  const store = await openTempStore()
  const clock = { now: 1_000_000 }
  const lines: Record<string, unknown>[] = []
  const logger = pino(
    { base: null, timestamp: false },
    { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  )
  const onCancelled = vi.fn<() => void>()
  const watch = new GatewayWatch({
    store,
    logger,
    now: () => clock.now,
    steady: () => performance.now(),
    jobTtlMs: 1_000,
    onCancelled,
  })
  onTestFinished(() => watch.stop())
  for (const gateway of ['dead', 'living']) await store.gateways.heartbeat(gateway)
  /** Lets time pass, and the look end that begins then: only after it the watch waits for its next one. */
  const advance = async (ms: number) => {
    const waiting = vi.getTimerCount()
    await vi.advanceTimersByTimeAsync(ms)
    await expect.poll(() => vi.getTimerCount(), soon).toBe(waiting)
  }
  const start = async () => {
    watch.start()
    await expect.poll(() => vi.getTimerCount(), soon).toBe(1)
  }
  /** Lets time pass, while the living gateway writes its heartbeats. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += GATEWAY_HEARTBEAT_MS) {
      await store.gateways.heartbeat('living')
      await advance(GATEWAY_HEARTBEAT_MS)
    }
  }
  const submit = async (differing: TestJob = {}) => (await submitJob(store, newJob(differing), clock.now)).seq
  const statesOf = (...seqs: number[]) =>
    Promise.all(seqs.map(async seq => (await store.records.bySeq(seq))?.state))
  const gateways = async () => [...(await store.gateways.heartbeats()).keys()]
  return { store, clock, lines, onCancelled, watch, start, advance, pass, submit, statesOf, gateways }
}

describe('after 30 s without a heartbeat of a gateway', () => {
  test('its queued jobs are cancelled, and no other job', async () => {
    const { start, pass, submit, statesOf, gateways, lines, onCancelled } = await setUp()
    const callers = [{ gateway: 'dead' }, { gateway: 'dead' }, { gateway: 'living' }, {}]
    const seqs = await Promise.all(callers.map(submit))
    await start()
    await pass(GONE_AFTER_MS - GATEWAY_HEARTBEAT_MS)
    expect(await statesOf(...seqs)).toEqual(Array(4).fill('queued'))
    await pass(GATEWAY_HEARTBEAT_MS)
    expect(await statesOf(...seqs)).toEqual(['cancelled', 'cancelled', 'queued', 'queued'])
    expect(lines).toEqual([expect.objectContaining({ level: 40, gateway: 'dead', jobs: 2 })])
    expect(onCancelled).toHaveBeenCalledTimes(1)
    await pass(GATEWAY_HEARTBEAT_MS)
    expect(await gateways()).toEqual(['living'])
  })

  test('a running job of it is asked to end, once, and the gateway is forgotten when it has ended', async () => {
    const { store, start, pass, gateways, lines } = await setUp()
    const claim = await claimedJob(store, { gateway: 'dead' })
    await start()
    await pass(2 * GONE_AFTER_MS)
    expect(await store.runs.cancelRequests()).toEqual([claim.seq])
    expect(lines).toHaveLength(1)
    expect(await gateways()).toEqual(['dead', 'living'])
    await store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, ENDING)
    await pass(GATEWAY_HEARTBEAT_MS)
    expect(await gateways()).toEqual(['living'])
  })

  test('many jobs are cancelled in several steps', async () => {
    const { store, clock, start, advance, pass, lines } = await setUp()
    const jobs = Array.from({ length: 250 }, () => plainJob({ gateway: 'dead' }))
    await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: clock.now })
    await start()
    await pass(GONE_AFTER_MS)
    expect(await store.records.queued()).toBe(150)
    await advance(STEP_PAUSE_MS)
    await advance(STEP_PAUSE_MS)
    expect(await store.records.queued()).toBe(0)
    expect(lines.map(({ jobs: cancelled }) => cancelled)).toEqual([100, 100, 50])
  })

  test('a job that cannot be cancelled is logged, and keeps the others from nothing', async () => {
    const { store, start, pass, submit, statesOf, lines, onCancelled } = await setUp()
    const good = await submit({ gateway: 'dead' })
    const clearUpAfter = store.gateways.clearUpAfter.bind(store.gateways)
    vi.spyOn(store.gateways, 'clearUpAfter').mockImplementation(async (...args) => ({
      ...(await clearUpAfter(...args)),
      broken: [new Error('malformed')],
    }))
    await start()
    await pass(GONE_AFTER_MS)
    expect(await statesOf(good)).toEqual(['cancelled'])
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, msg: 'could not cancel the job of a caller that is gone' }),
      expect.objectContaining({ level: 40, jobs: 1 }),
    ])
    expect(onCancelled).toHaveBeenCalledTimes(1)
  })
})

describe('nothing is cancelled', () => {
  test('when the clock is set forth or back', async () => {
    const { clock, start, pass, submit, statesOf } = await setUp()
    const seq = await submit({ gateway: 'living' })
    await start()
    for (const now of [90_000_000, 1_000]) {
      clock.now = now
      await pass(GONE_AFTER_MS)
    }
    expect(await statesOf(seq)).toEqual(['queued'])
  })

  test('while the store takes no writes, nor right after that', async () => {
    const { store, start, pass, submit, statesOf } = await setUp()
    const seq = await submit({ gateway: 'dead' })
    await start()
    const state = vi
      .spyOn(store, 'state')
      .mockReturnValue({ room: 'unknown', faults: [{ name: 'queue_not_writable' }] })
    await pass(2 * GONE_AFTER_MS)
    state.mockRestore()
    await pass(GONE_AFTER_MS)
    expect(await statesOf(seq)).toEqual(['queued'])
    await pass(GATEWAY_HEARTBEAT_MS)
    expect(await statesOf(seq)).toEqual(['cancelled'])
  })

  test('before the watch has started, or after it has stopped', async () => {
    const { watch, start, pass, submit, statesOf } = await setUp()
    const seq = await submit({ gateway: 'dead' })
    await pass(2 * GONE_AFTER_MS)
    await start()
    await pass(GATEWAY_HEARTBEAT_MS)
    watch.stop()
    await pass(2 * GONE_AFTER_MS)
    expect(await statesOf(seq)).toEqual(['queued'])
  })
})
