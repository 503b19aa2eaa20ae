import { generatingEndpoints } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'
import { zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decodedBody, isEncoded } from './decoded-body.ts'

const MAX_DECODED_BYTES = 20 * 1024 * 1024
const plain = Buffer.from('{"model":"plain"}')
const packed = zstdCompressSync(plain)
const encoded = (...values: string[]): HeaderPairs => values.map(value => ['content-Encoding', value])
const decode = (path: string, body: Buffer, headers: HeaderPairs) =>
  decodedBody(
    body,
    headers,
    generatingEndpoints.find(endpoint => endpoint.path === path)!,
  )

describe('a body is decompressed', () => {
  test.each<[path: string, headers: HeaderPairs, isDecoded: boolean]>([
    ['/v1/chat/completions', encoded('zstd'), true],
    ['/v1/messages', encoded('zstd'), true],
    ['/v1/responses', encoded('zstd', 'gzip'), true],
    ['/v1/responses', encoded('gzip', 'zstd'), false],
    ['/v1/responses', encoded('zstd, gzip'), false],
    ['/v1/responses', encoded('ZSTD'), false],
    ['/v1/responses', [], false],
    ['/api/chat', encoded('zstd'), false],
  ])('on %s with the headers %j: %s', async (path, headers, isDecoded) => {
    expect(await decode(path, packed, headers)).toEqual(isDecoded ? plain : packed)
  })

  test('as often as many callers ask for it at the same time', async () => {
    const all = Array.from({ length: 20 }, () => decode('/v1/messages', packed, encoded('zstd')))
    expect(await Promise.all(all)).toEqual(all.map(() => plain))
  })
})

test.each<[what: string, body: Buffer, status: number]>([
  ['is not zstd', plain, 400],
  ['becomes too large', zstdCompressSync(Buffer.alloc(MAX_DECODED_BYTES + 1)), 413],
  ['has too many frames', Buffer.concat(Array.from({ length: 100 }, () => packed)), 400],
])('a body that %s is refused', async (_, body, status) => {
  await expect(decode('/v1/messages', body, encoded('zstd'))).rejects.toMatchObject({
    name: 'Refusal',
    status,
  })
})

test.each<[HeaderPairs, boolean]>([
  [[], false],
  [encoded(''), false],
  [encoded('Identity'), false],
  [encoded('gzip'), true],
])('a request with the headers %j says that its body is encoded: %s', (headers, is) => {
  expect(isEncoded(headers)).toBe(is)
})
