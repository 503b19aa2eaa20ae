import { expect, test } from 'vitest'
import { startStreaming } from '../harness/endless-stream.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const MB = 1_000_000
/** On an idle machine 100 ms are enough. A gateway that works on such a body in one go needs seconds. */
const MAX_GAP_MS = 1_000

const values = (value: string, bytes: number): string => {
  const one = `${value},`
  return one.repeat(Math.floor(bytes / one.length)) + value
}

test.each<[what: string, path: string, body: () => string]>([
  [
    'a job with 90 MB of images',
    '/jobs',
    () => `{"request":{"model":"plain","prompt":"x","images":["${'A'.repeat(90 * MB)}"]}}`,
  ],
  [
    'a job with 90 MB of empty objects',
    '/jobs',
    () => `{"request":{"model":"plain","prompt":"x","a":[${values('{}', 90 * MB)}]}}`,
  ],
  [
    'a batch with 30 MB of empty objects',
    '/jobs/batch',
    () => `[{"request":{"model":"plain","prompt":"x","a":[${values('{}', 30 * MB)}]}}]`,
  ],
])('the stream of another caller goes on while somebody submits %s', { timeout: 60_000 }, async (...row) => {
  const [, path, body] = row
  const { url, seen } = await startStreaming()
  const text = Buffer.from(body())
  const headers = { 'content-type': 'application/json' }
  seen.longestGapMs = 0
  expect((await send(url, { path, headers, body: text })).status).toBe(202)
  const { pieces } = seen
  await until(() => seen.pieces > pieces + 5)
  expect(seen.longestGapMs).toBeLessThan(MAX_GAP_MS)
})
