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
  expect([one.name, answer.status]).toEqual([one.name, one.response.status])
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

interface Group {
  readonly version: string
  /** Which of several answers to the same requests. */
  readonly take: number
  readonly ones: readonly Recording[]
}

/** Recordings that one target can answer, because their requests differ: as few groups of them as there can be. */
const groupsOf = (all: readonly Recording[]): Group[] => {
  const takes = new Map<string, number>()
  const numbered = all.map(one => {
    const { method, path, headers, body } = one.request
    const key = JSON.stringify([one.version, method, path, headers['origin'], body])
    const take = (takes.get(key) ?? 0) + 1
    takes.set(key, take)
    return { one, take }
  })
  return [...Map.groupBy(numbered, ({ one, take }) => `${one.version} ${take}`).values()].map(group => ({
    version: group[0]!.one.version,
    take: group[0]!.take,
    ones: group.map(({ one }) => one),
  }))
}

describe('foreman sends what a real Ollama was recorded to answer', () => {
  const start = async (ones: readonly Recording[], variables: Variables = {}) => {
    const standIn = await startStandIn(ones)
    const foreman = await startForeman({ target: standIn.url, variables })
    const replayed = ({ request: { method, path, headers, body } }: Recording) =>
      send(foreman.url, { method, path, headers, body })
    return { standIn, replayed }
  }

  test.each(groupsOf(inferences))('$version, to generating requests, answers no. $take', async ({ ones }) => {
    const { standIn, replayed } = await start(ones)
    for (const one of ones) {
      expectSame(await replayed(one), one)
      const { path, body = '' } = one.request
      expect(standIn.seen.some(request => request.path === path && request.body === body)).toBe(true)
    }
  })

  test.each(groupsOf(others))('$version, to all other requests, answers no. $take', async ({ ones }) => {
    const { replayed } = await start(ones)
    for (const one of ones) expectSame(await replayed(one), one)
  })

  // Where the server itself is gone, there is no answer to compare.
  test.each(faultRecordings.filter(({ response }) => response.complete))(
    '0.24.0, when something fails behind it: $name',
    async one => {
      const { replayed } = await start([one], { FOREMAN_MAX_ATTEMPTS: '1' })
      expectSame(await replayed(one), one)
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
