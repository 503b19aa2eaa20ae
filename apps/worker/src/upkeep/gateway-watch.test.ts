import { GATEWAY_HEARTBEAT_MS, type NewJob } from '@foreman/store'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { claimedJob, newJob, openTempStore, tempFile } from '../testing/fixtures.ts'
import { GatewayWatch } from './gateway-watch.ts'

const GONE_AFTER_MS = 30_000
const STEP_PAUSE_MS = 20

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** A watch that has started, and two gateways of which one lives. */
const setUp = () => {
  const file = tempFile()
  const store = openTempStore(file)
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
  for (const gateway of ['dead', 'living']) store.gateways.heartbeat(gateway)
  /** Lets time pass, while the living gateway writes its heartbeats. */
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += GATEWAY_HEARTBEAT_MS) {
      store.gateways.heartbeat('living')
      vi.advanceTimersByTime(GATEWAY_HEARTBEAT_MS)
    }
  }
  const submit = (differing: Partial<NewJob> = {}) =>
    store.submissions.enqueue(newJob(differing), clock.now).seq
  const stateOf = (seq: number) => store.records.bySeq(seq)?.state
  const gateways = () => [...store.gateways.heartbeats().keys()]
  return { file, store, clock, lines, onCancelled, watch, pass, submit, stateOf, gateways }
}

describe('after 30 s without a heartbeat of a gateway', () => {
  test('its queued jobs are cancelled, and no other job', () => {
    const { watch, pass, submit, stateOf, gateways, lines, onCancelled } = setUp()
    const seqs = [{ gateway: 'dead' }, { gateway: 'dead' }, { gateway: 'living' }, {}].map(submit)
    watch.start()
    pass(GONE_AFTER_MS - GATEWAY_HEARTBEAT_MS)
    expect(seqs.map(stateOf)).toEqual(Array(4).fill('queued'))
    pass(GATEWAY_HEARTBEAT_MS)
    expect(seqs.map(stateOf)).toEqual(['cancelled', 'cancelled', 'queued', 'queued'])
    expect(lines).toEqual([expect.objectContaining({ level: 40, gateway: 'dead', jobs: 2 })])
    expect(onCancelled).toHaveBeenCalledTimes(1)
    pass(GATEWAY_HEARTBEAT_MS)
    expect(gateways()).toEqual(['living'])
  })

  test('a running job of it is asked to end, once, and the gateway is forgotten when it has ended', () => {
    const { store, watch, pass, gateways, lines } = setUp()
    const claim = claimedJob(store, { gateway: 'dead' })
    watch.start()
    pass(2 * GONE_AFTER_MS)
    expect(store.runs.cancelRequests()).toEqual([claim.seq])
    expect(lines).toHaveLength(1)
    expect(gateways()).toEqual(['dead', 'living'])
    store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, 1_000, 1_000)
    pass(GATEWAY_HEARTBEAT_MS)
    expect(gateways()).toEqual(['living'])
  })

  test('many jobs are cancelled in several commits', () => {
    const { store, watch, pass, submit, lines } = setUp()
    store.atOnce('normal', () => {
      for (let job = 0; job < 250; job++) submit({ gateway: 'dead' })
    })
    watch.start()
    pass(GONE_AFTER_MS)
    expect(store.records.queued()).toBe(150)
    vi.advanceTimersByTime(2 * STEP_PAUSE_MS)
    expect(store.records.queued()).toBe(0)
    expect(lines.map(({ jobs }) => jobs)).toEqual([100, 100, 50])
  })

  test('a job that cannot be cancelled keeps the others from nothing', () => {
    const { store, watch, pass, submit, stateOf, lines } = setUp()
    const [bad, good] = [submit({ gateway: 'dead' }), submit({ gateway: 'dead' })]
    const { cancel } = store.submissions
    vi.spyOn(store.submissions, 'cancel').mockImplementation((job, ...rest) => {
      if (job.seq === bad) throw new Error('malformed')
      return cancel(job, ...rest)
    })
    watch.start()
    pass(GONE_AFTER_MS + GATEWAY_HEARTBEAT_MS)
    expect([bad, good].map(stateOf)).toEqual(['queued', 'cancelled'])
    expect(lines.find(({ level }) => level === 40)).toMatchObject({ jobs: 1 })
  })
})

describe('nothing is cancelled', () => {
  test('when the clock is set forth or back', () => {
    const { clock, watch, pass, submit, stateOf } = setUp()
    const seq = submit({ gateway: 'living' })
    watch.start()
    for (const now of [90_000_000, 1_000]) {
      clock.now = now
      pass(GONE_AFTER_MS)
    }
    expect(stateOf(seq)).toBe('queued')
  })

  test('while the file takes no writes, nor right after that', () => {
    const { store, watch, pass, submit, stateOf } = setUp()
    const seq = submit({ gateway: 'dead' })
    watch.start()
    const canWrite = vi.spyOn(store.housekeeping, 'canWrite').mockReturnValue(false)
    pass(2 * GONE_AFTER_MS)
    canWrite.mockRestore()
    pass(GONE_AFTER_MS)
    expect(stateOf(seq)).toBe('queued')
    pass(GATEWAY_HEARTBEAT_MS)
    expect(stateOf(seq)).toBe('cancelled')
  })

  test('before the watch has started, or after it has stopped', () => {
    const { watch, pass, submit, stateOf } = setUp()
    const seq = submit({ gateway: 'dead' })
    pass(2 * GONE_AFTER_MS)
    watch.start()
    pass(GATEWAY_HEARTBEAT_MS)
    watch.stop()
    pass(2 * GONE_AFTER_MS)
    expect(stateOf(seq)).toBe('queued')
  })
})
