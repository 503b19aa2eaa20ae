import { startSim } from '@foreman/ollama-sim'
import { expect, onTestFinished, test } from 'vitest'
import { endless } from '../harness/jobs.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const MB = 1_000_000
/** On an idle machine 100 ms are enough. A gateway that works on such a body in one go needs seconds. */
const MAX_GAP_MS = 1_000

const values = (value: string, bytes: number): string => {
  const one = `${value},`
  return one.repeat(Math.floor(bytes / one.length)) + value
}

/** A gateway and a worker as processes, and a caller that gets a stream which does not end. */
const startStreaming = async () => {
  const sim = await startSim({ tokensPerSecond: 50 })
  onTestFinished(() => sim.close())
  const variables = variablesFor(sim.url)
  startWorkerProcess(variables)
  const { url } = await startGatewayProcess(variables)
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  const seen = { pieces: 0, longestGapMs: 0 }
  let heardAt = performance.now()
  const onPiece = () => {
    const now = performance.now()
    seen.longestGapMs = Math.max(seen.longestGapMs, now - heardAt)
    heardAt = now
    seen.pieces++
  }
  const body = JSON.stringify(endless.request)
  const streaming = send(url, { path: '/api/generate', body, signal: leave.signal, onPiece })
  streaming.catch(() => undefined)
  await until(() => seen.pieces > 0)
  return { url, seen }
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
