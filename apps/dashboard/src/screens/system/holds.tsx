import type { Hold } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { live } from '../../live/live.ts'
import { holdWords } from '../../steering/hold-words.ts'
import { askRelease } from '../../steering/hold.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/note.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'

/** A new one is shown below the others at once. */
const MORE = 5

const keyOf = ({ id }: Hold): string => id

const columns: readonly Column<Hold>[] = [
  { head: 'What', cell: ({ kind, subject = '' }) => `${subject} ${holdWords[kind]}`.trim() },
  { head: 'Since', cell: ({ since }) => <RelativeTime at={since} /> },
  {
    head: 'Over',
    cell: ({ until }) => (until === undefined ? 'when somebody ends it' : <RelativeTime at={until} />),
  },
  { head: 'By', cell: ({ by }) => by },
  { head: 'Why', kind: 'text', cell: ({ reason }) => reason ?? '–' },
]

const RELEASES: Readonly<Partial<Record<Hold['kind'], string>>> = { pause: 'Resume', close: 'Open' }

const actions: Column<Hold> = {
  head: 'Actions',
  kind: 'actions',
  cell: hold => <Button onClick={() => askRelease(hold)}>{RELEASES[hold.kind] ?? 'Release'}</Button>,
}

/** What operators hold back, or let through. */
export const Holds = () => {
  const { holds } = useStore(live, state => state.snapshot)!
  const canAct = useStore(session.state, mayAct)
  return (
    <StillPanel
      title="Holds"
      caption="What is held back or let through"
      columns={canAct ? [...columns, actions] : columns}
      latest={holds}
      keyOf={keyOf}
      more={MORE}
    >
      {holds.length === 0 && <Empty>Nothing is held.</Empty>}
    </StillPanel>
  )
}
