import { listJobs } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { post } from '../harness/request.ts'
import { startScriptedTarget } from '../harness/scripted-target.ts'

const LINES = '{"model":"plain","response":"hi","done":false}\n{"model":"plain","response":"","done":true}\n'
const REPLY = '{"model":"plain","response":"hi","done":true}'

const endings: Record<string, (response: ServerResponse) => void> = {
  'is reset': response => response.socket?.resetAndDestroy(),
  'closes without its last chunk': response => response.socket?.end(),
  'stays open, silent': () => undefined,
}

describe.each(Object.entries(endings))('a connection that %s behind the last piece', (_how, end) => {
  test.each([
    [true, 'application/x-ndjson', LINES],
    [false, 'application/json', REPLY],
  ])('leaves the answer whole (streaming: %s)', async (stream, contentType, body) => {
    const target = await startScriptedTarget()
    const foreman = await startForeman({ target: target.url, variables: { FOREMAN_STALL: '4s' } })
    const answer = post(foreman.url, '/api/generate', { model: 'plain', prompt: 'hi', stream })
    const response = await target.next()
    response.writeHead(200, { 'Content-Type': contentType })
    response.write(body, () => setTimeout(end, 50, response))
    expect(await answer).toMatchObject({ status: 200, text: body })
    const [job] = await listJobs(foreman.store)
    expect(job).toMatchObject({ state: 'succeeded', attempt: 1 })
  })
})
