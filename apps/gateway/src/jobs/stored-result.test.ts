import type { JobRecord, Store } from '@foreman/store'
import { submitJob } from '@foreman/store/testing'
import { expect, test } from 'vitest'
import { runJob } from '../testing/answer.ts'
import { tempStore } from '../testing/temp-store.ts'
import { type StoredResult, StoredResults } from './stored-result.ts'

const LINE = '{"response":"xxxxxxxxxx","done":true}\n'
const RESULT = '{"response":"xxxxxxxxxx","done":true}'

/** A job that has ended with this stream. */
const streamed = async (store: Store, body: string): Promise<JobRecord> => {
  const { seq } = await submitJob(store, { path: '/api/generate', endpoint: '/api/generate' })
  await runJob(store, body)
  return (await store.records.bySeq(seq))!
}

const textOf = async ({ json = [] }: StoredResult): Promise<string> =>
  Buffer.concat(await Array.fromAsync(json)).toString()

/** Reads a result, and keeps it until `send` has ended. */
const use = async (results: StoredResults, job: JobRecord, send: (result: StoredResult) => Promise<void>) => {
  using result = await results.open(job)
  await send(result)
}

test('a result is refused while too many others are in memory, and given once they have been sent', async () => {
  const store = await tempStore()
  const job = await streamed(store, LINE)
  const results = new StoredResults(store, 2 * RESULT.length)
  const sent = Promise.withResolvers<void>()
  const held: Promise<void>[] = []
  for (let at = 0; at < 2; at++) {
    const begun = Promise.withResolvers<void>()
    const send = () => {
      begun.resolve()
      return sent.promise
    }
    held.push(use(results, job, send))
    await begun.promise
  }
  await expect(use(results, job, () => Promise.resolve())).rejects.toMatchObject({
    status: 503,
    headers: { 'Retry-After': '5' },
  })
  sent.resolve()
  await Promise.all(held)
  let shown = ''
  await use(results, job, async result => void (shown = await textOf(result)))
  expect(shown).toBe(RESULT)
})

test('large answers are read one after the other, and each is given to its caller', async () => {
  const store = await tempStore()
  const results = new StoredResults(store)
  const count = 60_000
  const jobs: JobRecord[] = []
  for (const letter of ['a', 'b', 'c'])
    jobs.push(await streamed(store, `{"response":"${letter}","created_at":"2030-01-31"}\n`.repeat(count)))
  const shown: string[] = []
  await Promise.all(jobs.map(job => use(results, job, async result => void shown.push(await textOf(result)))))
  expect(shown.map(text => text.replace(/([abc])\1+/, '$1')).toSorted()).toEqual(
    ['a', 'b', 'c'].map(letter => `{"response":"${letter}","created_at":"2030-01-31"}`),
  )
  expect(shown.every(text => text.length > count)).toBe(true)
})
