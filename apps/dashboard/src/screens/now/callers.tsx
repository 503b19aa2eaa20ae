import type { CallerSnapshot } from '@foreman/jobs'
import { count } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { useStore } from '../../store/use-store.ts'
import { Empty } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { hourColumns } from '../callers/hour-columns.tsx'

const columns: readonly Column<CallerSnapshot>[] = [
  { head: 'Caller', cell: ({ caller }) => caller },
  { head: 'Queued', kind: 'number', cell: ({ queued }) => (queued === undefined ? '–' : count(queued)) },
  ...hourColumns,
]

/** Who used how much of the target's time. */
export const Callers = () => {
  const callers = useStore(live, state => state.snapshot)!.callers
  const shown = callers.toSorted((a, b) => b.hour.share - a.hour.share)
  return (
    <Panel title="Callers" aside="this hour">
      {shown.length > 0 ? (
        <Table caption="Callers this hour" columns={columns} rows={shown} keyOf={({ caller }) => caller} />
      ) : (
        <Empty>Nobody has called.</Empty>
      )}
    </Panel>
  )
}
