import { ConnectionError } from '@foreman/ollama-client'
import { PassThrough, Readable } from 'node:stream'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { IdleTimeout } from './idle-timeout.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

test('a connection on which no bytes arrive is aborted when the time is up', () => {
  const { signal } = new IdleTimeout(1_000)
  vi.advanceTimersByTime(999)
  expect(signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(signal.reason).toBeInstanceOf(ConnectionError)
})

test('the time starts again with each chunk', async () => {
  const idle = new IdleTimeout(1_000)
  const body = new PassThrough()
  const chunks = idle.watch(body)
  for (let piece = 0; piece < 3; piece++) {
    const next = chunks.next()
    vi.advanceTimersByTime(999)
    body.write('a')
    expect((await next).value?.toString()).toBe('a')
  }
  const more = chunks.next()
  expect(idle.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1_000)
  expect(idle.signal.aborted).toBe(true)
  body.end()
  await more
})

test('the time does not run while the reader works on a chunk', async () => {
  const idle = new IdleTimeout(1_000)
  const chunks = idle.watch(Readable.from([Buffer.from('a'), Buffer.from('b')]))
  await chunks.next()
  vi.advanceTimersByTime(10_000)
  expect(idle.signal.aborted).toBe(false)
})

test('no timer is left when the body has been read to its end, left early or never read', async () => {
  await Array.fromAsync(new IdleTimeout(1_000).watch(Readable.from([Buffer.from('a')])))
  for await (const _ of new IdleTimeout(1_000).watch(Readable.from([Buffer.from('a')]))) break
  const refused = new IdleTimeout(1_000)
  refused.stop()
  expect(vi.getTimerCount()).toBe(0)
})
