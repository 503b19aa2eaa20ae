import { expect, test } from 'vitest'
import { claimNext, newJob } from '../../testing/jobs.ts'
import { tempStore } from '../testing/temp-store.ts'

test('jobs that run and end need no more pages than they did in the queue', async () => {
  const { store, rows } = await tempStore()
  const now = Date.now()
  const jobs = Array.from({ length: 500 }, () => newJob())
  await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now })
  const pages = () => rows<{ pages: number }>(`SELECT count(*) AS pages FROM dbstat WHERE name = 'jobs'`)
  const before = pages()
  const usage = { promptTokens: 900, completionTokens: 800, loadMs: 70_000, promptMs: 600, answerMs: 50_000 }
  for (let left = jobs.length; left > 0; left--) {
    const claim = await claimNext(store, 'm', now, { reason: 'resident' })
    const end = { state: 'succeeded', answerAttempt: 1, statusCode: 200, usage, firstByteAt: now } as const
    await store.runs.finish(claim!, end, { now, ttlMs: 86_400_000 })
  }
  expect(pages()).toEqual(before)
})
