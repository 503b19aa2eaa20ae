import { listJobs } from '@foreman/store/testing'
import { expect, test } from 'vitest'
import { startJobs } from '../harness/jobs.ts'

const generate = { model: 'plain', prompt: 'Hello!', stream: false }
const chat = { model: 'plain', messages: [{ role: 'user', content: 'Hello!' }] }
const [HIGH, NORMAL, LOW] = [0, 1, 2]
const token = (name: string) => ({ authorization: `Bearer ${name}` })
const variables = { FOREMAN_TOKEN: 'main', FOREMAN_TOKENS: 'bulk:bulk-token:low' }

test('a header gives a request of any dialect its priority', async () => {
  const { ask, foreman } = await startJobs({ variables })
  const asked: [path: string, body: object, headers: Record<string, string>][] = [
    ['/api/generate', generate, { 'x-foreman-priority': 'high' }],
    ['/v1/chat/completions', chat, { 'x-foreman-task': 'title_generation' }],
    ['/v1/messages', { ...chat, max_tokens: 5 }, { 'x-foreman-task': '', prefer: 'respond-async' }],
    ['/api/chat', { ...chat, stream: false }, { ...token('bulk-token') }],
  ]
  for (const [path, body, headers] of asked)
    expect((await ask('POST', path, body, { ...token('main'), ...headers })).status).toBeLessThan(300)
  const jobs = (await listJobs(foreman.store)).toSorted((a, b) => a.seq - b.seq)
  expect(jobs.map(({ priority, caller }) => [priority, caller])).toEqual([
    [HIGH, 'default'],
    [LOW, 'default'],
    [NORMAL, 'default'],
    [LOW, 'bulk'],
  ])
})

test('nobody gets above the priority of the token, and the refusal has the dialect of the caller', async () => {
  const { ask, foreman } = await startJobs({ variables })
  const above = 'X-Foreman-Priority: high is above the priority of this token, low'
  const urgent = { ...token('bulk-token'), 'x-foreman-priority': 'high' }
  const native = await ask('POST', '/api/generate', generate, urgent)
  expect([native.status, native.json['error']]).toEqual([400, above])
  const openai = await ask('POST', '/v1/chat/completions', chat, urgent)
  expect([openai.status, openai.json['error']]).toEqual([400, expect.objectContaining({ message: above })])
  const wrong = await ask('POST', '/api/generate', generate, {
    ...token('main'),
    'x-foreman-priority': 'soon',
  })
  expect([wrong.status, wrong.json['error']]).toEqual([400, 'X-Foreman-Priority must be high, normal or low'])
  const submission = { request: generate, priority: 'normal' }
  const submitted = await ask('POST', '/jobs', submission, token('bulk-token'))
  expect(submitted.json).toMatchObject({
    status: 422,
    errors: [{ pointer: '/priority', message: 'must not be above that of the token, low' }],
  })
  expect(await listJobs(foreman.store)).toEqual([])
})
