import { freePort } from '@foreman/cli/start/target'
import { sign } from '@foreman/webhooks'
import { expect, test } from 'vitest'
import { startProcess } from '../harness/processes.ts'
import { startReceiver } from '../harness/receiver.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = JSON.stringify({ type: 'job.succeeded', data: { job: { id: 'job_1', state: 'succeeded' } } })

const startTail = async (variables: Record<string, string>, ...args: string[]) => {
  const tail = startProcess('apps/cli/src/main.ts', variables, [
    'webhook',
    'tail',
    '--addr',
    '127.0.0.1:0',
    ...args,
  ])
  await until(() => tail.output().includes('FOREMAN_WEBHOOK_ALLOW'))
  const url = /http:\S+/.exec(tail.output())?.[0] ?? ''
  const deliver = async (secret: string, id = 'msg_1', body = BODY) => {
    const headers = sign({ secrets: [secret], id, timestamp: Math.floor(Date.now() / 1000), body })
    return (await send(url, { path: '/', headers: { ...headers }, body })).status
  }
  return { ...tail, url, deliver }
}

test('webhook-tail prints and verifies each message, and marks repeated ones', async () => {
  const tail = await startTail({ FOREMAN_WEBHOOK_SECRET: `old ${SECRET}` })
  expect(await tail.deliver(SECRET)).toBe(204)
  expect(await tail.deliver('old')).toBe(204)
  expect(await tail.deliver('another', 'msg_2')).toBe(401)
  await until(() => tail.output().includes('msg_2'))
  expect(tail.output()).toMatch(/verified {2}msg_1 {2}job\.succeeded {2}job_1 {2}succeeded\n/)
  expect(tail.output()).toMatch(/verified {2}msg_1 .*again\n/)
  expect(tail.output()).toMatch(/refused: no_match {2}msg_2/)
  tail.kill('SIGTERM')
  expect(await tail.ended).toBe(0)
})

test('webhook-tail answers with the configured status, says when it verifies nothing, and refuses more than a megabyte', async () => {
  const tail = await startTail({}, '--status', '500', '--body', 'on')
  await until(() => tail.output().includes('nothing is verified'))
  expect(await tail.deliver(SECRET)).toBe(500)
  expect(await tail.deliver(SECRET, 'msg_2', 'no JSON')).toBe(500)
  await until(() => tail.output().includes('no JSON'))
  expect(tail.output()).toContain(BODY)
  expect(tail.output()).toMatch(/unverified {2}msg_2 {2}- {2}- {2}-\n/)
  expect((await send(tail.url, { path: '/', body: 'x'.repeat(1024 * 1024 + 1) })).status).toBe(413)
})

test('webhook-tail hands messages on as they came, and answers as the app does', async () => {
  const receiver = await startReceiver(() => 202)
  const tail = await startTail({ FOREMAN_WEBHOOK_SECRET: SECRET }, '--forward', receiver.url)
  const body = JSON.stringify({
    type: 'job.failed\u001b[2J',
    data: { job: { id: 'job_2', state: 'failed' } },
  })
  expect(await tail.deliver(SECRET, 'msg_1', body)).toBe(202)
  expect(receiver.received).toMatchObject([{ id: 'msg_1', data: { job: { id: 'job_2' } } }])
  await until(() => tail.output().includes('answered 202'))
  expect(tail.output()).toContain('job.failed␛[2J')
  expect(await tail.deliver('another', 'msg_2')).toBe(401)
  expect(receiver.received).toHaveLength(1)
})

test('webhook-tail answers with 502 while the app is away', async () => {
  const tail = await startTail({}, '--forward', `http://127.0.0.1:${await freePort()}`)
  expect(await tail.deliver(SECRET)).toBe(502)
  await until(() => /answered 502: .*ECONNREFUSED/.test(tail.output()))
})
