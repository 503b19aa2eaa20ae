import { describe, expect, test } from 'vitest'
import { loadSignature } from '../names/load-signature.ts'
import { endpointAt } from '../testing/answers.ts'
import { recordings } from '../testing/recording.ts'
import { type GenerationRequest, readGenerationRequest } from './generation-request.ts'

type PromptField = 'messages' | 'prompt'

const endpointOf = (prompt: PromptField) => endpointAt(prompt === 'messages' ? '/api/chat' : '/api/generate')

const read = (body: string, prompt: PromptField = 'messages'): GenerationRequest | undefined =>
  readGenerationRequest(Buffer.from(body), endpointOf(prompt))

/** Reads a body with these fields and a model. */
const readWith = (fields: string, prompt: PromptField = 'messages'): GenerationRequest => {
  const request = read(`{"model":"m",${fields}}`, prompt)
  if (!request) throw new Error('it was not read')
  return request
}

test('a request becomes the fields that the queue needs', () => {
  const body =
    '{"model":"Llama3:8b","messages":[{"role":"user","content":"hi"}],"stream":false,"options":{"num_ctx":8192,"seed":1},"shift":true,"keep_alive":"5m","think":true}'
  expect(read(body)).toEqual({
    model: 'Llama3:8b',
    stream: false,
    isLoad: false,
    isUnload: false,
    answersInText: false,
    options: { num_ctx: 8192, seed: 1 },
    shift: true,
    flaw: undefined,
    needs: ['completion', 'thinking'],
  })
})

describe('the model', () => {
  test.each<[body: string, model: string | undefined]>([
    ['{"model":"m"}', 'm'],
    ['{"MODEL":"m"}', 'm'],
    ['{"\\u006dodel":"\\u006d"}', 'm'],
    ['{"model":" m\\n"}', 'm'],
    ['{"model":"a","model":"b"}', 'b'],
    ['{"model":"a","Model":"b"}', 'b'],
    ['{"model":"a","model":null}', 'a'],
    ['{"model":null,"model":"b"}', 'b'],
    ['{"model":"a","model":""}', undefined],
    ['{"model":"m"} and what not', 'm'],
    ['{"model":"a"}{"model":"b"}', 'a'],
    ['{"model":"\\ud83d\\ude00"}', '\ud83d\ude00'],
    ['{}', undefined],
    ['{"name":"m"}', undefined],
    ['{"x":{"model":"m"}}', undefined],
    ['{"model":""}', undefined],
    ['{"model":" \\t"}', undefined],
    ['{"model":null}', undefined],
    ['{"model":5}', undefined],
    ['{"model":true}', undefined],
    ['{"model":["m"]}', undefined],
    ['{"model":{"name":"m"}}', undefined],
    ['{"model":"a","model":5}', undefined],
    ['{"model":"line\nfeed"}', undefined],
    ['{"model":m}', undefined],
    ['{"model":"m"', undefined],
    ['{"model":"m","messages":[', undefined],
    ['\ufeff{"model":"m"}', undefined],
    ['', undefined],
    ['[{"model":"m"}]', undefined],
    ['"m"', undefined],
    ['null', undefined],
  ])('of %j is %j', (body, model) => {
    expect(read(body)?.model).toBe(model)
  })

  test('may have more space around it than a name may be long', () => {
    expect(read(`{"model":"${' '.repeat(100_000)}m"}`)?.model).toBe('m')
  })

  test('is missing if the name is longer than any name may be', () => {
    expect(read(`{"model":"${'m'.repeat(100_000)}"}`)).toBeUndefined()
  })

  test('has the replacement character for bytes that are not UTF-8', () => {
    expect(
      readGenerationRequest(Buffer.from('{"model":"\xff"}', 'latin1'), endpointOf('prompt'))?.model,
    ).toBe('\ufffd')
  })
})

test.each<[fields: string, user: string | undefined]>([
  ['"user":"ann"', 'ann'],
  ['"user":"ann","safety_identifier":"id-1"', 'id-1'],
  ['"metadata":{"user_id":"bob"}', 'bob'],
  ['"user":"","metadata":{"user_id":"bob"}', 'bob'],
  ['"user":1,"safety_identifier":null,"metadata":"x"', undefined],
  ['"metadata":{"user_id":{"a":1}}', undefined],
  [`"metadata":{"user_id":"bob","more":"${'x'.repeat(17_000)}"}`, undefined],
  ['"stream":true', undefined],
])('a request with %.60s is for the user %s', (fields, user) => {
  expect(readWith(fields).user).toBe(user)
})

describe('an answer is streamed for', () => {
  test.each<[fields: string, stream: boolean]>([
    ['"x":1', true],
    ['"stream":true', true],
    ['"stream":null', true],
    ['"stream":false', false],
    ['"STREAM":false', false],
    ['"\u017ftream":false', false],
    ['"stream":true,"stream":false', false],
    ['"stream":false,"Stream":true', true],
    ['"stream":false,"stream":null', true],
    ['"x":{"stream":false}', true],
    // Ollama refuses these requests with one JSON object, so the result does not matter.
    ['"stream":"false"', true],
    ['"stream":0', true],
  ])('%s: %s', (fields, stream) => {
    expect(readWith(fields).stream).toBe(stream)
  })
})

describe('a request without a prompt only loads a model', () => {
  test.each<[prompt: PromptField, fields: string, isLoad: boolean]>([
    ['messages', '"x":1', true],
    ['messages', '"messages":null', true],
    ['messages', '"messages":[]', true],
    ['messages', '"messages":[ \n]', true],
    ['messages', '"messages":[{}]', false],
    ['messages', '"messages":[null]', false],
    ['messages', '"messages":[{"role":"user","content":""}]', false],
    ['messages', '"prompt":"hi"', true],
    ['messages', '"messages":[{}],"messages":[]', true],
    ['messages', '"messages":[{}],"messages":null', true],
    ['messages', '"messages":[],"MESSAGES":[{}]', false],
    ['messages', `"messages":[{"content":"${'x'.repeat(5_000)}"}]`, false],
    ['prompt', '"x":1', true],
    ['prompt', '"prompt":null', true],
    ['prompt', '"prompt":""', true],
    ['prompt', '"prompt":" "', false],
    ['prompt', '"prompt":"hi"', false],
    ['prompt', '"messages":[{}]', true],
    ['prompt', '"prompt":"hi","prompt":""', true],
    ['prompt', '"prompt":"hi","prompt":null', false],
    ['prompt', '"prompt":"","Prompt":"hi"', false],
    ['prompt', '"images":["aGk="],"suffix":"x"', true],
    ['prompt', `"prompt":"${'x'.repeat(5_000)}"`, false],
  ])('%s in %s: %s', (prompt, fields, isLoad) => {
    expect(readWith(fields, prompt).isLoad).toBe(isLoad)
  })
})

describe('a request without a prompt unloads a model', () => {
  test.each<[fields: string, isUnload: boolean]>([
    ['"keep_alive":0', true],
    ['"keep_alive":0.0', true],
    ['"keep_alive":-0', true],
    ['"keep_alive":0e5', true],
    ['"keep_alive":1e-12', true],
    ['"keep_alive":"0"', true],
    ['"keep_alive":"0s"', true],
    ['"keep_alive":"-0m"', true],
    ['"keep_alive":"0h0m0s"', true],
    ['"KEEP_ALIVE":0', true],
    ['"\u212aeep_alive":0', true],
    ['"keep_alive":5,"keep_alive":0', true],
    ['"x":1', false],
    ['"keep_alive":null', false],
    ['"keep_alive":0,"keep_alive":null', false],
    ['"keep_alive":0,"keep_alive":5', false],
    ['"keep_alive":1', false],
    ['"keep_alive":0.5', false],
    ['"keep_alive":-1', false],
    ['"keep_alive":"-1s"', false],
    ['"keep_alive":"5m"', false],
    ['"keep_alive":"1ns"', false],
    ['"keep_alive":""', false],
    ['"keep_alive":"00"', false],
    ['"keep_alive":false', false],
    ['"keep_alive":[]', false],
    ['"keep_alive":{}', false],
  ])('%s: %s', (fields, isUnload) => {
    for (const prompt of ['messages', 'prompt'] as const) {
      expect(readWith(fields, prompt).isUnload).toBe(isUnload)
      expect(readWith(fields, prompt).isLoad).toBe(true)
    }
  })

  test('a request with a prompt generates first', () => {
    expect(readWith('"keep_alive":0,"messages":[{}]').isUnload).toBe(false)
    expect(readWith('"keep_alive":0,"prompt":"hi"', 'prompt').isUnload).toBe(false)
    expect(readWith('"keep_alive":0,"prompt":"hi","prompt":null', 'prompt').isUnload).toBe(false)
  })
})

describe('the options', () => {
  test.each<[fields: string, options: Record<string, unknown>]>([
    ['"x":1', {}],
    ['"options":null', {}],
    ['"options":{}', {}],
    ['"options":{"num_ctx":1,"num_ctx":2}', { num_ctx: 2 }],
    ['"options":{"num_ctx":1},"options":{"num_gpu":2}', { num_ctx: 1, num_gpu: 2 }],
    ['"options":{"num_ctx":1},"OPTIONS":{"num_ctx":2}', { num_ctx: 2 }],
    ['"options":{"num_ctx":1},"options":null', {}],
    ['"options":{"num_ctx":1},"options":null,"options":{"num_gpu":2}', { num_gpu: 2 }],
    ['"options":{"NUM_CTX":1}', { NUM_CTX: 1 }],
    // Ollama refuses these requests.
    ['"options":[1]', {}],
    ['"options":"num_ctx"', {}],
    ['"options":{"num_ctx":tru}', {}],
  ])('of %s', (fields, options) => {
    expect(readWith(fields).options).toEqual(options)
  })

  test('contain only fields of the request, whatever their names are', () => {
    const { options } = readWith('"options":{"__proto__":{"num_ctx":9},"constructor":1}')
    expect(Object.keys(options)).toEqual(['__proto__', 'constructor'])
    expect(loadSignature({ model: 'm', options })).toBe(loadSignature({ model: 'm' }))
  })

  test('are read although they are long', () => {
    const options = `{"stop":["${'x'.repeat(200_000)}"],"num_ctx":8192}`
    expect(readWith(`"options":${options}`).options['num_ctx']).toBe(8192)
  })

  test('may be nested to any depth', () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    expect(readWith(`"options":{"x":${deep},"num_ctx":1}`).options['num_ctx']).toBe(1)
    expect(readWith(`"options":${deep}`).options).toEqual({})
    expect(readWith(`"format":${deep},"messages":${deep}`).isLoad).toBe(false)
  })

  test('the value of `shift` stays as it is', () => {
    expect(
      ['"shift":false', '"shift":true', '"shift":null', '"Shift":false,"shift":null', '"x":1'].map(
        fields => readWith(fields).shift,
      ),
    ).toEqual([false, true, null, null, undefined])
  })
})

describe('a recorded request is read as Ollama read it', () => {
  const generating = recordings.filter(
    ({ request }) => request.method === 'POST' && /^\/api\/(chat|generate)$/.test(request.path),
  )

  const promptOf = (path: string): PromptField => (path === '/api/chat' ? 'messages' : 'prompt')

  const accepted = generating.filter(({ response }) => response.status === 200)
  test.each(accepted)('$version accepted $name', ({ request, response }) => {
    const generation = read(request.body ?? '', promptOf(request.path))
    const contentType = response.headers.find(([name]) => name === 'Content-Type')?.[1] ?? ''
    const text = response.chunks.map(chunk => chunk.text ?? '').join('')
    expect(generation).toBeDefined()
    expect(generation?.isLoad).toBe(/"done_reason":"(un)?load"/.test(text))
    expect(generation?.isUnload).toBe(text.includes('"done_reason":"unload"'))
    expect(generation?.stream && !generation.isLoad).toBe(contentType === 'application/x-ndjson')
  })

  test('the recordings contain requests of each kind', () => {
    const names = generating.map(({ name }) => name)
    for (const name of [
      'chat',
      'chat-stream',
      'chat-load',
      'chat-unload',
      'generate-load',
      'chat-trailing-garbage',
    ]) {
      expect(names).toContain(name)
    }
  })

  const unreadable = new Set([
    'chat-no-body',
    'chat-bad-json',
    'chat-not-json',
    'chat-json-array',
    'chat-no-model',
    'chat-empty-body',
  ])
  test.each(generating.filter(({ name }) => unreadable.has(name)))(
    '$version refused $name, which cannot be read',
    ({ request, response }) => {
      expect(read(request.body ?? '')).toBeUndefined()
      expect(response.status).toBe(400)
    },
  )
})

describe('in the other dialects', () => {
  test.each(['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/messages'])(
    '%s streams only when the request asks for it',
    path => {
      const streams = (body: string) => readGenerationRequest(Buffer.from(body), endpointAt(path))?.stream
      expect(streams('{"model":"m"}')).toBe(false)
      expect(streams('{"model":"m","stream":null}')).toBe(false)
      expect(streams('{"model":"m","stream":false}')).toBe(false)
      expect(streams('{"model":"m","stream":true}')).toBe(true)
    },
  )

  test('no request unloads a model, and no option decides about a load', () => {
    const body = '{"model":"m","keep_alive":0,"options":{"num_ctx":8},"shift":false}'
    expect(readGenerationRequest(Buffer.from(body), endpointAt('/v1/chat/completions'))).toEqual({
      model: 'm',
      stream: false,
      isLoad: false,
      isUnload: false,
      answersInText: false,
      options: {},
      shift: undefined,
      flaw: 400,
      needs: ['completion'],
    })
  })

  test('a completion without a prompt loads a model', () => {
    const isLoad = (path: string) =>
      readGenerationRequest(Buffer.from('{"model":"m"}'), endpointAt(path))?.isLoad
    expect(isLoad('/v1/completions')).toBe(true)
    expect(isLoad('/v1/responses')).toBe(false)
  })
})

test.each([
  ['stream', { stream: true }],
  ['shift', { shift: undefined }],
  ['keep_alive', { isUnload: false }],
])('a %s that is long is not read', (name, expected) => {
  const body = Buffer.from(`{"model":"m","${name}":[${'false,'.repeat(1_000)}0]}`)
  expect(readGenerationRequest(body, endpointAt('/api/generate'))).toMatchObject({ model: 'm', ...expected })
})
