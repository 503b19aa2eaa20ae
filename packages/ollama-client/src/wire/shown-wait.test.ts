import { expect, test } from 'vitest'
import { generatingEndpoints } from './endpoints.ts'
import type { Waiting } from './heartbeats.ts'

const waiting: Waiting = {
  id: 'job_1',
  model: 'plain',
  headers: {},
  last: undefined,
  now: 1_700_000_000_123,
}

const chunk = (fields: string) =>
  `data: {"id":"chatcmpl-job_1","object":"chat.completion.chunk","created":1700000000,"model":"plain","system_fingerprint":"fp_ollama",${fields}}\n\n`

test('each route shows words in pieces of its dialect, and most routes have no place for them', () => {
  const shown = generatingEndpoints.flatMap(({ path, showsWait }) =>
    Object.entries(showsWait).map(([place, { begin, say, end }]) => {
      const bytes = [begin?.(waiting), say('3rd in line', waiting), end?.(waiting)]
      return [`${path} ${place}`, bytes.map(each => each && Buffer.from(each).toString())] as const
    }),
  )
  expect(Object.fromEntries(shown)).toEqual({
    '/api/chat thinking': [
      undefined,
      '{"model":"plain","created_at":"2023-11-14T22:13:20.123Z","message":{"role":"assistant","content":"","thinking":"3rd in line\\n"},"done":false}\n',
      undefined,
    ],
    '/api/generate thinking': [
      undefined,
      '{"model":"plain","created_at":"2023-11-14T22:13:20.123Z","response":"","thinking":"3rd in line\\n","done":false}\n',
      undefined,
    ],
    '/v1/chat/completions status': [
      undefined,
      chunk('"choices":[],"event":{"type":"status","data":{"description":"3rd in line","done":false}}'),
      chunk('"choices":[],"event":{"type":"status","data":{"description":"","done":true,"hidden":true}}'),
    ],
    '/v1/chat/completions thinking': [
      undefined,
      chunk(
        '"choices":[{"index":0,"delta":{"content":"","reasoning":"3rd in line\\n"},"finish_reason":null}]',
      ),
      undefined,
    ],
    '/v1/messages thinking': [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_job_1","type":"message","role":"assistant","model":"plain","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}\n\n' +
        'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"3rd in line\\n"}}\n\n',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
    ],
  })
})
