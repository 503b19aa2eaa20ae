import type { WebhookEvent } from '@foreman/jobs'
import type { Store } from '../../contract.ts'
import type { Delivery, DeliveryAttempt, DeliveryResult, DueDelivery, JobRef } from '../../values.ts'
import { submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { messagesOf } from './look.ts'

export const START = 1_000_000

export const attemptAt = (at = START, status = 500): DeliveryAttempt => ({
  at,
  durationMs: 1,
  status,
  error: null,
  response: 'no',
})

/** A store whose messages say what they are about. */
export const createOutbox = async (engine: Engine) => {
  const tested = await engine.create({ compose: ({ event, at, job }) => `${event} ${at} ${job.state}` })
  const { store } = tested
  return {
    tested,
    store,
    /** Submits a job with a webhook. */
    subscribe: (url: string, events: readonly WebhookEvent[] = ['job.queued'], now = START) =>
      submitJob(store, { webhook: { url, events } }, now),
    /** The first message of a job. */
    messageOf: async (job: Pick<JobRef, 'seq'>): Promise<Delivery> => (await messagesOf(store, job))[0]!,
    /** Records an attempt at the first message of a job. */
    record: async (job: Pick<JobRef, 'seq'>, result: DeliveryResult, now = START, status = 500) => {
      const delivery = (await messagesOf(store, job))[0]!
      await store.deliveries.record({ delivery, attempt: attemptAt(now, status), result, now })
    },
  }
}

export const dueOf = (store: Store, now: number, limit = 9, caller = 'default'): Promise<DueDelivery[]> =>
  store.deliveries.due({ host: 'a.example', caller, now, limit })

export const allBacklogs = (store: Store) => store.deliveries.backlogs({ after: undefined, limit: 9 })
