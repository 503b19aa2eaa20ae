import { mayAct, needsToken, seesAll, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { formatRoute } from '../../router/route.ts'
import { askHold, askRelease } from '../../steering/hold.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { HoldLine } from '../../ui/hold-line.tsx'
import { Empty } from '../../ui/note.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { useStill } from '../../ui/use-still.ts'
import { type CallerRow, callerRows } from './caller-rows.ts'
import { hourColumns } from './hour-columns.tsx'

const keyOf = ({ caller }: CallerRow): string => caller

const columns: readonly Column<CallerRow>[] = [
  {
    head: 'Caller',
    cell: ({ caller, hold }) => (
      <>
        {caller}
        {hold && <HoldLine hold={hold} words="held" />}
      </>
    ),
  },
  { head: 'Queued', kind: 'number', cell: row => <JobsOf row={row} state="queued" /> },
  { head: 'Running', kind: 'number', cell: row => <JobsOf row={row} state="running" /> },
  ...hourColumns,
]

/** Who calls, how much they wait, and how much of the target they used this hour. */
export const CallerTable = () => {
  const snapshot = useStore(live, state => state.snapshot)!
  const who = useStore(session.state)
  // Without tokens, callers have no names that the queue could hold.
  const canHold = mayAct(who) && needsToken(who)
  const { ref, rows, gone } = useStill(callerRows(snapshot), keyOf)
  const actions: Column<CallerRow> = {
    head: 'Actions',
    kind: 'actions',
    cell: ({ caller, hold }) =>
      hold ? (
        <Button look="quiet" icon="play" label={`Release ${caller}`} onClick={() => askRelease(hold)} />
      ) : (
        <Button look="quiet" icon="hand" label={`Hold ${caller}`} onClick={() => askHold('caller', caller)} />
      ),
  }
  return (
    <div ref={ref}>
      {rows.length > 0 ? (
        <Table
          caption="Callers now and in this hour"
          columns={canHold ? [...columns, actions] : columns}
          rows={rows}
          keyOf={keyOf}
          isGone={row => gone.has(keyOf(row))}
        />
      ) : (
        <Empty>Nobody has called this hour.</Empty>
      )}
    </div>
  )
}

/** How many wait or run. What a caller may not know of others is not there. */
const JobsOf = ({ row, state }: { readonly row: CallerRow; readonly state: 'queued' | 'running' }) => {
  const { caller, [state]: jobs } = row
  // A caller sees the others as one, of whom it has no list.
  const hasList = useStore(session.state, seesAll)
  if (jobs === undefined) return <>–</>
  if (jobs === 0 || !hasList) return <>{count(jobs)}</>
  return <a href={formatRoute({ screen: 'jobs', filters: { caller, state } })}>{count(jobs)}</a>
}
