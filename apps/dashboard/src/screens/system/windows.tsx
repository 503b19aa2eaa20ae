import type { Hold, SystemWindow, SystemWindows } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { askHold, askLetRun, askRelease } from '../../steering/hold.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { HoldLine } from '../../ui/hold-line.tsx'
import { Empty } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'

/** A class of jobs with its windows, and what an operator says instead. */
interface Row extends SystemWindow {
  readonly exception: Hold | undefined
}

const columns: readonly Column<Row>[] = [
  {
    head: 'Jobs',
    cell: ({ subject, exception }) => (
      <>
        {subject}
        {exception && (
          <HoldLine
            hold={exception}
            words={exception.kind.startsWith('open_') ? 'runs all the same: let through' : 'held'}
          />
        )}
      </>
    ),
  },
  { head: 'Window', cell: ({ is_open: isOpen }) => (isOpen ? 'open' : 'closed') },
  {
    head: 'Changes',
    cell: ({ changes_at: at }) => (at === undefined ? 'never' : <RelativeTime at={at} />),
  },
]

const actions: Column<Row> = {
  head: 'Actions',
  kind: 'actions',
  cell: ({ kind, subject, is_open: isOpen, exception }) =>
    exception ? (
      <Button onClick={() => askRelease(exception)}>
        {exception.kind.startsWith('open_') ? 'End the exception' : 'Release'}
      </Button>
    ) : isOpen ? (
      <Button onClick={() => askHold(kind, subject)}>Hold</Button>
    ) : (
      <Button onClick={() => askLetRun(`open_${kind}`, subject)}>Let run</Button>
    ),
}

/** When which jobs start, and what an operator has said instead. */
export const Windows = ({ windows }: { readonly windows: SystemWindows | undefined }) => {
  const { holds } = useStore(live, state => state.snapshot)!
  const canAct = useStore(session.state, mayAct)
  if (!windows)
    return (
      <Panel title="Windows">
        <Empty command={'FOREMAN_WINDOWS="low 22:00-07:00, low sat sun"'}>
          Jobs start at any time. A setting of the worker keeps a priority or a model to hours:
        </Empty>
      </Panel>
    )
  const rows = windows.open.map((window): Row => ({
    ...window,
    exception: holds.find(
      ({ kind, subject }) =>
        subject === window.subject && (kind === window.kind || kind === `open_${window.kind}`),
    ),
  }))
  return (
    <Panel title="Windows" aside={windows.timezone}>
      <p class="rule">
        <code>{windows.rule}</code>
      </p>
      <Table
        caption="Jobs that start at certain hours"
        columns={canAct ? [...columns, actions] : columns}
        rows={rows}
        keyOf={({ kind, subject }) => `${kind} ${subject}`}
      />
    </Panel>
  )
}
