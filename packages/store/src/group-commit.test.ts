import { describe, expect, test } from 'vitest'
import { JobLostError } from './errors.ts'
import { HOUR_MS, newJob, runningJob, tempStore } from './testing/temp-store.ts'

describe('writes in the same turn of the event loop', () => {
  test('share one commit, in the order of the calls', async () => {
    const temp = tempStore()
    const { store } = temp
    const jobs = await Promise.all(
      ['a', 'b', 'c'].map(model =>
        store.together('full', () => store.submissions.enqueue(newJob({ model }), 1_000)),
      ),
    )
    expect(jobs.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(temp.rows('SELECT model FROM jobs ORDER BY seq')).toEqual([
      { model: 'a' },
      { model: 'b' },
      { model: 'c' },
    ])
  })

  test('succeed or fail each by itself', async () => {
    const temp = tempStore()
    const { store } = temp
    const { claim } = runningJob(store)
    const foreign = { ...claim, token: 'another' }
    const outcomes = await Promise.allSettled([
      store.together('normal', () => store.runs.append(claim, { body: Buffer.from('1') })),
      store.together('full', () =>
        store.runs.finish(foreign, { state: 'succeeded', answerAttempt: 1 }, 2_000, HOUR_MS),
      ),
      store.together('normal', () => store.runs.append(claim, { body: Buffer.from('2') })),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(outcomes[1]).toMatchObject({ reason: expect.any(JobLostError) as unknown })
    const read = store.output.read(claim.seq, undefined)
    expect(read?.pieces).toHaveLength(2)
    expect(read?.job.state).toBe('running')
  })

  test('all fail while another process writes, and none is done', async () => {
    const temp = tempStore()
    temp.run('BEGIN IMMEDIATE')
    const outcomes = await Promise.allSettled(
      [1, 2].map(() => temp.store.together('full', () => temp.store.submissions.enqueue(newJob(), 1_000))),
    )
    temp.run('ROLLBACK')
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(temp.rows('SELECT seq FROM jobs')).toEqual([])
  })

  test('are not lost when the store is closed before their commit', async () => {
    const temp = tempStore()
    const written = temp.store.together('full', () => temp.store.submissions.enqueue(newJob(), 1_000))
    temp.store.close()
    expect((await written).seq).toBe(1)
  })
})
