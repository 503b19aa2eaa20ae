import { generatingEndpoint } from '@foreman/ollama-client'
import {
  bodyOf,
  chunksOf,
  faultRecordings,
  headerOf,
  type Recording,
  recordings,
  startStandIn,
} from '@foreman/ollama-client/testing'
import { describe, expect, test } from 'vitest'
import { startForeman, type Variables } from '../harness/foreman.ts'
import { type Answer, send } from '../harness/request.ts'

const isInference = ({ request }: Recording) => generatingEndpoint(request.path, request.method) !== undefined
const inferences = recordings.filter(isInference)
const others = recordings.filter(one => !isInference(one))

/** End-to-end headers whose value a caller may rely on. */
const meaningful = [
  'content-type',
  'content-length',
  'date',
  'allow',
  'location',
  'vary',
  'access-control-allow-origin',
]

const expectSame = (answer: Answer, one: Recording) => {
  expect(answer.status).toBe(one.response.status)
  expect(answer.body.toString()).toBe(bodyOf(one).toString())
  // What a page's browser asks is foreman's to answer, and the page's origin stays with it: the date is its own.
  const isOfPage = 'origin' in one.request.headers
  for (const name of meaningful.filter(each => !(isOfPage && each === 'date'))) {
    const values = one.response.headers
      .filter(([key]) => key.toLowerCase() === name)
      .map(([, value]) => value)
    expect([name, [answer.headers[name] ?? ''].flat().join(', ')]).toEqual([name, values.join(', ')])
  }
}

describe('foreman sends what a real Ollama was recorded to answer', () => {
  const replayed = async (one: Recording, variables: Variables = {}) => {
    const standIn = await startStandIn([one])
    const foreman = await startForeman({ target: standIn.url, variables })
    const { method, path, headers, body } = one.request
    return { standIn, answer: await send(foreman.url, { method, path, headers, body }) }
  }

  test.each(inferences)('$version, to a generating request: $name', async one => {
    const { standIn, answer } = await replayed(one)
    expectSame(answer, one)
    const sent = standIn.seen.find(request => request.path === one.request.path)
    expect(sent?.body).toBe(one.request.body ?? '')
  })

  test.each(others)('$version, to any other request: $name', async one => {
    expectSame((await replayed(one)).answer, one)
  })

  // Where the server itself is gone, there is no answer to compare.
  test.each(faultRecordings.filter(({ response }) => response.complete))(
    '0.24.0, when something fails behind it: $name',
    async one => {
      expectSame((await replayed(one, { FOREMAN_MAX_ATTEMPTS: '1' })).answer, one)
    },
  )

  const streams = inferences.filter(
    one => chunksOf(one).length > 1 && /ndjson|event-stream/.test(headerOf(one, 'content-type') ?? ''),
  )
  test.each(streams)('$version, each piece before the next is sent: $name', async one => {
    const standIn = await startStandIn([one], true)
    const foreman = await startForeman({ target: standIn.url })
    const pieces: string[] = []
    const { path, headers, body } = one.request
    const onPiece = (piece: Buffer) => {
      pieces.push(piece.toString())
      standIn.release()
    }
    await send(foreman.url, { path, headers, body, onPiece })
    expect(pieces).toEqual(chunksOf(one).map(String))
  })
})
