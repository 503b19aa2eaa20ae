import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  endpointAt,
  EVENTS,
  isStream,
  JSON_BODY,
  LINES,
  recordedAnswers,
  streamOf,
} from '../../testing/answers.ts'
import { bodyOf, chunksOf, type Recording, recording, VERSIONS } from '../../testing/recording.ts'
import { generatingEndpoints } from '../../wire/endpoints.ts'
import { foldAnswer, MAX_LINE_BYTES } from './fold.ts'
import { MAX_ENTRIES } from './raw-fields.ts'

type Reply = Record<string, unknown> | undefined

const foldBytes = (headers: [string, string][], path: string, ...chunks: Uint8Array[]): Reply => {
  const fold = foldAnswer(headers, endpointAt(path))
  for (const chunk of chunks) fold.push(chunk)
  return fold.result()
}

const foldPieces = (path: string, ...pieces: unknown[]): Reply => {
  const [headers, bytes] = streamOf(path, pieces)
  return foldBytes(headers, path, bytes)
}

const foldRecorded = ({ request, response }: Recording, chunks: Uint8Array[]): Reply =>
  foldBytes(response.headers, request.path, ...chunks)

const CHAT = '/api/chat'
const GENERATE = '/api/generate'
const V1_CHAT = '/v1/chat/completions'
const COMPLETIONS = '/v1/completions'
const RESPONSES = '/v1/responses'
const MESSAGES = '/v1/messages'

describe('the answer of a real Ollama', () => {
  const streams = recordedAnswers.filter(isStream)
  const others = recordedAnswers.filter(answer => !isStream(answer))

  const bodyAsked = ({ request }: Recording): Record<string, unknown> => {
    try {
      return JSON.parse(request.body ?? '') as Record<string, unknown>
    } catch {
      return {}
    }
  }
  const askedFor = (answer: Recording): string => {
    const { stream: _stream, stream_options: _options, ...asked } = bodyAsked(answer)
    return JSON.stringify([answer.version, answer.request.path, asked])
  }
  const pairs = streams.flatMap(stream =>
    others
      .filter(other => askedFor(other) === askedFor(stream))
      .map(other => ({ version: stream.version, streaming: stream.name, whole: other.name, stream, other })),
  )

  /** Replaces the values that differ from one answer to the next. */
  const masked = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(masked)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [
        name,
        /^(id|created|created_at|completed_at|.*_duration)$/.test(name) ? typeof each : masked(each),
      ]),
    )
  }

  test.each(VERSIONS)('%s: every route has a recorded stream with the same answer in one piece', version => {
    const ofVersion = pairs.filter(pair => pair.version === version)
    const paths = new Set(ofVersion.map(({ stream }) => stream.request.path))
    const streaming = generatingEndpoints.filter(endpoint => endpoint.streams !== 'never')
    expect([...paths].toSorted()).toEqual(streaming.map(({ path }) => path).toSorted())
    expect(ofVersion.length).toBeGreaterThanOrEqual(11)
  })

  test.each(pairs)('$version: $streaming folds into $whole', ({ stream, other }) => {
    const whole = JSON.parse(bodyOf(other).toString()) as Record<string, unknown>
    const hasUsage = stream.request.path !== V1_CHAT && stream.request.path !== COMPLETIONS
    // Such a stream only reports its usage when the request asks for it.
    if (!hasUsage && !('stream_options' in bodyAsked(stream))) delete whole['usage']
    expect(masked(foldRecorded(stream, chunksOf(stream)))).toEqual(masked(whole))
  })

  test.each(others)('$version: $name, which came in one piece, stays as it is', answer => {
    expect(foldRecorded(answer, chunksOf(answer))).toEqual(JSON.parse(bodyOf(answer).toString()))
  })

  test.each(streams)('$version: $name folds alike however it is cut', answer => {
    const bytes = bodyOf(answer)
    const reply = foldRecorded(answer, [bytes])
    expect(reply).toBeDefined()
    expect(
      foldRecorded(
        answer,
        [...bytes].map(byte => Uint8Array.of(byte)),
      ),
    ).toEqual(reply)
    expect(foldRecorded(answer, [Buffer.from(bytes.toString().trimEnd())])).toEqual(reply)
  })

  test.each(VERSIONS)('%s: the pieces of a thought are joined', version => {
    const stream = recording('generate-think-stream', version)
    expect(foldRecorded(stream, chunksOf(stream))).toMatchObject({
      response: 'The answer is 42',
      thinking: 'Let me see…',
      done: true,
      context: expect.any(Array) as unknown,
    })
  })

  test.each([
    { version: '0.24.0', id: 'msg_91cf4a853dcb893a0cf8714b', call: 'call_psvu0jis', promptTokens: 94 },
    { version: '0.33.0', id: 'msg_ceee1270c9e4479612e581ec', call: 'call_7jqw866b', promptTokens: 153 },
  ] as const)('$version: a tool call of a message gets its input', ({ version, id, call, promptTokens }) => {
    const stream = recording('v1-messages-tools-stream', version)
    expect(foldRecorded(stream, chunksOf(stream))).toEqual({
      id,
      type: 'message',
      role: 'assistant',
      model: 'tools',
      content: [{ type: 'tool_use', id: call, name: 'get_weather', input: { city: 'Paris' } }],
      stop_reason: 'tool_use',
      usage: { input_tokens: promptTokens, output_tokens: 5 },
    })
  })

  test('0.24.0: a stream folds into undefined if the model process died, and into the reply so far if the server died', () => {
    const broken = recording('faults/runner-killed-mid-stream')
    expect(foldRecorded(broken, chunksOf(broken))).toBeUndefined()
    const cut = recording('faults/server-killed-mid-stream')
    expect(foldRecorded(cut, chunksOf(cut))).toMatchObject({
      response: ' Once upon a time small A railway carried coal between two hills',
      done: false,
    })
  })
})

describe('the fold of /api/chat and /api/generate', () => {
  test('joins the lists of all pieces, the last piece included', () => {
    const call = (name: string) => ({ function: { index: 0, name, arguments: {} } })
    const message = { role: 'assistant', content: '' }
    expect(
      foldPieces(
        CHAT,
        { message: { ...message, tool_calls: [call('a')], images: ['1'] }, logprobs: [1], done: false },
        { message: { ...message, tool_calls: [call('b')], images: ['2'] }, logprobs: [2, 3], done: true },
      ),
    ).toEqual({
      message: { ...message, tool_calls: [call('a'), call('b')], images: ['1', '2'] },
      logprobs: [1, 2, 3],
      done: true,
    })
    expect(
      foldPieces(
        GENERATE,
        { response: 'a', logprobs: [1], done: false },
        { response: 'b', logprobs: [2], tool_calls: [call('a')], image: 'x', done: true },
      ),
    ).toEqual({ response: 'ab', logprobs: [1, 2], tool_calls: [call('a')], image: 'x', done: true })
  })

  test('takes all other fields from the last piece', () => {
    expect(
      foldPieces(
        CHAT,
        {
          model: 'm',
          created_at: '1',
          message: { role: 'assistant', content: 'a', thinking: 'b' },
          done: false,
        },
        {
          model: 'm',
          created_at: '2',
          message: { role: 'assistant', content: '' },
          done: true,
          eval_count: 2,
        },
      ),
    ).toEqual({
      model: 'm',
      created_at: '2',
      message: { role: 'assistant', content: 'a', thinking: 'b' },
      done: true,
      eval_count: 2,
    })
  })
})

describe('the fold of /v1/chat/completions and /v1/completions', () => {
  const chunk = (...choices: unknown[]) => ({ id: 'c1', object: 'chat.completion.chunk', choices })
  const delta = (fields: object, index = 0) => ({ index, delta: fields, finish_reason: null })

  test('tells choices apart by their index', () => {
    expect(
      foldPieces(
        V1_CHAT,
        chunk(delta({ role: 'assistant', content: 'b' }, 1)),
        chunk(delta({ role: 'assistant', content: 'a' })),
        chunk(delta({ content: 'B' }, 1), delta({ content: 'A', reasoning: 'r' })),
        chunk(
          { index: 1, delta: {}, finish_reason: 'length' },
          { index: 0, delta: {}, finish_reason: 'stop' },
        ),
        chunk(delta({})),
        '[DONE]',
      ),
    ).toEqual({
      id: 'c1',
      object: 'chat.completion',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'aA', reasoning: 'r' }, finish_reason: 'stop' },
        { index: 1, message: { role: 'assistant', content: 'bB' }, finish_reason: 'length' },
      ],
    })
  })

  const call = (index: number, id: string | undefined, name: string | undefined, args: string) => ({
    index,
    ...(id !== undefined && { id, type: 'function' }),
    function: { ...(name !== undefined && { name }), arguments: args },
  })

  test.each<[what: string, deltas: object[], calls: object[]]>([
    [
      'come in parts, side by side',
      [
        call(0, 'x', 'f', ''),
        call(1, 'y', 'g', '{'),
        call(0, undefined, undefined, '{}'),
        call(1, '', '', '}'),
      ],
      [call(0, 'x', 'f', '{}'), call(1, 'y', 'g', '{}')],
    ],
    [
      'all have the index 0',
      [call(0, 'x', 'f', '{"a":1}'), call(0, 'y', 'g', '{}')],
      [call(0, 'x', 'f', '{"a":1}'), call(0, 'y', 'g', '{}')],
    ],
    [
      'all have the index 0 and no id',
      [call(0, '', 'f', '{}'), call(0, '', 'g', '{}')],
      [call(0, '', 'f', '{}'), call(0, '', 'g', '{}')],
    ],
    [
      'repeat their id',
      [call(0, 'x', 'f', '{"a"'), call(0, 'x', 'f', ':1}')],
      [call(0, 'x', 'f', '{"a":1}')],
    ],
  ])('joins tool calls that %s', (_what, deltas, calls) => {
    const pieces = deltas.map(each => chunk(delta({ tool_calls: [each] })))
    expect(foldPieces(V1_CHAT, ...pieces)).toMatchObject({ choices: [{ message: { tool_calls: calls } }] })
  })

  test('joins logprobs', () => {
    const logged = (...content: number[]) => ({ ...delta({ content: 'a' }), logprobs: { content } })
    expect(foldPieces(V1_CHAT, chunk(logged(1)), chunk(delta({})), chunk(logged(2, 3)))).toMatchObject({
      choices: [{ logprobs: { content: [1, 2, 3] } }],
    })
  })

  test('takes the usage from the piece without choices, not the zeros before it', () => {
    const zeros = { prompt_tokens: 0, completion_tokens: 0 }
    const text = { choices: [{ index: 0, text: 'a', finish_reason: null }], usage: zeros }
    const used = { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }
    expect(foldPieces(COMPLETIONS, text, text, used, '[DONE]')).toEqual({
      object: 'text_completion',
      choices: [{ index: 0, text: 'aa', finish_reason: null }],
      usage: used.usage,
    })
    expect(foldPieces(COMPLETIONS, text)).not.toHaveProperty('usage')
  })
})

describe('the fold of /v1/responses', () => {
  test.each(['completed', 'incomplete', 'failed'])('takes the reply from response.%s', status => {
    const response = { id: 'r', status, error: null }
    expect(
      foldPieces(
        RESPONSES,
        { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
        { type: 'response.output_text.delta', delta: 'a' },
        { type: `response.${status}`, response },
      ),
    ).toEqual(response)
  })

  test('has no reply before that', () => {
    const created = { type: 'response.created', response: { id: 'r', status: 'in_progress' } }
    expect(foldPieces(RESPONSES, created)).toBeUndefined()
  })
})

describe('the fold of /v1/messages', () => {
  const start = {
    type: 'message_start',
    message: { id: 'm', type: 'message', role: 'assistant', content: [], usage: { input_tokens: 1 } },
  }
  const begin = (index: number, content_block: object) => ({
    type: 'content_block_start',
    index,
    content_block,
  })
  const more = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta })

  test('joins blocks of every kind', () => {
    expect(
      foldPieces(
        MESSAGES,
        start,
        begin(0, { type: 'thinking', thinking: '' }),
        more(0, { type: 'thinking_delta', thinking: 'h' }),
        more(0, { type: 'thinking_delta', thinking: 'm' }),
        more(0, { type: 'signature_delta', signature: 's' }),
        { type: 'content_block_stop', index: 0 },
        { type: 'ping' },
        begin(1, { type: 'text', text: '' }),
        more(1, { type: 'text_delta', text: 'a' }),
        begin(2, { type: 'tool_use', id: 't', name: 'f', input: {} }),
        more(2, { type: 'input_json_delta', partial_json: '{"a"' }),
        more(2, { type: 'input_json_delta', partial_json: ':[1]}' }),
        begin(3, { type: 'tool_use', id: 'u', name: 'g', input: {} }),
        begin(4, { type: 'web_search_tool_result', tool_use_id: 'u', content: [1] }),
        { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 5 } },
        { type: 'message_stop' },
      ),
    ).toEqual({
      id: 'm',
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'text', text: 'a' },
        { type: 'tool_use', id: 't', name: 'f', input: { a: [1] } },
        { type: 'tool_use', id: 'u', name: 'g', input: {} },
        { type: 'web_search_tool_result', tool_use_id: 'u', content: [1] },
      ],
      stop_reason: 'tool_use',
      usage: { input_tokens: 1, output_tokens: 5 },
    })
  })

  test('leaves the input of a tool call empty if it was cut off', () => {
    const block = { type: 'tool_use', id: 't', name: 'f', input: {} }
    const delta = more(0, { type: 'input_json_delta', partial_json: '{"a":' })
    expect(foldPieces(MESSAGES, start, begin(0, block), delta)).toMatchObject({ content: [block] })
  })
})

describe('the JSON of a reply has the digits of the answer', () => {
  const digits = '{"id":1234567890123456789,"ratio":1.0,"huge":1e400,"text":"\\u00e9\\/"}'
  const jsonOf = (path: string, pieces: unknown[]): string => {
    const [headers, bytes] = streamOf(path, pieces)
    const fold = foldAnswer(headers, endpointAt(path))
    fold.push(bytes)
    return Buffer.concat([...(fold.json() ?? [])]).toString()
  }
  const call = `{"function":{"name":"f","arguments":${digits}}}`

  test.each<[path: string, pieces: string[], json: string]>([
    [
      CHAT,
      [
        `{"message":{"content":"a","tool_calls":[${call}]},"logprobs":[ -1.0 , 1e-07 ],"done":false}`,
        `{"message":{"content":"\\ud83d","tool_calls":[]},"done":false}`,
        `{"message":{"content":"\\ude00"},"logprobs":[-0.0],"done":true,"eval_count":1.0}`,
      ],
      `{"message":{"role":"assistant","content":"a\\ud83d\\ude00","tool_calls":[${call}]},"logprobs":[ -1.0 , 1e-07 ,-0.0],"done":true,"eval_count":1.0}`,
    ],
    [
      GENERATE,
      [`{"response":"a","done":false}`, `{"response":"b","context":[9007199254740993,1.0],"done":true}`],
      `{"response":"ab","context":[9007199254740993,1.0],"done":true}`,
    ],
    [
      V1_CHAT,
      [
        `{"id":9007199254740993,"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"x","n":1.0,"function":{"name":"f","arguments":"{\\"a\\":"}}]},"logprobs":{"content":[{"logprob":-0.0}]}}]}`,
        `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1.0}"}}]},"finish_reason":"tool_calls"}]}`,
        `{"choices":[],"usage":{"prompt_tokens":1.0}}`,
      ],
      `{"id":9007199254740993,"choices":[{"index":0,"message":{"role":"assistant","content":"","tool_calls":[{"index":0,"id":"x","n":1.0,"function":{"name":"f","arguments":"{\\"a\\":1.0}"}}]},"finish_reason":"tool_calls","logprobs":{"content":[{"logprob":-0.0}]}}],"object":"chat.completion","usage":{"prompt_tokens":1.0}}`,
    ],
    [
      RESPONSES,
      [`{"type":"response.completed","response": {"error":null, "n":${digits}} }`],
      `{"error":null, "n":${digits}}`,
    ],
    [
      MESSAGES,
      [
        `{"type":"message_start","message":{"id":1.0}}`,
        `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","input":{}}}`,
        `{"type":"content_block_delta","index":0,"delta":{"partial_json":${JSON.stringify(digits.slice(0, 9))}}}`,
        `{"type":"content_block_delta","index":0,"delta":{"partial_json":${JSON.stringify(digits.slice(9))}}}`,
        `{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":5.0}}`,
      ],
      `{"id":1.0,"content":[{"type":"tool_use","input":${digits}}],"stop_reason":"tool_use","usage":{"output_tokens":5.0}}`,
    ],
  ])('on %s', (path, pieces, json) => {
    expect(jsonOf(path, pieces)).toBe(json)
  })

  test('when it came in one piece', () => {
    const fold = foldAnswer(JSON_BODY, endpointAt(CHAT))
    fold.push(Buffer.from(digits))
    expect(Buffer.concat([...fold.json()!]).toString()).toBe(digits)
  })

  test('also when a field is much longer than a part of it', () => {
    const word = 'é€😀\\"'
    const pieces = Array.from({ length: 20_000 }, () => `{"response":"${word}","context":[1.0],"done":true}`)
    expect(jsonOf(GENERATE, pieces)).toBe(`{"response":"${word.repeat(20_000)}","context":[1.0],"done":true}`)
  })
})

describe('an answer that is not one', () => {
  const said = '{"message":{"content":"a"},"done":false}\n'

  test.each<[what: string, headers: [string, string][], path: string, text: string]>([
    ['an empty body', LINES, CHAT, ''],
    ['a body with only spaces', LINES, CHAT, ' \n\n'],
    ['a line that broke off', LINES, CHAT, '{"message":{"content":"a"'],
    ['lines of another kind', LINES, CHAT, '{"status":"success"}\n'],
    ['lines of another route', LINES, GENERATE, said],
    ['a line that is not JSON', LINES, CHAT, `${said}oh\n${said}`],
    ['a line that is not an object', LINES, CHAT, `${said}[]\n`],
    ['an error line', LINES, CHAT, `${said}{"error":"oh"}\n`],
    ['an error event', EVENTS, V1_CHAT, 'data: {"choices":[]}\n\ndata: {"error":{"message":"oh"}}\n\n'],
    ['events of another route', EVENTS, MESSAGES, 'data: {"choices":[]}\n\n'],
    ['only an end mark', EVENTS, V1_CHAT, 'data: [DONE]\n\n'],
    ['broken JSON', JSON_BODY, CHAT, '{"message":'],
    ['a JSON array', JSON_BODY, CHAT, '[{}]'],
    ['an empty JSON body', JSON_BODY, CHAT, ''],
    ['another type', [['Content-Type', 'text/html']], CHAT, '{"message":{"content":"a"}}'],
    ['no type', [], CHAT, '{"message":{"content":"a"}}'],
  ])('%s folds into undefined', (_what, headers, path, text) => {
    expect(foldBytes(headers, path, Buffer.from(text))).toBeUndefined()
  })

  test('lines before a line that broke off still count', () => {
    expect(foldBytes(LINES, CHAT, Buffer.from(`${said}{"mess`))).toMatchObject({ message: { content: 'a' } })
  })

  test('the result is the same when it is read twice', () => {
    const fold = foldAnswer(LINES, endpointAt(CHAT))
    fold.push(Buffer.from(said.trimEnd()))
    expect(fold.result()).toEqual(fold.result())
    fold.push(Buffer.from(`\n${said}`))
    expect(fold.result()).toMatchObject({ message: { content: 'aa' } })
  })
})

describe('an answer that no server should send', () => {
  /** A reply must have this form, whatever the pieces were. */
  const expectSane = (path: string, reply: Reply) => {
    if (!reply) return
    expect(Object.getPrototypeOf(reply)).toBe(Object.prototype)
    const { message, response, choices, content } = JSON.parse(JSON.stringify(reply)) as Record<
      string,
      unknown
    >
    const text = expect.any(String) as unknown
    if (path === CHAT) expect(message).toMatchObject({ content: text })
    if (path === GENERATE) expect(response).toEqual(text)
    if (path === V1_CHAT || path === COMPLETIONS) {
      const said = path === V1_CHAT ? { message: { content: text } } : { text }
      for (const choice of choices as unknown[]) {
        expect(choice).toMatchObject({ index: expect.any(Number) as unknown, ...said })
      }
    }
    if (path === MESSAGES) expect(content).toEqual(expect.any(Array))
  }

  const names =
    'message content thinking response choices delta tool_calls index function arguments usage type'
  const anything = fc.jsonValue({ maxDepth: 2 }).map(value => value as unknown)
  const { piece } = fc.letrec<{ piece: Record<string, unknown>; value: unknown }>(tie => ({
    value: fc.oneof({ depthSize: 'small' }, anything, tie('piece'), fc.array(tie('piece'), { maxLength: 3 })),
    piece: fc
      .array(fc.tuple(fc.constantFrom(...names.split(' '), '__proto__', 'constructor'), tie('value')), {
        maxLength: 4,
      })
      .map(entries => Object.fromEntries(entries)),
  }))

  test('is folded into a well-formed reply or undefined', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...generatingEndpoints),
        fc.array(fc.oneof(piece, anything), { maxLength: 6 }),
        ({ path }, pieces) => expectSane(path, foldPieces(path, ...pieces)),
      ),
    )
  })

  /** The places of all values in a piece, at any depth. */
  const placesIn = (value: unknown): (string | number)[][] => {
    if (typeof value !== 'object' || value === null) return []
    const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
    return [...keys].flatMap(key => [[key], ...placesIn((value as never)[key]).map(place => [key, ...place])])
  }
  const replaced = (value: unknown, [key, ...rest]: (string | number)[], by: unknown): unknown => {
    if (key === undefined) return by
    const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as never
    copy[key] = replaced(copy[key], rest, by) as never
    return copy
  }

  test('is folded into a well-formed reply or undefined when only one field is wrong', () => {
    const streams = recordedAnswers.filter(isStream).map(answer => {
      const lines = bodyOf(answer).toString().split('\n')
      const texts = lines.map(line => line.replace(/^data: /, '')).filter(line => /^[{[]/.test(line))
      const pieces = texts.filter(text => text !== '[DONE]').map(text => JSON.parse(text) as unknown)
      return { path: answer.request.path, pieces }
    })
    const wrong = fc.oneof(anything, fc.constantFrom(1e9, -1, 1e308, '', {}, [], null))
    fc.assert(
      fc.property(
        fc.constantFrom(...streams),
        fc.nat(),
        fc.nat(),
        wrong,
        ({ path, pieces }, which, where, by) => {
          const at = which % pieces.length
          const places = placesIn(pieces[at])
          const changed = pieces.with(at, replaced(pieces[at], places[where % places.length]!, by))
          expectSane(path, foldPieces(path, ...changed))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('may have an index of a billion without using memory for it', () => {
    const index = 1e9
    const chat = foldPieces(V1_CHAT, {
      choices: [{ index, delta: { content: 'a', tool_calls: [{ index, function: { arguments: '{}' } }] } }],
    })
    const call = { index, function: { arguments: '{}' } }
    const message = { role: 'assistant', content: 'a', tool_calls: [call] }
    expect(chat?.['choices']).toEqual([{ index, message, finish_reason: null }])
    const message_start = { type: 'message_start', message: {} }
    const block = { type: 'content_block_start', index, content_block: { type: 'text', text: 'a' } }
    expect(foldPieces(MESSAGES, message_start, block)?.['content']).toEqual([{ type: 'text', text: 'a' }])
  })

  test('may have more choices than a request can ask for', () => {
    const choices = Array.from({ length: 1_000 }, (_, index) => ({ index, delta: { content: 'a' } }))
    const reply = foldPieces(V1_CHAT, { choices }, { choices })
    expect(reply?.['choices']).toHaveLength(128)
    expect(reply).toMatchObject({ choices: { 127: { index: 127, message: { content: 'aa' } } } })
  })

  test('may have a list that is too long to be the arguments of a function call', () => {
    const tool_calls = Array.from({ length: 300_000 }, () => 0)
    expect(foldPieces(CHAT, { message: { tool_calls } })).toMatchObject({ message: { content: '' } })
    expect(foldPieces(V1_CHAT, { choices: tool_calls })).toMatchObject({ choices: [] })
  })

  test('does not reach the prototype of other objects', () => {
    const evil =
      '{"__proto__":{"polluted":1},"message":{"content":"a","__proto__":{"polluted":1}},"done":true}'
    const reply = foldPieces(CHAT, evil)
    expect(reply?.['polluted']).toBeUndefined()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(JSON.stringify(reply)).toContain('"__proto__"')
  })
})

describe('an answer that cannot be written anew', () => {
  const manyFields = Object.fromEntries(Array.from({ length: MAX_ENTRIES + 1 }, (_, n) => [`f${n}`, n]))
  const manyObjects = Array.from({ length: MAX_ENTRIES + 1 }, () => ({}))
  const tool_calls = Array.from({ length: MAX_ENTRIES / 2 + 1 }, () => ({ function: { name: 'f' } }))
  const calls = { choices: [{ delta: { tool_calls } }] }
  const blocks = Array.from({ length: MAX_ENTRIES + 1 }, (_, index) => ({
    type: 'content_block_start',
    index,
  }))
  const deepText = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`

  test.each<[what: string, headers: [string, string][], path: string, text: string]>([
    ['one object', [['Content-Type', 'application/json']], RESPONSES, deepText],
    [
      'a piece',
      [['Content-Type', 'text/event-stream']],
      RESPONSES,
      `data: {"type":"response.completed","response":${deepText}}\n\n`,
    ],
    [
      'the input of a tool, which comes in parts',
      [['Content-Type', 'text/event-stream']],
      MESSAGES,
      [
        { type: 'message_start', message: { id: 'm' } },
        { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', input: {} } },
        ...deepText
          .split('}')
          .map(part => ({ type: 'content_block_delta', index: 0, delta: { partial_json: `${part}}` } })),
      ]
        .map(piece => `data: ${JSON.stringify(piece)}\n\n`)
        .join(''),
    ],
  ])('because %s nests too deep gives no reply, and says so', (_what, headers, path, text) => {
    const fold = foldAnswer(headers, endpointAt(path))
    fold.push(Buffer.from(text))
    expect(fold.result()).toBeUndefined()
    expect(fold.isOutOfBounds).toBe(true)
  })

  test.each<[what: string, path: string, pieces: unknown[]]>([
    ['a line is too long', CHAT, [`{"message":{"content":"${'x'.repeat(MAX_LINE_BYTES)}"},"done":true}`]],
    ['an object has too many fields', CHAT, [{ message: manyFields, done: true }]],
    ['a piece has too many choices', V1_CHAT, [{ choices: manyObjects }]],
    ['a message has too many tool calls', V1_CHAT, [calls, calls]],
    ['a message has too many blocks', MESSAGES, [{ type: 'message_start', message: {} }, ...blocks]],
  ])('because %s gives no reply, and says so', (_what, path, pieces) => {
    const [headers, bytes] = streamOf(path, pieces)
    const fold = foldAnswer(headers, endpointAt(path))
    fold.push(bytes)
    expect(fold.result()).toBeUndefined()
    expect(fold.isOutOfBounds).toBe(true)
  })

  test('is not what every other answer is', () => {
    const [headers, bytes] = streamOf(CHAT, [{ message: { content: 'a' }, done: true }])
    const fold = foldAnswer(headers, endpointAt(CHAT))
    fold.push(bytes)
    expect(fold.result()).toBeDefined()
    expect(fold.isOutOfBounds).toBe(false)
  })
})

describe('an answer that never streams', () => {
  const IMAGES = '/v1/images/edits'
  const TRANSCRIPTIONS = '/v1/audio/transcriptions'
  const TEXT: [string, string][] = [['Content-Type', 'text/plain']]
  const image = { created: 1, data: [{ b64_json: 'aa' }] }

  test.each<[path: string, headers: [string, string][], body: string, reply: Reply]>([
    [IMAGES, LINES, JSON.stringify(image), image],
    [IMAGES, JSON_BODY, JSON.stringify(image), image],
    [IMAGES, LINES, '', undefined],
    [TRANSCRIPTIONS, LINES, '{"text":"Hello."}\n', { text: 'Hello.' }],
    [TRANSCRIPTIONS, JSON_BODY, '{"text":"Hello."}\n', { text: 'Hello.' }],
    [TRANSCRIPTIONS, LINES, 'Hello.', { text: 'Hello.' }],
    [TRANSCRIPTIONS, TEXT, '["Hello."]', { text: '["Hello."]' }],
    [TRANSCRIPTIONS, TEXT, '', undefined],
    [
      TRANSCRIPTIONS,
      EVENTS,
      'data: {"type":"transcript.text.done","text":"Hello."}\n\n',
      { type: 'transcript.text.done', text: 'Hello.' },
    ],
  ])('of %s as %j: %j is %j', (path, headers, body, reply) => {
    expect(foldBytes(headers, path, Buffer.from(body))).toEqual(reply)
  })
})
