import { ConnectionError } from '@foreman/ollama-client'
import { PassThrough, Readable } from 'node:stream'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { Silence } from './idle-timeout.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

test('a connection on which nothing comes at all is given up', () => {
  const { signal } = new Silence(1_000)
  vi.advanceTimersByTime(999)
  expect(signal.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(signal.reason).toBeInstanceOf(ConnectionError)
})

test('each chunk is a new beginning', async () => {
  const silence = new Silence(1_000)
  const body = new PassThrough()
  const chunks = silence.within(body)
  for (let piece = 0; piece < 3; piece++) {
    const next = chunks.next()
    vi.advanceTimersByTime(999)
    body.write('a')
    expect((await next).value?.toString()).toBe('a')
  }
  const more = chunks.next()
  expect(silence.signal.aborted).toBe(false)
  vi.advanceTimersByTime(1_000)
  expect(silence.signal.aborted).toBe(true)
  body.end()
  await more
})

test('what a reader takes its time for is not silence', async () => {
  const silence = new Silence(1_000)
  const chunks = silence.within(Readable.from([Buffer.from('a'), Buffer.from('b')]))
  await chunks.next()
  vi.advanceTimersByTime(10_000)
  expect(silence.signal.aborted).toBe(false)
})

test('a body that has been read, or left, leaves no timer behind', async () => {
  await Array.fromAsync(new Silence(1_000).within(Readable.from([Buffer.from('a')])))
  for await (const _ of new Silence(1_000).within(Readable.from([Buffer.from('a')]))) break
  const refused = new Silence(1_000)
  refused.end()
  expect(vi.getTimerCount()).toBe(0)
})
