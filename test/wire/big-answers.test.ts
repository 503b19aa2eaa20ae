import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryDirectory } from '../harness/foreman.ts'
import { startGatewayProcess, startWorkerProcess } from '../harness/processes.ts'
import { until } from '../harness/until.ts'

const isSoak = process.env['FOREMAN_SOAK'] === '1'
const ANSWER_MB = isSoak ? 500 : 200
/** What an answer may cost a process on top of what it takes anyway: buffers, garbage, the cache of the file. */
const ALLOWED_MB = 180

const residentMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** A target that answers every generation with lines of 32 kB, as fast as they are taken. */
const startFirehose = async (): Promise<string> => {
  const line = Buffer.from(`${JSON.stringify({ response: 'x'.repeat(32_000), done: false })}\n`)
  const lines = Math.ceil((ANSWER_MB * 1_000_000) / line.byteLength)
  const server = http.createServer((request, response) => {
    request.resume()
    if (request.url !== '/api/generate') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"models":[]}')
      return
    }
    response.writeHead(200, { 'content-type': 'application/x-ndjson' })
    let sent = 0
    const pour = () => {
      while (sent++ < lines) if (!response.write(line)) return void response.once('drain', pour)
      response.end('{"done":true}\n')
    }
    pour()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`
}

test.runIf(fs.existsSync('/proc/self/status'))(
  `an answer of ${ANSWER_MB} MB to a slow caller costs neither process memory`,
  { timeout: 300_000 },
  async () => {
    const variables = {
      FOREMAN_OLLAMA_URL: await startFirehose(),
      FOREMAN_DB_PATH: path.join(temporaryDirectory(), 'queue.db'),
      FOREMAN_ADDR: '127.0.0.1:0',
      FOREMAN_MIN_FREE: '0B',
    }
    const gateway = await startGatewayProcess(variables)
    const worker = startWorkerProcess(variables)
    await until(() => worker.output().includes('the target is there'))
    const before = [residentMb(gateway.pid), residentMb(worker.pid)]
    const peak = [...before]
    const watch = setInterval(() => {
      for (const [at, { pid }] of [gateway, worker].entries())
        peak[at] = Math.max(peak[at] ?? 0, residentMb(pid))
    }, 50)
    const response = await fetch(`${gateway.url}/api/generate`, {
      method: 'POST',
      body: '{"model":"m","prompt":"hi"}',
    })
    let received = 0
    for await (const piece of response.body ?? []) {
      received += (piece as Uint8Array).byteLength
      // Now and then it thinks: the worker is far ahead by then.
      if (received % 5_000_000 < 64_000) await delay(5)
    }
    clearInterval(watch)
    expect(received).toBeGreaterThan(ANSWER_MB * 1_000_000)
    expect(
      peak.map((mb, at) => mb - (before[at] ?? 0) < ALLOWED_MB),
      `grew from ${before.join()} to ${peak.join()} MB`,
    ).toEqual([true, true])
  },
)
