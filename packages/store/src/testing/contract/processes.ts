import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { JobLostError } from '../../errors.ts'
import { appendOutput, listJobs, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, everything, readAll, seqsOf, stateOf, submitAll } from './look.ts'

export const processesContract = (engine: Engine): void => {
  describe('several processes on one store', () => {
    test('share a name', async () => {
      const { store, open } = await engine.create()
      expect(store.deployment).toMatch(/^foreman-[0-9a-f]{16}$/)
      expect((await open({ role: 'worker' })).deployment).toBe(store.deployment)
      expect((await engine.create()).store.deployment).not.toBe(store.deployment)
    })

    test('see what each of them has written, as soon as it is written', async () => {
      const { store: gateway, open } = await engine.create()
      const worker = await open({ role: 'worker' })
      const job = await submitJob(gateway)
      const { claims } = await worker.queue.claim(
        {
          groupKey: 'm',
          priority: 1,
          token: 't',
          upTo: 1,
          isIdle: true,
          reason: 'first',
          turnStartedAt: 1_000,
        },
        1_000,
      )
      expect(seqsOf(claims)).toEqual([job.seq])
      expect(await stateOf(gateway, job)).toBe('running')
      await gateway.submissions.cancel(job, ending(2_000))
      expect(await worker.runs.cancelRequests()).toEqual([job.seq])
      const head = { status: 200, headers: [] }
      await worker.runs.append(claims[0]!, { after: 0, head, body: [Buffer.from('x')] })
      expect((await readAll(gateway, job)).pieces).toEqual(['head 200', 'x'])
    })

    test('find a store as it was left', async () => {
      const tested = await engine.create()
      await runningJob(tested.store, { metadata: '{"a":1}' })
      await submitJob(tested.store, { groupKey: 'other' })
      const before = await everything(tested)
      await tested.store.close()
      const again = await tested.open({ role: 'worker' })
      expect(await everything({ ...tested, store: again })).toEqual(before)
    })
  })

  test('what was asked for before a store was closed is done', async () => {
    const { store, open } = await engine.create()
    const { claim } = await runningJob(store, { groupKey: 'running' })
    const head = { status: 200, headers: [] }
    const asked = [submitJob(store), store.runs.append(claim, { after: 0, head }), submitJob(store)] as const
    await store.close()
    const [first, , second] = await Promise.all(asked)
    const reader = await open()
    const queued = seqsOf(await listJobs(reader, { state: 'queued' }))
    expect(new Set(queued)).toEqual(new Set(seqsOf([first, second])))
    expect((await readAll(reader, claim)).pieces).toEqual(['head 200'])
  })

  test('an upkeep that is under way when a store is closed comes to its end', async () => {
    const { store, open } = await engine.create()
    const job = await submitJob(store)
    await store.submissions.cancel(job, ending(1_000, 0))
    const other = await open()
    const asked = [other.upkeep.step(1_000), other.queue.failOverdue(ending(1_000))] as const
    await other.close()
    expect((await Promise.all(asked))[0]).toMatchObject({ expired: 1, failed: [] })
    expect(await listJobs(store)).toEqual([])
  })

  test('the calls of one process about one job take effect in their order', async () => {
    const { store } = await engine.create()
    const { job, claim } = await runningJob(store)
    const progress = [1, 2, 3].map(tokens => store.runs.progress(claim, { tokens, now: tokens }))
    const end = store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(4))
    const late = store.runs.progress(claim, { tokens: 9, now: 9 })
    await Promise.all([...progress, end])
    await expect(late).rejects.toThrow(JobLostError)
    expect((await store.records.bySeq(job.seq))?.tokens).toBe(3)
  })

  test('a write that fails leaves those beside it done', async () => {
    const { store } = await engine.create()
    const { claim } = await runningJob(store, { groupKey: 'running' })
    const foreign = { ...claim, token: 'another' }
    const outcomes = await Promise.allSettled([
      submitJob(store),
      store.runs.finish(foreign, { state: 'succeeded', answerAttempt: 1 }, ending(2_000)),
      submitJob(store),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await listJobs(store, { state: 'queued' })).toHaveLength(2)
    expect(await stateOf(store, claim)).toBe('running')
  })

  test('what a verb is given may be used again at once, and what it returns is its own', async () => {
    const { store } = await engine.create()
    const job = { ...newJob(), body: Buffer.from('before') }
    const [submitted] = await store.submissions.enqueue({ jobs: [job], groupKeyOf: () => 'm', now: 1 })
    job.body.fill('z')
    const request = (await store.records.request(submitted!.seq))!
    expect(request.body.toString()).toBe('before')
    request.body.fill('z')
    Object.assign(request.headers, { 0: ['changed', 'x'] })
    expect(await store.records.request(submitted!.seq)).toMatchObject({
      headers: job.headers,
      body: Buffer.from('before'),
    })
  })

  describe('one who only reads', () => {
    test('sees what the store holds, and what is written afterwards', async () => {
      const { store, openReader } = await engine.create()
      const { job, claim } = await runningJob(store)
      const reader = await openReader()
      expect((await reader.records.byId(job.id))?.state).toBe('running')
      expect(await reader.workers.active()).toBeUndefined()
      await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, 2)
      await store.target.note({ state: 'up', since: 5 })
      await appendOutput(store, claim, { head: { status: 200, headers: [] }, body: Buffer.from('x') })
      expect(await reader.workers.active()).toMatchObject({ id: 'w', heartbeatAt: 2 })
      expect(await reader.target.read()).toMatchObject({ state: 'up', since: 5 })
      expect((await reader.output.read(job.seq, undefined))?.pieces).toMatchObject([
        { kind: 'head' },
        { kind: 'body', bytes: Buffer.from('x') },
      ])
      await submitAll(store, [{}, {}])
      const listed = await Array.fromAsync(reader.records.list({ limit: 9 }))
      expect(seqsOf(listed.flat())).toEqual(seqsOf(await listJobs(store)))
    })

    test('changes nothing', async () => {
      const tested = await engine.create()
      const { job } = await runningJob(tested.store)
      const before = await everything(tested)
      const reader = await tested.openReader()
      await reader.records.log(job.seq, 0)
      await reader.output.read(job.seq, undefined)
      await reader.close()
      expect(await everything(tested)).toEqual(before)
    })

    test('leaves the processes on the store alone when it closes', async () => {
      const { store, openReader }: { store: Store; openReader: () => Promise<{ close(): Promise<void> }> } =
        await engine.create()
      const reader = await openReader()
      await reader.close()
      expect((await submitJob(store)).isReplayed).toBe(false)
    })
  })
}
