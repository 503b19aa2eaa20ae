import type { JobEvent } from '@foreman/jobs'
import { exactTime } from '../../../format/time.ts'
import { visible } from '../../../format/visible.ts'
import { Empty } from '../../../ui/note.tsx'
import { Panel } from '../../../ui/panel.tsx'
import { type Column, Table } from '../../../ui/table.tsx'
import { RelativeTime } from '../../../ui/time.tsx'
import { eventInWords } from './event-words.ts'

const columns: readonly Column<JobEvent>[] = [
  { head: 'Event', cell: ({ event }) => nameOf(event) },
  { head: 'When', cell: ({ data }) => <When data={data} /> },
  { head: 'What', kind: 'text', cell: event => visible(eventInWords(event)) },
]

/** What has happened to the job, from the first to the last. */
export const EventsPanel = ({ events }: { readonly events: readonly JobEvent[] }) => (
  <Panel title="Events">
    {events.length > 0 ? (
      <Table
        caption="What has happened to the job"
        columns={columns}
        rows={events}
        keyOf={({ id, event }) => `${id} ${event}`}
      />
    ) : (
      <Empty>None have come yet.</Empty>
    )}
  </Panel>
)

const When = ({ data }: { readonly data: JobEvent['data'] }) => {
  if (!('at' in data)) return null
  return (
    <>
      <RelativeTime at={data.at} />
      <small class="under">{exactTime(Date.parse(data.at))}</small>
    </>
  )
}

const nameOf = (event: string): string => (event === 'head' ? 'answer begins' : event.replaceAll('_', ' '))
