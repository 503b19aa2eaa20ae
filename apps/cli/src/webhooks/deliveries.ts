import type { DeliveryQuery } from '@foreman/foreman-client'
import { type Delivery, type DeliveryState, deliveryStates, type ListedDelivery } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { UsageError } from '../failures/usage-error.ts'
import { type Row, tableLines } from '../output/columns.ts'
import { ago, pastTime } from '../output/times.ts'

interface Wanted {
  readonly state?: string | undefined
  readonly host?: string | undefined
  readonly caller?: string | undefined
  readonly since?: string | undefined
  readonly limit: number
}

/** Lists webhooks, the newest first: those of a job, or of all. */
export const listDeliveries = async (
  job: string | undefined,
  wanted: Wanted,
  session: Session,
): Promise<void> => {
  const { client, screen, signal } = session
  const rows: Row[] = []
  const found =
    job === undefined ? client.allDeliveries(queryOf(wanted), { signal }) : await ofJob(job, session)
  for await (const delivery of found) {
    if (screen.isJson) screen.json(delivery)
    rows.push(rowOf(delivery, Date.now()))
    if (rows.length >= wanted.limit) break
  }
  if (!screen.isJson) for (const line of tableLines(rows, screen.columns)) screen.print(line)
}

const ofJob = async (job: string, { client, signal }: Session): Promise<(Delivery & { job: string })[]> =>
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

const rowOf = (delivery: (Delivery & { job: string }) | ListedDelivery, now: number): Row => {
  const last = delivery.attempts.at(-1)
  return [
    delivery.id,
    delivery.job,
    delivery.event,
    delivery.state,
    delivery.url,
    ago(delivery.created_at, now),
    `${delivery.attempts.length} attempts`,
    last?.error ?? (last?.status === undefined ? '' : `status ${last.status}`),
  ]
}
