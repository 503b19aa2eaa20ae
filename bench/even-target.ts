import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A target that costs next to nothing, however large a request is: it drops every body. It answers the prompt `steady` with a
 * piece every 20 ms until its caller leaves, `large` with 30 MiB of JSON, and any other with one word.
 */

const PIECE_MS = 20
const LARGE_BYTES = 30 * 1024 * 1024

const model = {
  name: 'm:latest',
  model: 'm:latest',
  digest: '0'.repeat(64),
  size: 1,
  modified_at: '2026-01-01T00:00:00Z',
  details: {},
}

const metadata: Readonly<Record<string, object>> = {
  '/api/version': { version: '0.24.0' },
  '/api/tags': { models: [model] },
  '/api/ps': { models: [] },
  '/api/show': { details: {}, model_info: {}, modelfile: '', parameters: '', capabilities: ['completion'] },
}

const large = JSON.stringify({ model: 'm', response: 'x'.repeat(LARGE_BYTES), done: true })

const server = http.createServer((request, response) => {
  const known = metadata[request.url ?? '']
  if (known) return void request.resume().on('end', () => response.end(JSON.stringify(known)))
  request.once('data', (first: Buffer) => {
    const start = first.toString('latin1', 0, 100)
    if (start.includes('"prompt":"steady"')) return stream(response)
    response.setHeader('Content-Type', 'application/json')
    const answer = start.includes('"prompt":"large"') ? large : '{"model":"m","response":"x","done":true}'
    request.on('end', () => response.end(answer))
  })
})

const stream = (response: http.ServerResponse): void => {
  response.setHeader('Content-Type', 'application/x-ndjson')
  const timer = setInterval(() => response.write('{"model":"m","response":"x","done":false}\n'), PIECE_MS)
  response.on('close', () => clearInterval(timer))
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(`http://127.0.0.1:${port}`)
})

// The parent has died.
process.on('disconnect', () => process.exit())
