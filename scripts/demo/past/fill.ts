import { webhookMessages } from '@foreman/job-view'
import type { Environment } from '@foreman/process'
import { openStore, type Store } from '@foreman/store'
import Database from 'better-sqlite3'
import { pino } from 'pino'
import { randomOf } from '../../../bench/schedule/random.ts'
import { MODELS } from '../models.ts'
import { nameOf } from './jobs.ts'
import { learnModels } from './learn.ts'
import { hourOf } from './plan.ts'
import { type Event, Past } from './play.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SEED = 7

/** What the operator did in these hours. */
const operations = (past: Past, store: Store, from: number, until: number): Event[] => {
  const by = 'operator'
  const coder = nameOf({ model: MODELS.coder })
  const paused = from + 40 * MINUTE_MS
  const resumes = paused + 6 * MINUTE_MS
  return [
    {
      at: paused,
      run: async now => {
        past.pause(resumes)
        await store.holds.set({ kind: 'pause', by, reason: 'a training run', until: resumes }, now)
      },
    },
    { at: resumes, run: now => store.holds.release({ kind: 'pause' }, { by }, now) },
    {
      at: until,
      run: now =>
        store.holds.set(
          {
            kind: 'model',
            subject: coder,
            by,
            reason: 'its update is being tried',
            until: now + 20 * MINUTE_MS,
          },
          now,
        ),
    },
  ]
}

/**
 * Fills a queue with the last hours of five callers: some 1,100 jobs in each, the same ones each time.
 *
 * @param env the settings of the queue's gateway and worker, which do not run yet
 */
export const fillPast = async (
  env: Environment & { readonly FOREMAN_DB_PATH: string },
  hours: number,
): Promise<void> => {
  await learnModels(env)
  const store = await openStore(env.FOREMAN_DB_PATH, {
    role: 'worker',
    ...webhookMessages({ publicUrl: undefined, logger: pino({ enabled: false }) }),
  })
  const random = randomOf(SEED)
  const until = store.now()
  const from = until - hours * HOUR_MS
  const past = new Past(store, from)
  const visits = Array.from({ length: hours }, (_, hour) =>
    hourOf(random).map(visit => ({ ...visit, atMs: visit.atMs + hour * HOUR_MS })),
  ).flat()
  await past.play(visits, operations(past, store, from, until), until)
  await store.close()
  countSince(env.FOREMAN_DB_PATH, from)
}

/** A file counts since it was made, and no verb says otherwise. This one is older than it looks. */
const countSince = (file: string, since: number): void => {
  const connection = new Database(file)
  connection.prepare('UPDATE counted SET since = ?').run(since)
  connection.close()
}
