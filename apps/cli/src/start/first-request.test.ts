import { serve } from '@foreman/ollama-client/testing'
import { execFileSync } from 'node:child_process'
import type { RequestListener } from 'node:http'
import { expect, test } from 'vitest'
import { asker, becomesReady, curlLine, firstChatModel } from './first-request.ts'
import { answersAsOllama, freePort } from './target.ts'

test.each<[string, boolean, RequestListener]>([
  ['an Ollama', true, (_, response) => response.end('{"version":"0.24.0"}')],
  ['another server', false, (_, response) => response.end('<html>')],
  ['JSON of another kind', false, (_, response) => response.end('null')],
  ['an error', false, (_, response) => response.writeHead(500).end('{"version":"0"}')],
  ['a silent server', false, () => {}],
])('%s on the port counts as an Ollama: %s', async (_, counts, listener) => {
  expect(await answersAsOllama(await serve(listener))).toBe(counts)
})

test('a port where nothing listens is no Ollama', async () => {
  expect(await answersAsOllama(`http://127.0.0.1:${await freePort()}`)).toBe(false)
})

test('becomesReady polls /readyz until it answers with 200', async () => {
  let asked = 0
  const url = await serve((request, response) => {
    expect(request.url).toBe('/readyz')
    response.writeHead(++asked < 3 ? 503 : 200).end('{}')
  })
  expect(await becomesReady(url, new AbortController().signal)).toBe(true)
  expect(asked).toBe(3)
})

test('becomesReady ends when its signal aborts', async () => {
  const url = await serve(() => {})
  expect(await becomesReady(url, AbortSignal.timeout(50))).toBe(false)
})

test('the model to try is the first that generates text', async () => {
  const capabilities: Record<string, string[] | undefined> = {
    embed: ['embedding'],
    'qwen3:8b': ['completion', 'tools'],
  }
  const models = ['gone', 'embed', 'qwen3:8b', 'later'].map(name => ({ name }))
  const ask = async (path: string, body?: unknown) => {
    if (path === '/api/tags') return { models }
    const { model } = body as { model: string }
    if (model === 'gone') throw new Error('not found')
    return { capabilities: capabilities[model] }
  }
  expect(await firstChatModel(ask)).toBe('qwen3:8b')
})

test('a server that does not list capabilities is tried with its first model', async () => {
  const ask = async (path: string) => (path === '/api/tags' ? { models: [{ name: 'llama2' }] } : {})
  expect(await firstChatModel(ask)).toBe('llama2')
})

test.each<[string, () => Promise<unknown>]>([
  ['no model', async () => ({ models: [] })],
  ['nobody', async () => Promise.reject(new Error('refused'))],
  ['something else', async () => null],
])('with %s there is no model to try', async (_, ask) => {
  expect(await firstChatModel(ask)).toBeUndefined()
})

test('asker sends the token, and rejects when the status is an error', async () => {
  const url = await serve(({ headers, url: path }, response) => {
    response
      .writeHead(path === '/bad' ? 404 : 200)
      .end(JSON.stringify({ path, token: headers.authorization }))
  })
  expect(await asker(url, 'hush')('/api/tags')).toEqual({ path: '/api/tags', token: 'Bearer hush' })
  await expect(asker(url, undefined)('/bad')).rejects.toThrow('404')
})

test('the shell passes the curl line on unchanged, and the line does not show the token', async () => {
  const line = curlLine('http://127.0.0.1:1', 'it\'s:a"model', 'FOREMAN_TOKEN')
  const args = execFileSync('sh', ['-c', line.replace(/^curl/, String.raw`printf '%s\n'`)], {
    env: { FOREMAN_TOKEN: 'hush' },
    encoding: 'utf8',
  })
  const lines = args.trim().split('\n')
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ model: 'it\'s:a"model', messages: [{ role: 'user' }] })
  expect(lines.slice(0, 4)).toEqual(['-N', 'http://127.0.0.1:1/api/chat', '-H', 'Authorization: Bearer hush'])
  expect(line).not.toContain('hush')
})
