import type { JobRecord, Store } from '@foreman/store'
import { expect, test } from 'vitest'
import { submitTo } from '../testing/submit.ts'
import { tempStore } from '../testing/temp-store.ts'
import { type StoredResult, StoredResults } from './stored-result.ts'

const LINE = '{"response":"xxxxxxxxxx","done":true}\n'
const RESULT = '{"response":"xxxxxxxxxx","done":true}'

/** A job that has ended with this stream. */
const streamed = (store: Store, body: string): JobRecord => {
  const { seq } = submitTo(store)
  const claim = store.queue.claimNext('m', 'first', 1_000, 1_000)!
  const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }
  store.runs.append(claim, { head, body: Buffer.from(body) })
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, 2_000, 3_600_000)
  return store.records.bySeq(seq)!
}

const textOf = async ({ json = [] }: StoredResult): Promise<string> =>
  Buffer.concat(await Array.fromAsync(json)).toString()

test('a result is refused while too many others are in memory, and given once they have been sent', async () => {
  const store = tempStore()
  const job = streamed(store, LINE)
  const results = new StoredResults(store, 2 * RESULT.length)
  const sent = Promise.withResolvers<void>()
  const held: Promise<void>[] = []
  for (let at = 0; at < 2; at++) {
    const begun = Promise.withResolvers<void>()
    const send = () => {
      begun.resolve()
      return sent.promise
    }
    held.push(results.use(job, send))
    await begun.promise
  }
  await expect(results.use(job, () => Promise.resolve())).rejects.toMatchObject({
    status: 503,
    headers: { 'Retry-After': '5' },
  })
  sent.resolve()
  await Promise.all(held)
  let shown = ''
  await results.use(job, async result => void (shown = await textOf(result)))
  expect(shown).toBe(RESULT)
})

test('large answers are read one after the other, and each is given to its caller', async () => {
  const store = tempStore()
  const results = new StoredResults(store)
  const count = 60_000
  const jobs = ['a', 'b', 'c'].map(letter =>
    streamed(store, `{"response":"${letter}","created_at":"2030-01-31"}\n`.repeat(count)),
  )
  const shown: string[] = []
  await Promise.all(jobs.map(job => results.use(job, async result => void shown.push(await textOf(result)))))
  expect(shown.map(text => text.replace(/([abc])\1+/, '$1')).toSorted()).toEqual(
    ['a', 'b', 'c'].map(letter => `{"response":"${letter}","created_at":"2030-01-31"}`),
  )
  expect(shown.every(text => text.length > count)).toBe(true)
})
