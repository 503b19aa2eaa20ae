import type { Delivery, Job } from '@foreman/jobs'
import { api } from '../../../api/api.ts'
import { mayChangeJobs, session } from '../../../api/session.ts'
import { visible } from '../../../format/visible.ts'
import { useNews } from '../../../live/use-news.ts'
import { useResource } from '../../../live/use-resource.ts'
import { redeliverColumn } from '../../../steering/redeliver-column.tsx'
import { useStore } from '../../../store/use-store.ts'
import { DeliveryAttempts } from '../../../ui/delivery-attempts.tsx'
import { ErrorNote } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { StateMark } from '../../../ui/state-mark.tsx'
import { type Column, Table } from '../../../ui/table.tsx'

/** The webhooks of the job, with each attempt. Most jobs have none. */
export const DeliveriesPanel = ({ job }: { readonly job: Job }) => {
  const mayChange = useStore(session.state, mayChangeJobs)
  const { value, error, reload } = useResource(`deliveries ${job.id}`, signal =>
    api.get<{ deliveries: Delivery[] }>(`/jobs/${encodeURIComponent(job.id)}/deliveries`, {}, signal),
  )
  const deliveries = value?.deliveries ?? []
  const isOpen = deliveries.some(({ state }) => state === 'pending') || job.finished_at === undefined
  useNews(() => isOpen && reload(), 3_000)
  if (error !== undefined) return <ErrorNote error={error} retry={reload} />
  if (deliveries.length === 0) return null
  const columns: Column<Delivery>[] = [
    { head: 'Event', cell: ({ event }) => event },
    { head: 'State', cell: ({ state }) => <StateMark state={state} /> },
    { head: 'Receiver', cell: ({ url }) => visible(url) },
    { head: 'Attempts', kind: 'text', cell: delivery => <DeliveryAttempts delivery={delivery} /> },
    ...(mayChange ? [redeliverColumn<Delivery>(() => job.id, reload)] : []),
  ]
  return (
    <Panel title="Webhooks">
      <Table caption="Webhooks of the job" columns={columns} rows={deliveries} keyOf={({ id }) => id} />
    </Panel>
  )
}
