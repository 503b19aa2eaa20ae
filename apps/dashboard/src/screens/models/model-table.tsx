import { sizeInWords } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { duration } from '../../format/duration.ts'
import { count } from '../../format/number.ts'
import { formatRoute } from '../../router/route.ts'
import { useStore } from '../../store/use-store.ts'
import { HoldLine } from '../../ui/hold-line.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Duration, RelativeTime } from '../../ui/time.tsx'
import { useStill } from '../../ui/use-still.ts'
import { ModelActions } from './model-actions.tsx'
import type { ModelRow } from './model-rows.ts'

const keyOf = ({ model }: ModelRow): string => model

const places: readonly Column<ModelRow>[] = [
  { head: 'Model', cell: row => <Name row={row} /> },
  { head: 'In memory', cell: row => <Memory row={row} /> },
]

const NONE = '–'

/** An upper bound: that of the bucket in which the wait was counted. */
const atMost = (ms: number | undefined) => (ms === undefined ? NONE : `≤ ${duration(ms)}`)

const figures: readonly Column<ModelRow>[] = [
  { head: 'Queued', kind: 'number', cell: row => <JobsIn row={row} state="queued" /> },
  { head: 'Running', kind: 'number', cell: row => <JobsIn row={row} state="running" /> },
  { head: 'Jobs ended', kind: 'number', cell: ({ figures: known }) => count(known?.jobs ?? 0) },
  { head: 'Loads', kind: 'number', cell: row => <Loads row={row} /> },
  { head: 'Half waited', kind: 'number', cell: ({ figures: known }) => atMost(known?.wait_p50_ms) },
  { head: '95 % waited', kind: 'number', cell: ({ figures: known }) => atMost(known?.wait_p95_ms) },
  {
    head: 'Tokens a second',
    kind: 'number',
    cell: ({ figures: known }) => known?.tokens_per_second?.toFixed(1) ?? NONE,
  },
]

interface ModelTableProps {
  readonly rows: readonly ModelRow[]
  /** Whether what was measured is known, and not only what is in memory. */
  readonly hasFigures: boolean
  /** Something was done to a model. */
  readonly onDone: () => void
}

/** A row for each model. */
export const ModelTable = ({ rows: latest, hasFigures, onDone }: ModelTableProps) => {
  const canAct = useStore(session.state, mayAct)
  const { ref, rows, gone } = useStill(latest, keyOf)
  const actions: Column<ModelRow> = {
    head: 'Actions',
    kind: 'actions',
    cell: row => <ModelActions row={row} onDone={onDone} />,
  }
  const columns = [...places, ...(hasFigures ? figures : []), ...(canAct ? [actions] : [])]
  return (
    <div ref={ref}>
      <Table
        caption="Models"
        columns={columns}
        rows={rows}
        keyOf={keyOf}
        isGone={row => gone.has(keyOf(row))}
      />
    </div>
  )
}

const Name = ({ row: { model, hold, window } }: { readonly row: ModelRow }) => (
  <>
    {model}
    {hold && <HoldLine hold={hold} words={hold.kind === 'model' ? 'held' : 'runs outside of its window'} />}
    {window && (
      <small class="under">
        its window is {window.is_open ? 'open' : 'closed'}
        {window.changes_at !== undefined && (
          <>
            , {window.is_open ? 'closes' : 'opens'} <RelativeTime at={window.changes_at} />
          </>
        )}
      </small>
    )}
  </>
)

const Memory = ({ row: { resident } }: { readonly row: ModelRow }) => {
  if (!resident) return <span class="muted">no</span>
  const { memory_bytes: size, expires_at: end } = resident
  return (
    <>
      {size === undefined ? 'yes' : sizeInWords(size)}
      {end !== undefined && (
        <small class="under">
          leaves <RelativeTime at={end} /> if unused
        </small>
      )}
    </>
  )
}

const JobsIn = ({ row, state }: { readonly row: ModelRow; readonly state: 'queued' | 'running' }) => {
  const jobs = row.figures?.[state] ?? 0
  if (jobs === 0) return <>0</>
  return <a href={formatRoute({ screen: 'jobs', filters: { model: row.model, state } })}>{count(jobs)}</a>
}

const Loads = ({ row: { figures: known } }: { readonly row: ModelRow }) => {
  if (!known || known.loads === 0) return <>0</>
  return (
    <>
      {count(known.loads)}
      <small class="under">
        <Duration ms={known.load_ms / known.loads} /> each
      </small>
    </>
  )
}
