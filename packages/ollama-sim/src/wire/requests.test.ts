import { expect, test } from 'vitest'
import { decodeGo } from '../go/decode.ts'
import { readFirstValue } from '../go/read-json.ts'
import { chatRequest, FOREVER_MS, generateRequest } from './requests.ts'

const chat = (text: string) => decodeGo(chatRequest, readFirstValue(Buffer.from(text)))
const generate = (text: string) => decodeGo(generateRequest, readFirstValue(Buffer.from(text)))

test.each([
  ['names in any case', '{"MODEL":"a","Stream":false}', { model: 'a', stream: false }],
  ['the last of a repeated name', '{"model":"a","Model":"b","model":"c"}', { model: 'c' }],
  ['null as absent where nothing was said before', '{"model":null,"stream":null}', {}],
  [
    'null after a value: a pointer is emptied, a string stays',
    '{"model":"a","stream":true,"model":null,"stream":null}',
    { model: 'a' },
  ],
  ['unknown fields as nothing', '{"model":"a","wat":{"x":[1]}}', { model: 'a' }],
  ['roles in lower case', '{"messages":[{"role":"USER"}]}', { messages: [{ role: 'user', content: '' }] }],
  ['a duration', '{"keep_alive":"1h30m"}', { keep_alive: 5_400_000 }],
  ['a number of seconds', '{"keep_alive":1.5}', { keep_alive: 1500 }],
  ['a negative number for ever', '{"keep_alive":-1}', { keep_alive: FOREVER_MS }],
  ['a negative duration for ever', '{"keep_alive":"-1s"}', { keep_alive: FOREVER_MS }],
  ['no body to speak of', 'null', {}],
])('takes %s', (_what, text, fields) => {
  expect(chat(text)).toEqual(fields)
})

test.each([
  ['{"model":5}', 'json: cannot unmarshal number into Go struct field ChatRequest.model of type string'],
  ['{"MODEL":5}', 'json: cannot unmarshal number into Go struct field ChatRequest.model of type string'],
  ['{"stream":[]}', 'json: cannot unmarshal array into Go struct field ChatRequest.stream of type bool'],
  [
    '{"stream":"yes","model":5}',
    'json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool',
  ],
  [
    '{"messages":{}}',
    'json: cannot unmarshal object into Go struct field ChatRequest.messages of type []api.Message',
  ],
  [
    '{"messages":[5]}',
    'json: cannot unmarshal number into Go struct field ChatRequest.messages of type api.Alias',
  ],
  [
    '{"messages":[{"content":5}]}',
    'json: cannot unmarshal number into Go struct field ChatRequest.messages.content of type string',
  ],
  ['{"messages":[{"images":["!!"]}]}', 'illegal base64 data at input byte 0'],
  [
    '{"options":"x"}',
    'json: cannot unmarshal string into Go struct field ChatRequest.options of type map[string]interface {}',
  ],
  [
    '{"top_logprobs":1.5}',
    'json: cannot unmarshal number 1.5 into Go struct field ChatRequest.top_logprobs of type int',
  ],
  [
    '{"top_logprobs":"x"}',
    'json: cannot unmarshal string into Go struct field ChatRequest.top_logprobs of type int',
  ],
  ['{"tools":{}}', 'json: cannot unmarshal object into Go struct field ChatRequest.tools of type []api.Tool'],
  [
    '{"tools":[{"function":{"name":5}}]}',
    'json: cannot unmarshal number into Go struct field ToolFunction.tools.function.name of type string',
  ],
  ['{"keep_alive":{}}', "Unsupported type: 'map[string]interface {}'"],
  ['{"keep_alive":[]}', "Unsupported type: '[]interface {}'"],
  ['{"keep_alive":""}', 'time: invalid duration ""'],
  ['{"keep_alive":"5x"}', 'time: unknown unit "x" in duration "5x"'],
  ['{"keep_alive":"-"}', 'time: invalid duration "-"'],
  ['{"keep_alive":"1h30"}', 'time: missing unit in duration "1h30"'],
  ['{"keep_alive":"1.5.h"}', 'time: missing unit in duration "1.5.h"'],
  // What a type's own decoder says comes before a mismatch that was found earlier.
  ['{"model":5,"keep_alive":"5"}', 'time: missing unit in duration "5"'],
  ['"hello"', 'json: cannot unmarshal string into Go value of type api.ChatRequest'],
  ['5', 'json: cannot unmarshal number into Go value of type api.ChatRequest'],
  ['true', 'json: cannot unmarshal bool into Go value of type api.ChatRequest'],
])('refuses %s as Go does', (text, message) => {
  expect(() => chat(text)).toThrow(expect.objectContaining({ message }))
})

test.each([
  ['aGk', 0],
  ['x', 0],
  ['aGk=a', 4],
  ['aG!k', 2],
])('finds the bad byte of base64 %s where Go finds it', (image, offset) => {
  expect(() => generate(JSON.stringify({ images: [image] }))).toThrow(
    new Error(`illegal base64 data at input byte ${offset}`),
  )
})

test('takes base64 with padding, without data, and broken over lines', () => {
  for (const image of ['aGk=', '', 'aGVs\nbG8='])
    expect(generate(JSON.stringify({ images: [image] }))).toEqual({ images: [image] })
})
