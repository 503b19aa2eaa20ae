import { startSim } from '@foreman/ollama-sim'
import { onTestFinished } from 'vitest'
import { endless } from './jobs.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from './processes.ts'
import { send } from './request.ts'
import { until } from './until.ts'

/** A gateway and a worker as processes, and a caller that gets a stream which does not end. */
export const startStreaming = async () => {
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
