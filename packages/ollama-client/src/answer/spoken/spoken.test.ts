import { describe, expect, test } from 'vitest'
import { endpointAt, isStream, recordedAnswers } from '../../testing/answers.ts'
import { bodyOf, type Recording } from '../../testing/recording.ts'
import { foldAnswer } from '../fold/fold.ts'
import { SpokenReader } from './spoken-reader.ts'
import { type Spoken, spokenIn } from './spoken.ts'

/** What is said of each kind, joined. */
const joined = (spoken: readonly Spoken[]): Partial<Record<Spoken['kind'], string>> => {
  const texts: Partial<Record<Spoken['kind'], string>> = {}
  for (const { kind, text } of spoken) texts[kind] = (texts[kind] ?? '') + text
  return texts
}

const readIn = (...chunks: (string | Uint8Array)[]) => {
  const spoken: Spoken[] = []
  const reader = new SpokenReader(each => void spoken.push(each))
  for (const chunk of chunks) reader.push(Buffer.from(chunk as Uint8Array))
  reader.end()
  return joined(spoken)
}

/** Texts of tool calls without the blanks of one dialect or the other. */
const normal = ({ tool_call: call, ...said }: ReturnType<typeof joined>) =>
  call === undefined ? said : { ...said, tool_call: call.replaceAll(/\s/g, '') }

describe('the answer of a real Ollama', () => {
  const streams = recordedAnswers.filter(isStream)

  test.each(streams.map(each => [each.version, each.name, each] as const))(
    'of %s says as a stream what it says as a whole: %s',
    (_version, _name, { request, response }: Recording) => {
      const body = bodyOf({ request, response } as Recording)
      const fold = foldAnswer(response.headers, endpointAt(request.path))
      fold.push(body)
      const reply = fold.result()
      const said = normal(readIn(body))
      // A stream with an error makes no reply.
      expect(said).toEqual(reply ? normal(joined(spokenIn(reply))) : said)
      expect(normal(readIn(...Array.from(body, byte => Uint8Array.of(byte))))).toEqual(said)
    },
  )
})

test.each<[string, string[], object]>([
  [
    'lines without a last line feed',
    ['{"response":"a","done":false}\n{"', 'response":"b","done":true}'],
    { text: 'ab' },
  ],
  ['one reply', ['{"message":{"content":"hi","thinking":"hm"},"done":true}'], { text: 'hi', thinking: 'hm' }],
  [
    'a reply on several lines',
    ['{\n "choices": [\n', '  {"message": {"content": "hi"}}]\n}\n'],
    { text: 'hi' },
  ],
  ['text', ['Hello there,\n', 'friend'], { text: 'Hello there,\nfriend' }],
  [
    'an error in a stream',
    ['{"response":"a"}\n{"error":"out of memory"}\n'],
    { text: 'a', error: 'out of memory' },
  ],
  ["an error of OpenAI's", ['data: {"error":{"message":"no"}}\n\n'], { error: 'no' }],
  ['the heartbeats of foreman', ['{"message":{"role":"assistant","content":""},"done":false}\n'], {}],
  [
    'a tool',
    ['{"message":{"tool_calls":[{"function":{"name":"f","arguments":{"x":1}}}]}}'],
    { tool_call: 'f {"x":1}' },
  ],
  ['nothing', [], {}],
])('%s', (_, chunks, said) => {
  expect(readIn(...chunks)).toEqual(said)
})
