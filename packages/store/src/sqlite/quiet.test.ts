import { expect, test } from 'vitest'
import type { Store } from '../contract.ts'
import { ending, upkeep } from '../testing/contract/look.ts'
import { runningJob, submitJob } from '../testing/jobs.ts'
import { tempStore, versionOf } from './testing/temp-store.ts'

const model = { name: 'm', digest: 'd', remote: false }

/** The worker and the gateways ask these all the time. A commit would wake every other process. */
test.each<[verb: string, act: (store: Store) => Promise<unknown>]>([
  ['promoteDue', store => store.queue.promoteDue({ now: 1_000, maxDelayMs: 60_000 })],
  ['failOverdue', store => store.queue.failOverdue(ending(1_000))],
  ['regroup', store => store.queue.regroup('m', () => undefined)],
  ['replaceModels', store => store.catalogue.replaceModels([model])],
  ['reschedule', store => store.deliveries.reschedule(1_000)],
  ['upkeep', store => store.upkeep.step(1_500)],
  ['state', async store => store.state()],
])('%s commits nothing when there is nothing to do', async (_verb, act) => {
  const temp = await tempStore()
  const { store } = temp
  await store.catalogue.replaceModels([model])
  const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
  await submitJob(store, { webhook, deadlineAt: 60_000 })
  const { claim } = await runningJob(store, { groupKey: 'delayed' })
  await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(1_000))
  const { job, claim: ended } = await runningJob(store, { groupKey: 'ended' })
  await store.runs.finish(ended, { state: 'succeeded', answerAttempt: null }, ending(1_000))
  await store.submissions.delivered(job, 1_200)
  await upkeep(store, 1_300)
  const before = versionOf(temp)
  await act(store)
  expect(versionOf(temp)).toBe(before)
})
