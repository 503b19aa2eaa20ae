import { describe, expect, test } from 'vitest'
import { appendPieces, claimNext, listJobs, runningJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, logOf, seqsOf, submitAll, submitMany } from './look.ts'

const head = { status: 200, headers: [] }
const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }

export const orderContract = (engine: Engine): void => {
  describe('the entries of one log', () => {
    test('rise in the order of what happened: head, body, and then the end', async () => {
      const { store } = await engine.create()
      const { job, claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, ending(2_000))
      const second = (await claimNext(store, 'm', 3_000))!
      const after = await appendPieces(store, second, { head, pieces: [Buffer.from('a'), Buffer.from('b')] })
      await store.submissions.cancel(job, ending(3_500))
      const rest = { after, output: { body: [Buffer.from('c')] } }
      await store.runs.finish(second, { state: 'failed', answerAttempt: 2, ...rest }, ending(4_000))
      const log = await logOf(store, job)
      expect(log.map(entry => (entry.kind === 'event' ? entry.event.type : entry.kind))).toEqual([
        'queued',
        'started',
        'head',
        'body',
        'released',
        'reset',
        'started',
        'head',
        'body',
        'body',
        'cancel_requested',
        'body',
        'failed',
      ])
      const ids = log.map(({ id }) => id)
      expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b))
      expect(log.map(({ attempt }) => attempt)).toEqual([0, 1, 1, 1, 1, ...Array<number>(8).fill(2)])
    })

    test('of jobs that run at the same time rise for each of them', async () => {
      const { store, open } = await engine.create()
      const other = await open({ role: 'worker' })
      const runs = [await runningJob(store, { groupKey: 'a' }), await runningJob(store, { groupKey: 'b' })]
      const after = [0, 0]
      for (let round = 0; round < 5; round++) {
        const ids = await Promise.all(
          runs.map(({ claim }, at) =>
            [store, other][at]!.runs.append(claim, { after: after[at]!, body: [Buffer.from(`${round}`)] }),
          ),
        )
        for (const [at, id] of ids.entries()) {
          expect(id).toBeGreaterThan(after[at]!)
          after[at] = id
        }
      }
      for (const { job } of runs) {
        const bodies = (await logOf(store, job)).flatMap(entry =>
          entry.kind === 'body' ? [entry.bytes.toString()] : [],
        )
        expect(bodies).toEqual(['0', '1', '2', '3', '4'])
      }
    })
  })

  test('jobs of a line start oldest first, whatever became of the others', async () => {
    const { store } = await engine.create()
    const jobs = await submitMany(store, 5)
    await store.submissions.cancel(jobs[1]!, ending(1_000))
    const order = []
    for (let claim = await claimNext(store); claim; claim = await claimNext(store)) order.push(claim.seq)
    expect(order).toEqual(seqsOf(jobs.filter((_, at) => at !== 1)))
  })

  test('a list is newest first, also when the clock was set back between', async () => {
    const { store } = await engine.create()
    const jobs = [...(await submitAll(store, [{}, {}], 9_000)), ...(await submitAll(store, [{}, {}], 1_000))]
    expect(seqsOf(await listJobs(store))).toEqual(seqsOf(jobs).toReversed())
  })
}
