import type { Claim, openStore as OpenStore } from '@foreman/store'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { claimJobs as ClaimJobs } from '../apps/worker/src/claim-jobs.ts'
import { fill, groupAt } from './fill.ts'
import { newJob } from './new-job.ts'
import { GROUPS } from './rates.ts'

/** What a process of its own claims, with the store and the worker of one checkout. */
export interface Claiming {
  /** The root of the checkout. */
  readonly root: string
  /** The file of the queue, which does not exist yet. */
  readonly file: string
  readonly queued: number
  /** How many callers have jobs in the queue. */
  readonly callers: number
}

const HOUR_MS = 3_600_000

const { root, file, queued, callers } = JSON.parse(process.argv[2] ?? '') as Claiming
const load = (name: string) => import(pathToFileURL(path.join(root, name)).href)
const { openStore } = (await load('packages/store/src/index.ts')) as { openStore: typeof OpenStore }
const { claimJobs } = (await load('apps/worker/src/claim-jobs.ts')) as { claimJobs: typeof ClaimJobs }
const store = await openStore(file, { role: 'worker' })
await fill(store, queued, at => ({
  account: `caller-${Math.floor(at / GROUPS) % callers}`,
  sender: '127.0.0.1',
}))
const uses = new Map<string, number>()

let turns = 0

/** Claims one job as the worker does, each time of another group: what the last claim has read helps little. */
const claim = async (): Promise<Claim> => {
  const now = Date.now()
  const { claims, failure } = await claimJobs(store, {
    running: [],
    turn: { groupKey: groupAt(turns++), startedAt: now, isOver: false },
    awaited: undefined,
    turnModel: undefined,
    concurrency: 1,
    models: 1,
    maxWaitMs: 60_000,
    maxWaitLowMs: 600_000,
    isResident: () => false,
    loadMs: () => 0,
    servedAt: () => 0,
    expect: () => Promise.resolve(undefined),
    steering: { mayStart: async lines => lines, heldAccounts: new Set<string>() },
    shares: () => ({ ofAccount: account => uses.get(account) ?? 0, ofName: () => 0 }),
    now,
  })
  const [claimed] = claims
  if (!claimed) throw new Error('there was no job to claim', { cause: failure?.error })
  return claimed
}

/** Ends a job, and queues another one like it: the queue stays as long as it is. */
const replace = async (claimed: Claim): Promise<void> => {
  const { groupKey, account, sender, loadOptions, body } = claimed
  const now = Date.now()
  uses.set(account, (uses.get(account) ?? 0) + 1 + Math.random())
  const end = { state: 'succeeded', answerAttempt: 1, statusCode: 200 } as const
  await store.runs.finish(claimed, end, { now, ttlMs: HOUR_MS })
  const jobs = [newJob({ account, sender, loadOptions, body })]
  await store.submissions.enqueue({ jobs, groupKeyOf: () => groupKey, now })
}

const claimMany = async (count: number): Promise<void> => {
  const times: number[] = []
  for (let at = 0; at < count; at++) {
    const begin = performance.now()
    const claimed = await claim()
    times.push(performance.now() - begin)
    await replace(claimed)
  }
  process.send?.(times)
}

process.on('message', (count: number) => void claimMany(count))
process.on('disconnect', () => process.exit())
process.send?.([])
