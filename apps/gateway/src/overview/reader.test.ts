import { submitJob } from '@foreman/store/testing'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openForTest, tempDirectory } from '../testing/temp-store.ts'
import { QueueReader } from './reader.ts'

const gateway = { version: '1', health: { degraded: false, reasons: [] }, accepting: true, hasTokens: false }
const wish = { gateway, caller: undefined, fields: undefined, has: undefined }

const setUp = async (options: { readonly idleMs?: number } = {}) => {
  const location = path.join(tempDirectory(), 'queue.db')
  const store = await openForTest(location)
  const reader = new QueueReader({ location, ...options })
  onTestFinished(() => reader.close())
  return { store, reader }
}

test('the thread comes with the first question, and goes when nobody asks any more', async () => {
  const { store, reader } = await setUp({ idleMs: 50 })
  await submitJob(store)
  expect(reader.isReading).toBe(false)
  const { body } = await reader.ask('snapshot', wish)
  expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ queued: 1 })
  expect(reader.isReading).toBe(true)
  await vi.waitFor(() => expect(reader.isReading).toBe(false))
  expect((await reader.ask('snapshot', wish)).etag).toMatch(/^".+"$/)
})

test.runIf(process.platform === 'linux')('the thread lets requests go first', async () => {
  const { reader } = await setUp()
  const others = new Set(fs.readdirSync('/proc/self/task'))
  await reader.ask('snapshot', wish)
  const threads = fs.readdirSync('/proc/self/task').filter(id => !others.has(id))
  expect(threads.map(id => os.getPriority(Number(id)))).toContain(os.constants.priority.PRIORITY_BELOW_NORMAL)
  expect(os.getPriority()).toBe(os.constants.priority.PRIORITY_NORMAL)
})

test('what the thread cannot do is an error of its own, and the next question is answered', async () => {
  const { reader } = await setUp()
  await expect(reader.ask('timeline', { from: {}, until: 0 } as never)).rejects.toThrow('parameters')
  expect((await reader.ask('snapshot', wish)).body).toBeDefined()
})

test('a queue that is not there is an error of every question', async () => {
  const reader = new QueueReader({ location: '/nowhere/queue.db' })
  await expect(reader.ask('models')).rejects.toThrow('/nowhere/queue.db')
  await expect(reader.ask('models')).rejects.toThrow('/nowhere/queue.db')
  await reader.close()
})
