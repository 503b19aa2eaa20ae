import { GATEWAY_HEARTBEAT_MS } from '@foreman/store'
import { fullError } from '@foreman/store/testing'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { submitTo } from '../testing/submit.ts'
import { tempStore } from '../testing/temp-store.ts'
import { Presence } from './presence.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const setUp = () => {
  const store = tempStore()
  const lines: string[] = []
  const logger = pino({ base: null, timestamp: false }, { write: line => void lines.push(line) })
  const presence = new Presence({ store, logger, heartbeatMs: GATEWAY_HEARTBEAT_MS })
  onTestFinished(() => presence.stop())
  const heartbeats = () => store.gateways.heartbeats().get(presence.id)
  const jobs = () => store.gateways.jobsOf(presence.id, 9).length
  return { store, presence, heartbeats, jobs, lines }
}

describe('a gateway', () => {
  test('writes a heartbeat at once, and then one every five seconds, however often it is started', async () => {
    const { presence, heartbeats } = setUp()
    presence.start()
    presence.start()
    await expect.poll(heartbeats).toBe(1)
    vi.advanceTimersByTime(GATEWAY_HEARTBEAT_MS)
    await expect.poll(heartbeats).toBe(2)
  })

  test('warns when the file does not take a heartbeat, and writes the next one', async () => {
    const { store, presence, heartbeats, lines } = setUp()
    vi.spyOn(store, 'together').mockRejectedValueOnce(fullError())
    presence.start()
    await expect.poll(() => lines.join('')).toContain('could not write the heartbeat')
    vi.advanceTimersByTime(GATEWAY_HEARTBEAT_MS)
    await expect.poll(heartbeats).toBe(1)
  })
})

describe('a gateway that stops', () => {
  test('lets the jobs of its callers go, and writes no more heartbeats', async () => {
    const { store, presence, heartbeats, jobs } = setUp()
    presence.start()
    submitTo(store, { gateway: presence.id })
    await expect.poll(heartbeats).toBe(1)
    await presence.stop()
    presence.start()
    vi.advanceTimersByTime(2 * GATEWAY_HEARTBEAT_MS)
    expect([heartbeats(), jobs(), store.records.queued()]).toEqual([undefined, 0, 1])
  })

  test('right after its start leaves no row', async () => {
    const { presence, heartbeats } = setUp()
    presence.start()
    await presence.stop()
    expect(heartbeats()).toBeUndefined()
  })

  test('tries again when the file does not take the write', async () => {
    const { store, presence, heartbeats, jobs } = setUp()
    presence.start()
    submitTo(store, { gateway: presence.id })
    await expect.poll(heartbeats).toBe(1)
    vi.spyOn(store, 'together').mockRejectedValueOnce(fullError())
    await presence.stop()
    expect([heartbeats(), jobs()]).toEqual([undefined, 0])
  })

  test('stops all the same when the file takes no write, and says what becomes of the jobs', async () => {
    const { store, presence, heartbeats, lines } = setUp()
    presence.start()
    await expect.poll(heartbeats).toBe(1)
    vi.spyOn(store, 'together').mockRejectedValue(fullError())
    await presence.stop()
    expect(lines.join('')).toContain('the worker will cancel them')
  })

  test('without having started writes nothing, also when it is started then', async () => {
    const { store, presence, heartbeats } = setUp()
    const together = vi.spyOn(store, 'together')
    await presence.stop()
    presence.start()
    expect(together).not.toHaveBeenCalled()
    expect(heartbeats()).toBeUndefined()
  })
})
