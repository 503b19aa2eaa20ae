import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { forwardedHeaders, jobHeaders, relayedHeaders } from './headers.ts'

const requestWith = (...headers: [name: string, value: string][]): IncomingMessage =>
  ({ rawHeaders: headers.flat() }) as unknown as IncomingMessage

const endToEnd: [string, string][] = [
  ['Content-Type', 'application/json'],
  ['ACCEPT', '*/*'],
  ['X-Twice', 'a'],
  ['x-twice', 'b'],
  ['User-Agent', 'test'],
  ['Forwarded', 'for=1.2.3.4'],
]

const neverForwarded = [
  'Host',
  'Cookie',
  'Authorization',
  'Proxy-Authorization',
  'X-Api-Key',
  'Expect',
  'Origin',
  'Prefer',
  'Idempotency-Key',
  'X-Foreman-On-Disconnect',
  'X-Foreman-Anything',
]
const hopByHop = [
  'Keep-Alive',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Proxy-Connection',
  'Proxy-Authenticate',
]

describe.each([
  ['forwarded', forwardedHeaders],
  ['stored with a job', jobHeaders],
])('headers that are %s', (_what, kept) => {
  test('end-to-end headers keep their order, case and repetitions', () => {
    expect(kept(requestWith(...endToEnd))).toEqual(endToEnd)
  })

  test.each([...neverForwarded, ...hopByHop])('%s is dropped, in whatever case', name => {
    const others = requestWith(
      ['A', '1'],
      [name, 'x'],
      [name.toLowerCase(), 'y'],
      [name.toUpperCase(), 'z'],
      ['B', '2'],
    )
    expect(kept(others)).toEqual([
      ['A', '1'],
      ['B', '2'],
    ])
  })

  test('Connection and the headers that it names are dropped', () => {
    const request = requestWith(
      ['Connection', 'close, X-Hop ,x-other'],
      ['X-Hop', '1'],
      ['CONNECTION', 'x-third'],
      ['X-Other', '2'],
      ['x-Third', '3'],
      ['X-Stays', '4'],
    )
    expect(kept(request)).toEqual([['X-Stays', '4']])
  })

  test('a request may have no headers', () => {
    expect(kept(requestWith())).toEqual([])
  })
})

test('Content-Length is forwarded, but not stored with a job', () => {
  const request = requestWith(['Content-Length', '5'], ['A', '1'])
  expect(forwardedHeaders(request)).toEqual([
    ['Content-Length', '5'],
    ['A', '1'],
  ])
  expect(jobHeaders(request)).toEqual([['A', '1']])
})

test('Accept-Encoding is forwarded, but not stored with a job: foreman must be able to read the answer', () => {
  expect(jobHeaders(requestWith(['Accept-Encoding', 'gzip, br']))).toEqual([])
  expect(forwardedHeaders(requestWith(['Accept-Encoding', 'gzip']))).toEqual([['Accept-Encoding', 'gzip']])
})

describe('headers of an answer', () => {
  test('end-to-end headers are relayed unchanged, and the added ones follow', () => {
    const headers = [
      ['Content-Type', 'a/b'],
      ['Set-Cookie', '1'],
      ['Set-Cookie', '2'],
      ['Content-Length', '3'],
    ] as const
    expect(relayedHeaders(headers, [['X-Foreman-Job-Id', 'job_1']])).toEqual([
      ...headers.flat(),
      'X-Foreman-Job-Id',
      'job_1',
    ])
    expect(relayedHeaders(headers)).toEqual(headers.flat())
  })

  test.each([...hopByHop, 'Connection'])('%s is not relayed', name => {
    expect(
      relayedHeaders([
        [name, 'x'],
        ['A', '1'],
      ]),
    ).toEqual(['A', '1'])
  })

  test('the job of a foreman behind this one is none of the caller, and what is added replaces what was there', () => {
    const inner = [
      ['X-Foreman-Job-Id', 'job_inner'],
      ['x-foreman-stale', '1'],
    ] as const
    expect(relayedHeaders(inner)).toEqual(['x-foreman-stale', '1'])
    expect(relayedHeaders(inner, [['X-Foreman-Stale', '2']])).toEqual(['X-Foreman-Stale', '2'])
  })

  test('the headers that Connection names are not relayed', () => {
    expect(
      relayedHeaders([
        ['Connection', 'X-Hop'],
        ['x-hop', '1'],
        ['A', '1'],
      ]),
    ).toEqual(['A', '1'])
  })
})
