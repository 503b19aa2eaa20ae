import { expect, test } from 'vitest'
import { startJobs } from '../harness/jobs.ts'
import { send } from '../harness/request.ts'

const requestOf = (url: string, id: string) => send(url, { method: 'GET', path: `/jobs/${id}/request` })

test('a request comes as it was sent, and as nothing that a browser would show', async () => {
  const { foreman, ask } = await startJobs({ worker: false })
  const body = '{ "model" :"plain",\n "prompt":"<script>alert(1)</script> é" }'
  const submitted = await ask('POST', '/jobs', `{"request":${body}}`)
  const answer = await requestOf(foreman.url, submitted.json['id'] as string)
  expect([answer.status, answer.body.toString()]).toEqual([200, body])
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  })
  const asPage = { prefer: 'respond-async', 'content-type': 'text/html' }
  const { json } = await ask('POST', '/api/generate', body, asPage)
  const page = await requestOf(foreman.url, json['id'] as string)
  expect([page.headers['content-type'], page.body.toString()]).toEqual(['application/octet-stream', body])
})

test('a request of many megabytes comes whole', async () => {
  const { foreman, ask } = await startJobs({ worker: false })
  const body = JSON.stringify({ model: 'plain', prompt: 'a', images: ['abc='.repeat(2 * 1024 * 1024)] })
  const { json } = await ask('POST', '/jobs', `{"request":${body}}`)
  const answer = await requestOf(foreman.url, json['id'] as string)
  expect([answer.complete, answer.body.equals(Buffer.from(body))]).toEqual([true, true])
})
