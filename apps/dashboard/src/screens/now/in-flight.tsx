import type { InFlightSnapshot } from '@foreman/jobs'
import { mayAct, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { live } from '../../live/live.ts'
import { askCancelJob } from '../../steering/cancel.ts'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { JobLink } from '../../ui/id-link.tsx'
import { Empty } from '../../ui/note.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { Duration, Since } from '../../ui/time.tsx'

const keyOf = ({ job }: InFlightSnapshot): string => job

/** Whoever points at a job that has ended sees what came after it, for a while. */
const MORE = 10

const PHASES: Readonly<Record<InFlightSnapshot['phase'], string>> = {
  loading: 'its model is being loaded',
  prompt: 'reads the prompt',
  generating: 'generates',
}

const columns: readonly Column<InFlightSnapshot>[] = [
  { head: 'Job', cell: ({ job }) => <JobLink id={job} /> },
  { head: 'Model', cell: ({ model }) => model },
  { head: 'Caller', cell: ({ caller }) => caller },
  { head: 'Phase', cell: ({ phase }) => PHASES[phase] },
  { head: 'Tokens', kind: 'number', cell: ({ tokens }) => (tokens === undefined ? '–' : count(tokens)) },
  {
    head: 'Per second',
    kind: 'number',
    cell: ({ tokens_per_second: rate }) => (rate === undefined ? '–' : rate.toFixed(1)),
  },
  { head: 'Waited', kind: 'number', cell: ({ waited_ms: ms }) => <Duration ms={ms} /> },
  { head: 'Runs', kind: 'number', cell: ({ started_at: at }) => <Since at={at} /> },
]

const actions: Column<InFlightSnapshot> = {
  head: 'Actions',
  kind: 'actions',
  cell: ({ job }) => (
    <Button look="quiet" icon="close" label={`Cancel ${job}`} onClick={() => askCancelJob(job)} />
  ),
}

/** What runs. */
export const InFlight = () => {
  const snapshot = useStore(live, state => state.snapshot)!
  const canAct = useStore(session.state, mayAct)
  const jobs = snapshot.targets.flatMap(target => target.in_flight)
  const slots = snapshot.targets.reduce((sum, target) => sum + target.slots, 0)
  return (
    <StillPanel
      title="In flight"
      caption="Jobs that run"
      columns={canAct ? [...columns, actions] : columns}
      latest={jobs}
      keyOf={keyOf}
      more={MORE}
      aside={`${count(jobs.length)} of ${count(slots)}`}
    >
      {jobs.length === 0 && <Empty>Nothing runs.</Empty>}
    </StillPanel>
  )
}
