import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldAnswer } from '../answer/fold/fold.ts'
import { endpointAt, EVENTS } from '../testing/answers.ts'
import { bodyOf, recording, VERSIONS } from '../testing/recording.ts'
import { ContinuedMessage } from './continued-message.ts'
import { messagesThinking } from './shown-wait.ts'

/** What becomes of a stream that comes in these chunks. */
const continued = (...chunks: readonly (string | Uint8Array)[]): string => {
  const message = new ContinuedMessage()
  const parts = chunks.map(chunk => Buffer.from(message.push(Buffer.from(chunk))))
  return Buffer.concat([...parts, message.rest()]).toString()
}

const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const START = event('message_start', { message: { id: 'msg_1', index: 3 } })

describe('what follows a message that has begun', () => {
  test.each<[what: string, text: string, becomes: string]>([
    ['message_start is left out', START + event('ping'), event('ping')],
    [
      'the index of a block is raised',
      event('content_block_stop', { index: 0 }),
      event('content_block_stop', { index: 1 }),
    ],
    ['it may get one more digit', 'data: {"index":9}\n\n', 'data: {"index":10}\n\n'],
    [
      'it may stand anywhere',
      'data:{"delta":{}, "index" : 41 , "x":1}\n',
      'data:{"delta":{}, "index" : 42 , "x":1}\n',
    ],
    [
      'an index inside stays',
      'data: {"delta":{"index":1},"a":[{"index":2}]}\n',
      'data: {"delta":{"index":1},"a":[{"index":2}]}\n',
    ],
    [
      'an index in a text stays',
      'data: {"a":"\\"index\\":1","b":"index","c":1}\n',
      'data: {"a":"\\"index\\":1","b":"index","c":1}\n',
    ],
    [
      'an index that is no number stays',
      'data: {"index":"1","indexes":2}\n',
      'data: {"index":"1","indexes":2}\n',
    ],
    ['a number of no index stays', 'data: {"a":["index",1],"b":1}\n', 'data: {"a":["index",1],"b":1}\n'],
    [
      'an error stays',
      event('error', { error: { message: 'oh' } }),
      event('error', { error: { message: 'oh' } }),
    ],
    ['carriage returns stay', 'event: ping\r\ndata: {}\r\n\r\n', 'event: ping\r\ndata: {}\r\n\r\n'],
    ['and end an event, too', `event: message_start\r\ndata: {}\r\n\r\n${event('ping')}`, event('ping')],
    [
      'comments and unknown fields stay',
      ': message_start\nid: 7\ndat: 1\n\n',
      ': message_start\nid: 7\ndat: 1\n\n',
    ],
    ['a long name stays', `event: ${'x'.repeat(99)}\n`, `event: ${'x'.repeat(99)}\n`],
    ['what ends in mid-line stays', 'data: {"index":1', 'data: {"index":2'],
    ['and so does a name', 'event: message_st', 'event: message_st'],
    [
      'bytes beyond ASCII stay',
      'event: ö\ndata: {"ü":"é","index":0,"a":"→"}\n\n',
      'event: ö\ndata: {"ü":"é","index":1,"a":"→"}\n\n',
    ],
  ])('%s', (_what, text, becomes) => {
    expect(continued(text)).toBe(becomes)
  })

  test('does not depend on where it is cut', () => {
    const text =
      START + event('content_block_start', { index: 99, content_block: {} }) + START + event('ping')
    const cuts = fc.array(fc.nat(text.length), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, places => {
        const ends = [...places.toSorted((a, b) => a - b), text.length]
        const chunks = ends.map((end, at) => text.slice(ends[at - 1] ?? 0, end))
        expect(continued(...chunks)).toBe(continued(text))
      }),
    )
  })

  test('is not held back', () => {
    const message = new ContinuedMessage()
    const pushed = (text: string) => Buffer.from(message.push(Buffer.from(text))).toString()
    expect(pushed('event: ping\ndata: {"a":"b')).toBe('event: ping\ndata: {"a":"b')
    expect(pushed('","index":1')).toBe('","index":')
    expect(pushed('}')).toBe('2}')
    const long = `"${'7'.repeat(1_000)}`
    expect(pushed(long)).toBe(long)
    expect(pushed(`\n${'e'.repeat(1_000)}`)).toBe(`\n${'e'.repeat(1_000)}`)
  })

  test('is bounded, though an index has no end', () => {
    const message = new ContinuedMessage()
    const sent = message.push(Buffer.from(`data: {"index":${'1'.repeat(1_000)}`)).byteLength
    expect(sent).toBeGreaterThan(1_000)
    expect(message.rest().byteLength).toBeLessThan(20)
  })
})

test.each(
  VERSIONS.flatMap(version =>
    (['v1-messages-stream', 'v1-messages-tools-stream'] as const).map(name => recording(name, version)),
  ),
)('behind thinking, the answer of $version: $name is the same message with one block more', recorded => {
  const waiting = { id: 'job_1', model: 'm', headers: {}, last: undefined, now: 0 }
  const { begin, say, end } = messagesThinking
  const shown = [begin!(waiting), say('3rd in line', waiting), say('2nd in line', waiting), end!(waiting)]
  const fold = (...bytes: readonly Uint8Array[]) => {
    const folded = foldAnswer(EVENTS, endpointAt('/v1/messages'))
    for (const each of bytes) folded.push(each)
    return folded.result() as { content: object[] }
  }
  const answer = bodyOf(recorded)
  const alone = fold(answer)
  const together = fold(...shown, new ContinuedMessage().push(answer))
  const thinking = { type: 'thinking', thinking: '3rd in line\n2nd in line\n', signature: '' }
  expect(together.content).toEqual([thinking, ...alone.content])
  expect(together).toMatchObject({
    ...alone,
    id: 'msg_job_1',
    model: 'm',
    content: expect.anything() as unknown,
  })
})
