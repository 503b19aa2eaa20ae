import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { Overview } from './overview.ts'

test('while the queue cannot be read, the metrics say so, and what the gateway knows of itself', async () => {
  const observed = {
    worker: undefined,
    target: undefined,
    lackOfRoom: undefined,
    faults: [],
    isStopping: false,
    isPaused: false,
    isClosed: false,
    now: 1,
  }
  const overview = new Overview({
    location: '/nowhere/queue.db',
    observe: () => Promise.resolve(observed),
    hasTokens: false,
    callers: ['default'],
    logger: pino({ level: 'silent' }),
    now: () => 1,
    requestCounts: { counts: new Map() },
    waitingCallers: { waiting: 3 },
    minFreeBytes: 7,
    system: { settings: [], prints: '', targetUrl: 'http://target' },
  })
  onTestFinished(() => overview.close())
  const text = String(await overview.metrics())
  expect(text).toMatch(/^foreman_health_reason\{reason="queue_not_readable"\} 1$/m)
  expect(text).toMatch(/^foreman_accepting 0$/m)
  expect(text).toMatch(/^foreman_gateway_callers_waiting 3$/m)
  expect(text).toMatch(/^foreman_disk_floor_bytes 7$/m)
  expect(text).not.toContain('foreman_jobs_queued')
})
