import type { DeliveryQuery } from '@foreman/foreman-client'
import { type Delivery, type DeliveryState, deliveryStates } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { UsageError } from '../failures/usage-error.ts'
import type { Row } from '../output/columns.ts'
import { printList } from '../output/list.ts'
import { ago, pastTime } from '../output/times.ts'

interface Wanted {
  readonly state?: string | undefined
  readonly host?: string | undefined
  readonly caller?: string | undefined
  readonly since?: string | undefined
  readonly limit: number
}

/** One of a job. */
type OfJob = Delivery & { readonly job: string }

/** Lists webhooks, the newest first: those of a job, or of all. */
export const listDeliveries = async (
  job: string | undefined,
  wanted: Wanted,
  session: Session,
): Promise<void> => {
  const { client, screen, signal } = session
  const found =
    job === undefined ? client.allDeliveries(queryOf(wanted), { signal }) : await ofJob(job, session)
  await printList<OfJob>(found, { rowOf, limit: wanted.limit }, screen)
}

const ofJob = async (job: string, { client, signal }: Session): Promise<OfJob[]> =>
  (await client.deliveries(job, { signal })).map(delivery => ({ ...delivery, job }))

const queryOf = ({ state, host, caller, since, limit }: Wanted): DeliveryQuery => ({
  state: state === undefined ? undefined : stateOf(state),
  host,
  caller,
  since: since === undefined ? undefined : pastTime(since, '--since', Date.now()),
  pageSize: Math.min(limit, 500),
})

const stateOf = (word: string): DeliveryState => {
  const state = deliveryStates.find(each => each === word)
  if (!state) throw new UsageError(`--state must be one of ${deliveryStates.join(', ')}`)
  return state
}

const rowOf = (delivery: OfJob): Row => {
  const last = delivery.attempts.at(-1)
  return [
    delivery.id,
    delivery.job,
    delivery.event,
    delivery.state,
    delivery.url,
    ago(delivery.created_at, Date.now()),
    `${delivery.attempts.length} attempts`,
    last?.error ?? (last?.status === undefined ? '' : `status ${last.status}`),
  ]
}
