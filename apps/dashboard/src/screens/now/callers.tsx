import type { CallerSnapshot } from '@foreman/jobs'
import { count, percent, roughly } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { useStore } from '../../store/use-store.ts'
import { Bar } from '../../ui/bar.tsx'
import { Empty } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Duration } from '../../ui/time.tsx'

const columns: readonly Column<CallerSnapshot>[] = [
  { head: 'Caller', cell: ({ caller }) => caller },
  { head: 'Queued', kind: 'number', cell: ({ queued }) => (queued === undefined ? '–' : count(queued)) },
  { head: 'Jobs', kind: 'number', cell: ({ hour }) => count(hour.jobs) },
  { head: 'Tokens', kind: 'number', cell: ({ hour }) => roughly(hour.tokens) },
  { head: 'Target', kind: 'number', cell: ({ hour }) => <Duration ms={hour.target_ms} /> },
  { head: 'Share', kind: 'text', cell: caller => <Share caller={caller} /> },
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

const Share = ({ caller: { hour } }: { readonly caller: CallerSnapshot }) => (
  <div class="share">
    <Bar
      parts={[{ name: 'share', value: hour.share, look: 'normal' }]}
      whole={1}
      label={`${percent(hour.share)} of the target's time`}
    />
    <span aria-hidden="true">{percent(hour.share)}</span>
  </div>
)
