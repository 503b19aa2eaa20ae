import { describe, expect, test } from 'vitest'
import { ANNOUNCED_ANSWER_BYTES } from '../../values.ts'
import { appendOutput, claimNext, listJobs, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, messagesOf, upkeep } from './look.ts'
import { allBacklogs, createOutbox, dueOf, START } from './outbox.ts'

const HOUR_MS = 3_600_000

export const messagesContract = (engine: Engine): void => {
  describe('a message', () => {
    test('is written for each change that the webhook reports, and shows the job after the change', async () => {
      const { store, subscribe } = await createOutbox(engine)
      const job = await subscribe('http://a.example/', [
        'job.queued',
        'job.started',
        'job.progress',
        'job.retrying',
        'job.failed',
      ])
      const first = (await claimNext(store, 'm', START + 1))!
      await store.runs.progress(first, { tokens: 1, now: START + 1 })
      await store.runs.release(first, { code: 'stall', spent: true }, ending(START + 2))
      const second = (await claimNext(store, 'm', START + 3))!
      await store.runs.finish(second, { state: 'failed', answerAttempt: null }, ending(START + 4))
      expect((await dueOf(store, START + 9)).map(({ body }) => body)).toEqual([
        `job.queued ${START} queued`,
        `job.started ${START + 1} running`,
        `job.progress ${START + 1} running`,
        `job.retrying ${START + 2} queued`,
        `job.started ${START + 3} running`,
        `job.failed ${START + 4} failed`,
      ])
      const messages = await messagesOf(store, job)
      expect(new Set(messages.map(({ id }) => id)).size).toBe(6)
      expect(messages[0]).toEqual({
        seq: expect.any(Number) as unknown,
        id: expect.stringMatching(/^msg_[0-9a-f]{32}$/) as unknown,
        jobSeq: job.seq,
        event: 'job.queued',
        url: 'http://a.example/',
        host: 'a.example',
        caller: 'default',
        state: 'pending',
        failures: 0,
        nextAttemptAt: START,
        createdAt: START,
        finishedAt: null,
      })
      expect(await store.deliveries.byId(messages[0]!.id)).toEqual(messages[0])
      expect(await store.deliveries.byId('msg_0')).toBeUndefined()
    })

    test('is not written for a job without a webhook, nor for an event that the webhook does not name', async () => {
      const { store, subscribe } = await createOutbox(engine)
      await submitJob(store, { metadata: '{"a":1}' }, START)
      await subscribe('http://a.example/', ['job.failed'])
      expect(await allBacklogs(store)).toEqual([])
    })

    test('is never left out: a store that cannot write it refuses the change', async () => {
      const { store } = await engine.create({ compose: undefined })
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      await expect(submitJob(store, { webhook }, START)).rejects.toThrow(/opened without `compose`/)
      expect(await listJobs(store)).toEqual([])
    })

    test('that cannot be composed is reported when somebody asks for that, and the change takes place', async () => {
      const errors: unknown[] = []
      const { store } = await engine.create({
        compose: () => {
          throw new Error('a fault')
        },
        onMessageError: (...args) => errors.push(args),
      })
      const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
      const { seq } = await submitJob(store, { webhook }, START)
      expect(await store.records.bySeq(seq)).toMatchObject({ state: 'queued' })
      expect(await messagesOf(store, { seq })).toEqual([])
      expect(errors).toEqual([[expect.objectContaining({ message: 'a fault' }), seq]])
    })
  })

  test.each([
    ['in few pieces', 10, 1, '10 bytes'],
    ['in many pieces', 2_000, 1, '2000 bytes'],
    ['that is as long as it may be', 16, ANNOUNCED_ANSWER_BYTES / 16, `${ANNOUNCED_ANSWER_BYTES} bytes`],
    ['that is longer', 17, ANNOUNCED_ANSWER_BYTES / 16, 'no answer'],
  ])('a message can read an answer %s (%i pieces of %i bytes)', async (_what, pieces, bytes, expected) => {
    const { store } = await engine.create({
      compose: ({ answer }) => {
        const body = answer()?.body
        return body ? `${Buffer.concat(body).byteLength} bytes` : 'no answer'
      },
    })
    const webhook = { url: 'http://a.example/', events: ['job.succeeded'] } as const
    const { claim } = await runningJob(store, { webhook }, START)
    const body = Array.from({ length: pieces }, () => Buffer.alloc(bytes))
    const after = await appendOutput(store, claim, { head: { status: 200, headers: [] }, body })
    await store.runs.finish(claim, { state: 'succeeded', after, answerAttempt: 1 }, ending(START))
    expect((await dueOf(store, START)).map(message => message.body)).toEqual([expected])
  })

  test('a message of a job without an answer has none to read', async () => {
    const { store } = await engine.create({ compose: ({ answer }) => typeof answer() })
    const webhook = { url: 'http://a.example/', events: ['job.queued', 'job.started', 'job.failed'] } as const
    const { claim } = await runningJob(store, { webhook }, START)
    await store.runs.finish(claim, { state: 'failed', answerAttempt: null }, ending(START))
    expect((await dueOf(store, START)).map(({ body }) => body)).toEqual(Array(3).fill('undefined'))
  })

  test('a message of an attempt whose answer came with its end can read it', async () => {
    const { store } = await engine.create({
      compose: ({ answer }) => {
        const { head, body } = answer()!
        return `${head.status} ${Buffer.concat(body).toString()}`
      },
    })
    const webhook = { url: 'http://a.example/', events: ['job.failed'] } as const
    const { claim } = await runningJob(store, { webhook }, START)
    const output = { head: { status: 503, headers: [] }, body: [Buffer.from('busy')] }
    await store.runs.finish(claim, { state: 'failed', answerAttempt: 1, output }, ending(START))
    expect((await dueOf(store, START)).map(({ body }) => body)).toEqual(['503 busy'])
  })

  test('a job is deleted with its messages, but only when they have ended or are too old', async () => {
    const { store, subscribe, record, tested } = await createOutbox(engine)
    const url = 'http://a.example/'
    const [first, second] = await Promise.all([subscribe(url), subscribe(url)])
    for (const job of [first, second]) await store.submissions.cancel(job, ending(START))
    await record(first, { kind: 'dead' })
    const left = async () => (await listJobs(store)).map(({ seq }) => seq)
    expect(await upkeep(store, START + 2 * HOUR_MS)).toBe(1)
    expect(await left()).toEqual([second.seq])
    expect((await store.records.bySeq(second.seq))?.expiresAt).toBe(START + 3 * HOUR_MS)
    expect(await tested.counts()).toMatchObject({ deliveries: 1, attempts: 0 })
    await upkeep(store, START + 73 * HOUR_MS)
    expect(await left()).toEqual([])
    expect(await allBacklogs(store)).toEqual([])
    expect(await tested.counts()).toMatchObject({ deliveries: 0, attempts: 0 })
  })
}
