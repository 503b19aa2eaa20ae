import { expect, test } from 'vitest'
import { idempotencyOf, keyOfBatchJob } from './idempotency-key.ts'

const body = Buffer.from('{}')
const keyed = (key: string, path = '/jobs', bytes = body) =>
  idempotencyOf({ headers: { 'idempotency-key': key } }, path, bytes)!

test('a request without the header has no key', () => {
  expect(idempotencyOf({ headers: {} }, '/jobs', body)).toBeUndefined()
})

test('a key is the same quoted and bare', () => {
  expect(keyed('"a b"')).toEqual(keyed('a b'))
  expect(keyed('a b')).not.toEqual(keyed('a c'))
})

test.each(['', '""', 'x'.repeat(256), 'caf\u00e9', 'tab\there'])('%j is no key', key => {
  expect(() => keyed(key)).toThrow(/1 to 255 printable/)
})

test('the longest key is one', () => {
  expect(keyed('x'.repeat(255)).key).toContain('x'.repeat(255))
})

test('a request is the same when its path and its body are', () => {
  const { hash } = keyed('k')
  expect(keyed('k').hash).toEqual(hash)
  expect(keyed('k', '/api/chat').hash).not.toEqual(hash)
  expect(keyed('k', '/jobs', Buffer.from('[]')).hash).not.toEqual(hash)
})

test('no two jobs of a batch have the same key, nor one of them that of a single job', () => {
  const of = (index: number, key: string) => keyOfBatchJob(keyed(key), index).key
  const keys = [keyed('k').key, keyed('1 of one k').key, of(0, 'k'), of(1, 'k'), of(1, '1 of one k')]
  expect(new Set(keys).size).toBe(keys.length)
})
