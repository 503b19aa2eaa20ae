import { generatingEndpoint } from '@foreman/ollama-client'
import { bodyOf, recording, serve } from '@foreman/ollama-client/testing'
import { buffer } from 'node:stream/consumers'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { send } from '../harness/request.ts'

const CHAT = '/v1/chat/completions'
const text = '{"model":"plain","messages":[{"role":"user","content":"hi"}]}'
const plain = Buffer.from(text)
const zstd = zstdCompressSync(plain)
const frames = Buffer.concat(
  ['', text.slice(0, 9), text.slice(9)].map(each => zstdCompressSync(Buffer.from(each))),
)

const isGenerating = (path: string) => generatingEndpoint(path) !== undefined

/** foreman before a target that answers everything as if it had generated. */
const start = async () => {
  const seen: { path: string; encoding: string | undefined; body: Buffer }[] = []
  const listed = new Map(['tags', 'version', 'ps-empty'].map(name => [recording(name).request.path, name]))
  const target = await serve((request, response) => {
    const { url: path = '', headers } = request
    void buffer(request).then(body => {
      const name = listed.get(path)
      if (isGenerating(path)) seen.push({ path, encoding: headers['content-encoding'], body })
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(name === undefined ? '{}' : bodyOf(recording(name)))
    })
  })
  const foreman = await startForeman({ target })
  const ask = async (path: string, body: Buffer, encoding: string, more: Record<string, string> = {}) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': encoding, ...more }
    const answer = await send(foreman.url, { path, headers, body })
    return { ...answer, isJob: answer.headers['x-foreman-job-id'] !== undefined }
  }
  return { foreman, seen, ask }
}

describe('a body with a Content-Encoding', () => {
  test.each<[what: string, path: string, body: Buffer, encoding: string]>([
    ['zstd', CHAT, zstd, 'zstd'],
    ['zstd in several frames', CHAT, frames, 'zstd'],
    ['a body that is not encoded, whatever its header says', CHAT, plain, 'gzip'],
    ['the same on a route of Ollama itself', '/api/chat', plain, 'zstd'],
  ])('becomes a job where Ollama reads it: %s', async (_, path, body, encoding) => {
    const { seen, ask } = await start()
    const { status, isJob } = await ask(path, body, encoding)
    expect([status, isJob]).toEqual([200, true])
    expect(seen).toEqual([{ path, encoding, body }])
  })

  test.each<[what: string, path: string, body: Buffer, encoding: string, status: number]>([
    ['broken zstd', CHAT, zstd.subarray(0, -1), 'zstd', 400],
    ['other bytes behind zstd', CHAT, Buffer.concat([zstd, plain]), 'zstd', 400],
    ['zstd that becomes too large', CHAT, zstdCompressSync(Buffer.alloc(21 * 1024 * 1024)), 'zstd', 413],
    [
      'too many frames',
      CHAT,
      Buffer.concat([...Array<Buffer>(64).fill(zstdCompressSync(Buffer.alloc(0))), zstd]),
      'zstd',
      400,
    ],
    ['zstd by another name', CHAT, zstd, 'ZSTD', 415],
    ['gzip', CHAT, gzipSync(plain), 'gzip', 415],
    ['zstd on a route of Ollama itself', '/api/chat', zstd, 'zstd', 415],
  ])('never reaches the target past the queue when foreman cannot read it: %s', async (...args) => {
    const [, path, body, encoding, expected] = args
    const { seen, ask } = await start()
    const { status, isJob } = await ask(path, body, encoding)
    expect([status, isJob, seen]).toEqual([expected, false, []])
  })

  test('of a job can be sent again', async () => {
    const { foreman, seen, ask } = await start()
    const { headers } = await ask(CHAT, zstd, 'zstd')
    const path = `/jobs/${String(headers['x-foreman-job-id'])}`
    const again = JSON.parse((await send(foreman.url, { path: `${path}/retry` })).body.toString()) as {
      id: string
    }
    await send(foreman.url, { method: 'GET', path: `/jobs/${again.id}`, headers: { prefer: 'wait=30' } })
    expect(seen.map(({ body }) => body)).toEqual([zstd, zstd])
  })

  test.each<[what: string, path: string, body: Buffer, encoding: string, sent: string | undefined]>([
    ['says that it is compressed', CHAT, zstd, 'zstd', 'zstd'],
    ['does not say so of what never was', '/api/chat', plain, 'zstd', undefined],
    ['does not either of what is not', CHAT, plain, 'gzip', undefined],
  ])('when it is read again %s', async (_, path, body, encoding, sent) => {
    const { foreman, ask } = await start()
    const { headers } = await ask(path, body, encoding, { 'idempotency-key': 'k' })
    const request = `/jobs/${String(headers['x-foreman-job-id'])}/request`
    const answer = await send(foreman.url, { method: 'GET', path: request })
    expect([answer.status, answer.headers['content-encoding'], answer.body]).toEqual([200, sent, body])
  })

  test.each(['/jobs', '/jobs/batch'])('is not read on %s', async path => {
    const { ask } = await start()
    const submission = gzipSync(Buffer.from(JSON.stringify({ request: { model: 'plain', prompt: 'hi' } })))
    const { status, body } = await ask(path, submission, 'gzip')
    expect([status, JSON.parse(body.toString())]).toMatchObject([415, { code: 'unsupported_media_type' }])
  })
})
