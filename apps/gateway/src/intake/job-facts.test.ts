import { generatingEndpoint, readGenerationRequest } from '@foreman/ollama-client'
import { expect, test } from 'vitest'
import { jobFactsOf } from './job-facts.ts'

const factsOf = (path: string, body: object, route = path.split('?', 1)[0]!) => {
  const endpoint = generatingEndpoint(route)!
  return jobFactsOf(path, endpoint, readGenerationRequest(Buffer.from(JSON.stringify(body)), endpoint)!)
}

test('the facts of a job are read from its request', () => {
  const options = { num_ctx: 4096, temperature: 1 }
  expect(factsOf('/api/chat', { model: 'library/Plain', messages: [{}], options, shift: false })).toEqual({
    path: '/api/chat',
    endpoint: '/api/chat',
    model: 'library/Plain',
    modelName: 'registry.ollama.ai/library/plain:latest',
    // Only what decides about loading.
    loadOptions: '{"options":{"num_ctx":4096},"shift":false}',
  })
})

test('the path keeps its encoding and its query, and the endpoint does not', () => {
  expect(factsOf('/api/%63hat?x=1', { model: 'm' }, '/api/chat')).toMatchObject({
    path: '/api/%63hat?x=1',
    endpoint: '/api/chat',
  })
})

test('two spellings of a model have one model name', () => {
  const [plain, long] = ['m', 'registry.ollama.ai/library/m:latest'].map(
    model => factsOf('/api/chat', { model }).modelName,
  )
  expect(plain).toBe(long)
})

test('a model name that Ollama would refuse is kept as it is', () => {
  expect(factsOf('/api/chat', { model: 'a b/c d' })).toMatchObject({ model: 'a b/c d', modelName: 'a b/c d' })
})

test('on the routes of other vendors, options do not count', () => {
  const { loadOptions } = factsOf('/v1/chat/completions', { model: 'm', options: { num_ctx: 1 } })
  expect(loadOptions).toBe('{}')
})
