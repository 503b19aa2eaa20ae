import { GATEWAY_HEARTBEAT_MS } from '@foreman/store'
import { fullError, someFigures, submitJob } from '@foreman/store/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Presence } from './presence.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const NOW = 1_000_000

const setUp = async () => {
  const store = await tempStore()
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: line => void lines.push(line) })
  const presence = new Presence({
    store,
    logger,
    heartbeatMs: GATEWAY_HEARTBEAT_MS,
    now: () => NOW,
    figures: () => someFigures,
  })
  onTestFinished(() => presence.stop())
  const heartbeats = async () => (await store.gateways.heartbeats()).get(presence.id)
  return { store, presence, heartbeats, lines }
}

describe('a gateway', () => {
  test('writes a heartbeat at once, and then one every five seconds, however often it is started', async () => {
    const { presence, heartbeats } = await setUp()
    presence.start()
    presence.start()
    await expect.poll(heartbeats).toBe(1)
    vi.advanceTimersByTime(GATEWAY_HEARTBEAT_MS)
    await expect.poll(heartbeats).toBe(2)
  })

  test('warns when the queue does not take a heartbeat, and writes the next one', async () => {
    const { store, presence, heartbeats, lines } = await setUp()
    vi.spyOn(store.gateways, 'heartbeat').mockRejectedValueOnce(fullError())
    presence.start()
    await expect.poll(() => lines.join('')).toContain('could not write the heartbeat')
    vi.advanceTimersByTime(GATEWAY_HEARTBEAT_MS)
    await expect.poll(heartbeats).toBe(1)
  })
})

describe('a gateway that stops', () => {
  test('lets the jobs of its callers go, and writes no more heartbeats', async () => {
    const { store, presence, heartbeats } = await setUp()
    presence.start()
    await submitJob(store, { gateway: presence.id })
    await expect.poll(heartbeats).toBe(1)
    await presence.stop()
    presence.start()
    vi.advanceTimersByTime(2 * GATEWAY_HEARTBEAT_MS)
    // A gateway that has jobs is listed, also without a row.
    expect([await heartbeats(), await store.records.queued()]).toEqual([undefined, 1])
  })

  test('right after its start leaves no row', async () => {
    const { presence, heartbeats } = await setUp()
    presence.start()
    await presence.stop()
    expect(await heartbeats()).toBeUndefined()
  })

  test('tries again when the queue does not take the write', async () => {
    const { store, presence, heartbeats } = await setUp()
    presence.start()
    await submitJob(store, { gateway: presence.id })
    await expect.poll(heartbeats).toBe(1)
    vi.spyOn(store.gateways, 'leave').mockRejectedValueOnce(fullError())
    await presence.stop()
    expect([await heartbeats(), await store.records.queued()]).toEqual([undefined, 1])
  })

  test('stops all the same when the queue takes no write, and says what becomes of the jobs', async () => {
    const { store, presence, heartbeats, lines } = await setUp()
    presence.start()
    await expect.poll(heartbeats).toBe(1)
    vi.spyOn(store.gateways, 'leave').mockRejectedValue(fullError())
    await presence.stop()
    expect(lines.join('')).toContain('the worker will cancel them')
  })

  test('without having started writes nothing, also when it is started then', async () => {
    const { store, presence, heartbeats } = await setUp()
    const verbs = [vi.spyOn(store.gateways, 'heartbeat'), vi.spyOn(store.gateways, 'leave')]
    await presence.stop()
    presence.start()
    for (const verb of verbs) expect(verb).not.toHaveBeenCalled()
    expect(await heartbeats()).toBeUndefined()
  })
})
