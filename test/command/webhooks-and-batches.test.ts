import { sign } from '@foreman/webhooks'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { type Installation, startInstallation } from './installation.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

let foreman: Installation
let receiver: http.Server
/** How the receiver answers: 410 is a receiver that wants no more. */
let status = 410

beforeAll(async () => {
  receiver = http.createServer((request, response) => {
    request.resume()
    response.writeHead(status).end()
  })
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve))
  foreman = await startInstallation({ FOREMAN_WEBHOOK_SECRET: SECRET, FOREMAN_WEBHOOK_ALLOW: '127.0.0.1' })
}, 60_000)

afterAll(async () => {
  await foreman.stop()
  receiver.close()
})

const linesOf = (text: string) => text.trimEnd().split('\n')
const hostOf = () => `127.0.0.1:${(receiver.address() as AddressInfo).port}`

describe('webhooks', () => {
  const hello = (to: string) => ({
    request: { model: 'plain', prompt: 'x' },
    webhook: { url: `http://${hostOf()}${to}` },
  })
  const listed = async (...args: string[]) => (await foreman.run(['webhook', 'ls', ...args])).stdout

  test('are listed, and sent again one by one, by job or by receiver', async () => {
    const id = await foreman.submit(hello('/hook'))
    await until(async () => (await listed('--state', 'dead')).includes(id), 20_000)
    const row = (await listed(id)).trimEnd()
    expect(row).toMatch(new RegExp(`^msg_\\w+ {2}${id} {2}job.succeeded {2}dead {2}http`))
    const [message = ''] = row.split(' ')

    status = 204
    // It may have arrived by then.
    const sent = await foreman.run(['webhook', 'resend', id, message])
    expect(sent.stdout).toMatch(new RegExp(`^${message} {2}(pending|delivered)`, 'm'))
    await until(async () => (await listed(id)).includes('delivered'), 20_000)
    expect(await foreman.run(['webhook', 'resend', id])).toMatchObject({ code: 5, stdout: '' })

    status = 410
    // A 410 to one job ends what other jobs send to the same URL.
    const others = [await foreman.submit(hello('/one')), await foreman.submit(hello('/two'))]
    await until(async () => linesOf(await listed('--state', 'dead')).length === 2, 20_000)
    status = 204
    const all = ['webhook', 'resend', '--host', hostOf()]
    expect((await foreman.run(all)).code).toBe(2)
    expect((await foreman.run([...all, '--yes'])).stdout).toBe('2 of 2 webhooks: done\n')
    for (const other of others) await until(async () => (await listed(other)).includes('delivered'), 20_000)
  })

  test('that were kept are verified', async () => {
    const body = '{"type":"job.succeeded"}'
    const headers = sign({ secrets: [SECRET], id: 'msg_1', timestamp: 1_700_000_000, body })
    fs.writeFileSync(path.join(foreman.directory, 'body.json'), body)
    const args = (file: string) => [
      'webhook',
      'verify',
      file,
      '--id',
      'msg_1',
      '--timestamp',
      '1700000000',
      '--signature',
      headers['webhook-signature'],
    ]
    const env = { FOREMAN_WEBHOOK_SECRET: SECRET }
    expect(await foreman.run(args('body.json'), { env })).toEqual({
      code: 0,
      stdout: 'verified\n',
      stderr: '',
    })
    expect(await foreman.run(args('-'), { env, stdin: body })).toMatchObject({ code: 0 })
    expect(await foreman.run(args('-'), { env, stdin: `${body}\n` })).toMatchObject({
      code: 1,
      stdout: 'refused: no_match\n',
    })
    expect(await foreman.run(args('-'), { stdin: body })).toMatchObject({ code: 2, stdout: '' })
  })
})

describe('batches', () => {
  const submit = async (model: string): Promise<string> => {
    const body = [1, 2].map(n => JSON.stringify({ request: { model, prompt: `${n}` } })).join('\n')
    const headers = { authorization: 'Bearer token-of-ann', 'content-type': 'application/jsonl' }
    const answer = await fetch(`${foreman.url}/jobs/batch`, { method: 'POST', headers, body })
    return ((await answer.json()) as { batch: string }).batch
  }

  test('are listed and counted, and their results come as JSON Lines', async () => {
    const id = await submit('plain')
    const results = await foreman.run(['batches', 'results', id])
    expect([
      results.code,
      linesOf(results.stdout).map(line => (JSON.parse(line) as { index: number }).index),
    ]).toEqual([0, [0, 1]])
    expect((await foreman.run(['batches', 'ls'])).stdout).toMatch(
      new RegExp(`^${id} {2}ended {2}ann .*2 jobs, 2 succeeded`),
    )
    expect((await foreman.run(['batches', 'show', id])).stdout).toMatch(/\njobs +2 jobs, 2 succeeded\n/)
    expect((await foreman.run(['batches', 'results', id, '--after', '0'])).stdout).toMatch(/^\{"index":1,/)
  })

  test('are cancelled after a yes', async () => {
    await foreman.run(['pause'])
    const id = await submit('plain')
    expect(await foreman.run(['batches', 'cancel', id])).toMatchObject({ code: 2, stdout: '' })
    expect((await foreman.run(['batches', 'cancel', id, '--yes'])).stdout).toMatch(
      /\njobs +2 jobs, 2 cancelled\n/,
    )
    await foreman.run(['resume'])
    expect((await foreman.run(['batches', 'results', id])).code).toBe(1)
  })
})
