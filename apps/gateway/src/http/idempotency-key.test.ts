import { runSteps } from '@foreman/ollama-client'
import { expect, test } from 'vitest'
import { idempotencyOf, keyOfBatchJob } from './idempotency-key.ts'

const body = Buffer.from('{}')
const keyed = (key: string, path = '/jobs', bytes = body) =>
  runSteps(idempotencyOf({ headers: { 'idempotency-key': key } }, path, bytes))!

test('a request without the header has no key', () => {
  expect(runSteps(idempotencyOf({ headers: {} }, '/jobs', body))).toBeUndefined()
})

test('a quoted key equals the same key without quotes', () => {
  expect(keyed('"a b"')).toEqual(keyed('a b'))
  expect(keyed('a b')).not.toEqual(keyed('a c'))
})

test.each(['', '""', 'x'.repeat(256), 'caf\u00e9', 'tab\there'])('%j is refused', key => {
  expect(() => keyed(key)).toThrow(/1 to 255 printable/)
})

test('a key of 255 characters is accepted', () => {
  expect(keyed('x'.repeat(255)).key).toContain('x'.repeat(255))
})

test('the hash depends on path and body', () => {
  const { hash } = keyed('k')
  expect(keyed('k').hash).toEqual(hash)
  expect(keyed('k', '/api/chat').hash).not.toEqual(hash)
  expect(keyed('k', '/jobs', Buffer.from('[]')).hash).not.toEqual(hash)
})

test('the hash of a body of several steps depends on its last byte', () => {
  const long = Buffer.alloc(3_000_000, 'x')
  const { hash } = keyed('k', '/jobs', long)
  expect(keyed('k', '/jobs', Buffer.from(long)).hash).toEqual(hash)
  expect(keyed('k', '/jobs', Buffer.concat([long.subarray(1), Buffer.from('y')])).hash).not.toEqual(hash)
})

test('the hash depends on the pieces of a body', () => {
  const hashOf = (...pieces: string[]) =>
    runSteps(
      idempotencyOf(
        { headers: { 'idempotency-key': 'k' } },
        '/jobs',
        pieces.map(piece => Buffer.from(piece)),
      ),
    )!.hash
  expect(hashOf('ab', 'c')).toEqual(hashOf('ab', 'c'))
  expect(hashOf('ab', 'c')).not.toEqual(hashOf('a', 'bc'))
})

test('each job of a batch has a key of its own, which no single job can have', () => {
  const of = (index: number, key: string) => keyOfBatchJob(keyed(key), index).key
  const keys = [keyed('k').key, keyed('1 of one k').key, of(0, 'k'), of(1, 'k'), of(1, '1 of one k')]
  expect(new Set(keys).size).toBe(keys.length)
})
