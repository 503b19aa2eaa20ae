import { expect, test } from 'vitest'
import { partsOf } from './answer-parts.ts'

const said = (...values: readonly unknown[]): Record<string, string> => {
  const texts: Record<string, string> = {}
  for (const { kind, text } of values.flatMap(partsOf)) texts[kind] = (texts[kind] ?? '') + text
  return texts
}

test.each([
  ['a piece of /api/generate', [{ response: 'Hi', thinking: 'Hm' }], { text: 'Hi', thinking: 'Hm' }],
  [
    '/api/chat with a tool',
    [{ message: { content: 'Hi', tool_calls: [{ function: { name: 'look', arguments: { at: 1 } } }] } }],
    { text: 'Hi', tools: '\nlook {"at":1}' },
  ],
  ['/v1/completions', [{ choices: [{ text: 'Hi' }] }], { text: 'Hi' }],
  [
    '/v1/chat/completions, streamed',
    [
      { choices: [{ delta: { reasoning: 'Hm', content: '' } }] },
      { choices: [{ delta: { content: 'Hi' } }] },
      { choices: [{ delta: { tool_calls: [{ function: { name: 'look', arguments: '' } }] } }] },
      { choices: [{ delta: { tool_calls: [{ function: { arguments: '{"at":' } }] } }] },
      { choices: [{ delta: { tool_calls: [{ function: { arguments: '1}' } }] } }] },
    ],
    { thinking: 'Hm', text: 'Hi', tools: '\nlook {"at":1}' },
  ],
  [
    '/v1/messages, whole',
    [
      {
        type: 'message',
        content: [
          { type: 'thinking', thinking: 'Hm' },
          { type: 'text', text: 'Hi' },
          { type: 'tool_use', name: 'look', input: { at: 1 } },
        ],
      },
    ],
    { thinking: 'Hm', text: 'Hi', tools: '\nlook {"at":1}' },
  ],
  [
    '/v1/messages, streamed',
    [
      { type: 'content_block_start', content_block: { type: 'tool_use', name: 'look', input: {} } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hi' } },
    ],
    { tools: '\nlook {}', text: 'Hi' },
  ],
  [
    '/v1/responses, streamed',
    [
      { type: 'response.output_text.delta', delta: 'Hi' },
      { type: 'response.output_item.added', item: { type: 'function_call', name: 'look' } },
      { type: 'response.function_call_arguments.delta', delta: '{}' },
      { type: 'response.completed', response: { output: [{ content: [{ text: 'Hi' }] }] } },
    ],
    { text: 'Hi', tools: '\nlook {}' },
  ],
  [
    '/v1/responses, whole',
    [{ output: [{ content: [{ type: 'output_text', text: 'Hi' }] }] }],
    { text: 'Hi' },
  ],
  ['an error of Ollama', [{ error: 'no such model' }], { error: 'no such model' }],
  ['an error of OpenAI', [{ error: { message: 'no' } }], { error: 'no' }],
])('%s is read', (_what, values, texts) => {
  expect(said(...values)).toEqual(texts)
})

test.each([[null], ['text'], [[1]], [{ message: 'x', choices: 'y', output: [null], error: 3 }]])(
  '%j says nothing',
  value => {
    expect(partsOf(value)).toEqual([])
  },
)
