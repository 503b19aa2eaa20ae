import { submitJob } from '@foreman/store/testing'
import { describe, expect, test } from 'vitest'
import { BodyMemory } from '../http/body-memory.ts'
import { tempStore } from '../testing/temp-store.ts'
import { withStoredRequest } from './stored-request.ts'

const body = Buffer.alloc(100_000, ' ')

const start = async (maxBytes: number) => {
  const store = await tempStore()
  const { seq } = await submitJob(store, { body })
  const bodyMemory = new BodyMemory(maxBytes)
  const other = bodyMemory.open(() => undefined)
  other.add(1_000)
  other.complete()
  return { seq, bodyMemory, options: { store, bodyMemory } }
}

describe('the body of a stored request', () => {
  test('counts like one that a caller sends, until it is used', async () => {
    const { seq, bodyMemory, options } = await start(200_000)
    const used = await withStoredRequest(seq, options, async request => {
      expect(bodyMemory.bytes).toBe(101_000)
      return request?.body
    })
    expect(used).toEqual(body)
    expect(bodyMemory.bytes).toBe(1_000)
  })

  test('is not read when it does not fit into memory', async () => {
    const { seq, bodyMemory, options } = await start(100_500)
    const using = withStoredRequest(seq, options, async () => 'used')
    await expect(using).rejects.toMatchObject({ status: 503, code: 'too_many_bytes' })
    expect(bodyMemory.bytes).toBe(1_000)
  })

  test('is undefined when it is no longer kept', async () => {
    const { options } = await start(200_000)
    expect(await withStoredRequest(99, options, async request => request)).toBeUndefined()
  })
})
