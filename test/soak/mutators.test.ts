import { describe, expect, test } from 'vitest'
import { Dice } from './dice.ts'
import { rightFramings, smallFramings, wrongFramings } from './framings.ts'
import { edits, growths, mutated } from './mutators.ts'
import { packed, packings } from './packings.ts'
import { rightRequest } from './requests.ts'

const BODY = Buffer.from('{"model":"plain","prompt":"Hello!","options":{"num_predict":5}}')
const MAX_BYTES = 100_000
const LIMITS = { maxBytes: MAX_BYTES, maxBytesOfValues: 10_000 }

test('the same seed makes the same choices, another seed others', () => {
  const throws = (seed: number) => Array.from({ length: 20 }, (_, at) => [at, new Dice(seed).below(1_000)])
  const row = (seed: number) => {
    const dice = new Dice(seed)
    return [dice.fork().below(1_000_000), ...throws(seed), dice.pick(['a', 'b', 'c']), dice.next()]
  }
  expect(row(7)).toEqual(row(7))
  expect(row(7)).not.toEqual(row(8))
})

test.each(Object.entries({ ...edits, ...growths, mutated }))(
  'the mutator “%s” is pure: the same dice make the same body, and the one before stays as it was',
  (_what, mutate) => {
    const before = Buffer.from(BODY)
    for (let seed = 0; seed < 50; seed++) {
      const one = mutate(BODY, new Dice(seed), LIMITS)
      expect(one.equals(mutate(BODY, new Dice(seed), LIMITS))).toBe(true)
    }
    expect(BODY.equals(before)).toBe(true)
  },
)

test('growths reach the limit, and go beyond it by a byte', () => {
  const sizes = Array.from(
    { length: 200 },
    (_, at) => growths['a long text']!(BODY, new Dice(at), LIMITS).length,
  )
  expect(sizes).toContain(MAX_BYTES)
  expect(sizes).toContain(MAX_BYTES + 1)
  expect(Math.max(...sizes)).toBe(MAX_BYTES + 1)
})

test('many values stay below their own limit, unless foreman refuses them itself', () => {
  const sizesOf = (body: Buffer) =>
    Array.from({ length: 200 }, (_, at) => growths['a list of objects']!(body, new Dice(at), LIMITS).length)
  expect(Math.max(...sizesOf(BODY))).toBeLessThanOrEqual(LIMITS.maxBytesOfValues + 1)
  const job = Buffer.from(`{"request":${BODY.toString()}}`)
  expect(Math.max(...sizesOf(job))).toBeGreaterThan(MAX_BYTES - 10)
})

describe.each(Object.entries(packings))('the packing “%s”', (_what, packing) => {
  test('is pure', () => {
    const request = { path: '/v1/messages', headers: [], body: BODY }
    expect(packed(request, packing, new Dice(1))).toEqual(packed(request, packing, new Dice(1)))
  })
})

describe.each(Object.entries({ ...rightFramings, ...smallFramings, ...wrongFramings }))(
  'the framing “%s”',
  (_what, framing) => {
    test('is pure, and takes an empty body', () => {
      const request = { path: '/api/chat', headers: [], body: BODY }
      expect(framing(request, new Dice(1))).toEqual(framing(request, new Dice(1)))
      expect(framing({ ...request, body: Buffer.alloc(0) }, new Dice(1)).steps.length).toBeGreaterThan(0)
    })
  },
)

test('right requests are of all dialects, and to /jobs and /jobs/batch', () => {
  const dice = new Dice(1)
  const paths = new Set(Array.from({ length: 2_000 }, () => rightRequest(dice).path))
  expect([...paths].toSorted()).toEqual([
    '/api/chat',
    '/api/embed',
    '/api/embeddings',
    '/api/generate',
    '/jobs',
    '/jobs/batch',
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/embeddings',
    '/v1/messages',
    '/v1/responses',
  ])
})
