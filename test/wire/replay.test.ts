import { generatingEndpoint } from '@foreman/ollama-client'
import { describe, expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import {
  bodyOf,
  chunksOf,
  faultRecordings,
  headerOf,
  type Recording,
  recordings,
} from '../harness/recordings.ts'
import { type Answer, send } from '../harness/request.ts'
import { startStandIn } from '../harness/stand-in.ts'

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

describe('what a real Ollama was recorded to answer comes out of foreman', () => {
  test.each(inferences.map(one => [one.name, one] as const))(
    'to a generating request: %s',
    async (_name, one) => {
      const standIn = await startStandIn([one])
      const foreman = await startForeman({ target: standIn.url })
      const { method, path, headers, body } = one.request
      const answer = await send(foreman.url, { method, path, headers, body })
      expectSame(answer, one)
      const sent = standIn.seen.find(request => request.path === path)
      expect(sent?.body).toBe(body ?? '')
    },
  )

  test.each(others.map(one => [one.name, one] as const))('to any other request: %s', async (_name, one) => {
    const standIn = await startStandIn([one])
    const foreman = await startForeman({ target: standIn.url })
    const { method, path, headers, body } = one.request
    expectSame(await send(foreman.url, { method, path, headers, body }), one)
  })

  // Those in which the server itself is gone are no answers.
  const faults = faultRecordings.filter(({ response }) => response.complete)
  test.each(faults.map(one => [one.name, one] as const))(
    'when something fails behind it: %s',
    async (_name, one) => {
      const standIn = await startStandIn([one])
      const foreman = await startForeman({ target: standIn.url, variables: { FOREMAN_MAX_ATTEMPTS: '1' } })
      const { method, path, headers, body } = one.request
      expectSame(await send(foreman.url, { method, path, headers, body }), one)
    },
  )

  const streams = inferences.filter(
    one => chunksOf(one).length > 1 && /ndjson|event-stream/.test(headerOf(one, 'content-type') ?? ''),
  )
  test.each(streams.map(one => [one.name, one] as const))(
    'each piece before the next is sent: %s',
    async (_name, one) => {
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
    },
  )
})
