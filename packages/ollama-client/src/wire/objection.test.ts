import { describe, expect, test } from 'vitest'
import { endpointAt } from '../testing/answers.ts'
import { recordings } from '../testing/recording.ts'
import { generatingEndpoint } from './endpoints.ts'
import { readGenerationRequest } from './generation-request.ts'
import { isFamiliarVersion, type Objection, objectionTo } from './objection.ts'

const ABLE = ['completion', 'tools', 'thinking', 'insert']

const objection = (
  path: string,
  body: string | object,
  capabilities?: readonly string[],
): Objection | undefined => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const request = readGenerationRequest(bytes, endpointAt(path))
  if (!request) throw new Error('it was not read')
  return objectionTo(request, capabilities)
}

describe('the recorded servers', () => {
  const capabilities: Record<string, string[]> = {
    embed: ['embedding'],
    think: ['completion', 'thinking'],
    tools: ['completion', 'tools'],
  }
  /** Refusals of a model that is not there or runs elsewhere, and of what foreman does not look at. */
  const UNSEEN = /-missing|bad-name|cloud|format-bad|images-bad/
  const cases = recordings.flatMap(({ version, name, request, response }) => {
    const endpoint = request.method === 'POST' ? generatingEndpoint(request.path) : undefined
    const read = endpoint && readGenerationRequest(Buffer.from(request.body ?? ''), endpoint)
    const known = read && (capabilities[read.model.toLowerCase()] ?? ['completion'])
    return read ? [[version, name, response.status, objectionTo(read, known)?.status] as const] : []
  })

  test('took or refused at least a hundred requests', () => {
    expect(cases.length).toBeGreaterThan(100)
  })

  test.each(cases.filter(([, , status]) => status < 400))('%s took %s', (_version, _name, _status, seen) => {
    expect(seen).toBeUndefined()
  })

  test.each(cases.filter(([, name, status]) => status >= 400 && !UNSEEN.test(name)))(
    '%s refused %s with %i',
    (_version, _name, status, seen) => {
      expect(seen).toBe(status)
    },
  )
})

const messages = [{ role: 'user', content: 'x' }]
const tools = [{ type: 'function', function: { name: 'f' } }]

describe('a model without', () => {
  test.each<[lacks: Objection['lacks'], path: string, body: object]>([
    ['completion', '/api/chat', {}],
    ['completion', '/api/generate', {}],
    ['completion', '/v1/responses', { input: 'x' }],
    ['tools', '/api/chat', { messages, tools }],
    ['tools', '/v1/chat/completions', { messages, tools }],
    ['tools', '/v1/responses', { input: 'x', tools: [{ type: 'function', name: 'f' }] }],
    ['tools', '/v1/messages', { max_tokens: 1, messages, tools: [{ name: 'f' }] }],
    ['thinking', '/api/chat', { messages, think: true }],
    ['thinking', '/api/generate', { prompt: 'x', think: 'low' }],
    ['thinking', '/v1/chat/completions', { messages, reasoning_effort: 'high' }],
    ['thinking', '/v1/chat/completions', { messages, reasoning: { effort: 'odd' } }],
    ['thinking', '/v1/responses', { input: 'x', reasoning: { effort: 'low', summary: 'auto' } }],
    ['insert', '/api/generate', { prompt: 'x', suffix: 'y' }],
    ['insert', '/v1/completions', { prompt: 'x', suffix: 'y' }],
  ])('%s is objected to on %s for %j', (lacks, path, body) => {
    const request = { model: 'm', ...body }
    const others = ABLE.filter(one => one !== lacks)
    expect(objection(path, request, others)).toEqual({ status: 400, lacks })
    expect(objection(path, request, ABLE)).toBeUndefined()
    expect(objection(path, request, [])).toBeUndefined()
    expect(objection(path, request, ['image'])).toBeUndefined()
    expect(objection(path, request)).toBeUndefined()
  })
})

describe('a model that only completes takes', () => {
  test.each<[path: string, body: string]>([
    ['/api/chat', '{"model":"m","tools":[],"think":false}'],
    ['/api/chat', '{"model":"m","tools":null,"think":null}'],
    ['/api/chat', '{"model":"m","tools":[{}],"tools":null,"think":true,"think":null}'],
    ['/api/chat', '{"model":"m","tools":[null]}'],
    ['/api/chat', '{"model":"m","options":{"num_ctx":null,"x":"y","draft_num_predict":"z"}}'],
    ['/api/chat', '{"model":"m","options":{"num_ctx":"x"},"options":{"num_ctx":5}}'],
    ['/api/chat', '{"model":"m","options":{"num_ctx":"x"},"options":null}'],
    ['/api/chat', '{"model":"m","reasoning_effort":"low","suffix":5}'],
    ['/api/generate', '{"model":"m","suffix":"","raw":true,"context":[],"template":"","system":null}'],
    ['/v1/chat/completions', '{"model":"m","messages":[{}],"reasoning_effort":"none"}'],
    ['/v1/chat/completions', '{"model":"m","messages":[{}],"reasoning_effort":"low","reasoning":{}}'],
    ['/v1/responses', '{"model":"m","tools":[{"type":"web_search"}],"reasoning":{"effort":null}}'],
    ['/v1/responses', '{"model":"m","tools":[{"type":"namespace","tools":[]},{"type":"function"}]}'],
    ['/v1/messages', '{"model":"m","max_tokens":1,"max_tokens":null,"messages":[{}],"thinking":{}}'],
  ])('on %s %s', (path, body) => {
    expect(objection(path, body, ['completion'])).toBeUndefined()
  })
})

describe('no model takes', () => {
  test.each<[path: string, status: number, body: string]>([
    ['/api/chat', 400, '{"model":"m","stream":"yes","stream":false}'],
    ['/api/chat', 400, '{"model":"m","keep_alive":"5"}'],
    ['/api/chat', 400, '{"model":"m","think":""}'],
    ['/api/chat', 400, '{"model":"m","top_logprobs":21}'],
    ['/api/chat', 400, '{"model":"m","top_logprobs":1.0}'],
    ['/api/chat', 500, '{"model":"m","options":{"stop":"x"}}'],
    ['/api/chat', 500, '{"model":"m","options":{"temperature":"1"}}'],
    ['/api/generate', 400, '{"model":"m","prompt":"x","raw":true,"context":[1]}'],
    ['/v1/chat/completions', 400, '{"model":"m","messages":[ ]}'],
    ['/v1/chat/completions', 400, '{"model":"m","messages":[{}],"messages":null}'],
    ['/v1/completions', 400, '{"model":"m","prompt":["x"]}'],
    ['/v1/responses', 400, '{"model":"m","input":5}'],
    ['/v1/messages', 400, '{"model":"m","max_tokens":0,"messages":[{}]}'],
    ['/v1/messages', 400, '{"model":"m","max_tokens":1,"messages":[]}'],
  ])('on %s, with %i: %s', (path, status, body) => {
    expect(objection(path, body)).toEqual({ status })
  })
})

test.each([
  [
    'an option whose later value is beyond what is read',
    `"options":{"num_ctx":"x"},"options":{"y":"${'y'.repeat(1024 * 1024)}"}`,
  ],
  ['a number of a thousand digits', `"top_logprobs":1.${'0'.repeat(2_000)}`],
  ['an effort among much else', `"think":"${' '.repeat(2_000)}"`],
])('%s is no objection', (_what, fields) => {
  expect(objection('/api/chat', `{"model":"m",${fields}}`, ABLE)).toBeUndefined()
})

test.each([
  ['0.24.0', true],
  ['0.33.0-rc2', true],
  ['0.33.12', true],
  ['0.23.4', false],
  ['0.34.0', false],
  ['1.24.0', false],
  ['0.0.0', false],
  ['0.24', false],
  ['', false],
])('whether the version %s is familiar: %s', (version, isFamiliar) => {
  expect(isFamiliarVersion(version)).toBe(isFamiliar)
})
