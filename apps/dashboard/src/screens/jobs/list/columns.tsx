import type { Job } from '@foreman/jobs'
import { count } from '../../../format/number.ts'
import { visible } from '../../../format/visible.ts'
import { JobLink } from '../../../ui/id-link.tsx'
import { StateMark } from '../../../ui/state-mark.tsx'
import type { Column } from '../../../ui/table.tsx'
import { Duration, RelativeTime, Since } from '../../../ui/time.tsx'

/** What the list says of a job. */
export const columns: readonly Column<Job>[] = [
  { head: 'Job', cell: ({ id }) => <JobLink id={id} /> },
  { head: 'State', cell: job => <State job={job} /> },
  { head: 'Model', cell: ({ model }) => visible(model) },
  { head: 'Caller', cell: ({ caller }) => visible(caller) },
  { head: 'Priority', cell: ({ priority }) => priority },
  { head: 'Submitted', kind: 'number', cell: ({ created_at: at }) => <RelativeTime at={at} /> },
  { head: 'Waited', kind: 'number', cell: job => <Waited job={job} /> },
  { head: 'Ran', kind: 'number', cell: job => <Ran job={job} /> },
  { head: 'Tokens', kind: 'number', cell: job => <Tokens job={job} /> },
]

const State = ({ job: { state, error, attempts, cancel_requested: isCancelled } }: { readonly job: Job }) => (
  <>
    <StateMark state={state} />
    {error && error.code !== state && <small class="under">{visible(error.code)}</small>}
    {isCancelled && state === 'running' && <small class="under">is being cancelled</small>}
    {attempts > 1 && <small class="under">{count(attempts)} attempts</small>}
  </>
)

const Waited = ({ job: { state, created_at: since, waited_ms: ms } }: { readonly job: Job }) =>
  state === 'queued' ? <Since at={since} /> : ms === undefined ? <>–</> : <Duration ms={ms} />

const Ran = ({ job: { state, started_at: from, finished_at: until } }: { readonly job: Job }) => {
  if (from === undefined || state === 'queued') return <>–</>
  if (until === undefined) return <Since at={from} />
  return <Duration ms={Math.max(0, Date.parse(until) - Date.parse(from))} />
}

const Tokens = ({ job: { usage, progress } }: { readonly job: Job }) => {
  const tokens = usage?.completion_tokens ?? progress?.tokens
  return tokens === undefined ? <>–</> : <>{count(tokens)}</>
}
