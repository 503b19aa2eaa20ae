import { isEndState, type Job } from '@foreman/jobs'
import { mayChangeJobs, session } from '../../../api/session.ts'
import { clock } from '../../../format/duration.ts'
import { count } from '../../../format/number.ts'
import { visible } from '../../../format/visible.ts'
import { useNow } from '../../../live/now.ts'
import { formatRoute } from '../../../router/route.ts'
import { askCancelJob } from '../../../steering/cancel.ts'
import { askJobPriority, askRetryJob } from '../../../steering/job.ts'
import { useStore } from '../../../store/use-store.ts'
import { Announcer } from '../../../ui/announcer.tsx'
import { Button } from '../../../ui/button.tsx'
import { CopyButton } from '../../../ui/copy-button.tsx'
import { Note } from '../../../ui/note.tsx'
import { StateMark } from '../../../ui/state-mark.tsx'
import { RelativeTime } from '../../../ui/time.tsx'

/** Which job it is, how it stands, why, and what can be done about it. */
export const JobHead = ({ job }: { readonly job: Job }) => {
  const { id, state, model } = job
  return (
    <>
      <div class="headline">
        <div class="name">
          <a href={formatRoute({ screen: 'jobs' })}>All jobs</a>
          <h1>
            {visible(model)} <StateMark state={state} />
          </h1>
          <p class="copyable">
            <code>{id}</code>
            <CopyButton text={id} what="id" />
          </p>
        </div>
        <Announcer text={`The job is ${state}`} />
        <Actions job={job} />
      </div>
      <Why job={job} />
      {job.error && (
        <Note kind={state === 'failed' ? 'wrong' : 'news'}>
          <code>{visible(job.error.code)}</code>: {visible(job.error.message)}
          {job.error.status !== undefined && ` (status ${job.error.status} of the target)`}
        </Note>
      )}
    </>
  )
}

const Actions = ({ job }: { readonly job: Job }) => {
  const mayChange = useStore(session.state, mayChangeJobs)
  if (!mayChange) return null
  return (
    <div class="actions">
      {isEndState(job.state) ? (
        <Button icon="again" onClick={() => askRetryJob(job.id)}>
          Retry
        </Button>
      ) : (
        <Button icon="close" isDisabled={job.cancel_requested === true} onClick={() => askCancelJob(job.id)}>
          {job.cancel_requested ? 'Being cancelled' : 'Cancel'}
        </Button>
      )}
      {job.state === 'queued' && <Button onClick={() => askJobPriority(job)}>Priority</Button>}
    </div>
  )
}

/** What it waits for, or waited for, and for how long still. */
const Why = ({ job }: { readonly job: Job }) => {
  const { why, state, estimated_start: start, estimated_wait_range_ms: range, position } = job
  const next = job.next_attempt_at
  if (!why) return null
  return (
    <p>
      <strong>{state === 'queued' ? 'Why it waits: ' : 'Why it waited: '}</strong>
      {visible(why.text)}.
      {state === 'queued' && (
        <>
          {start !== undefined && (
            <>
              {' '}
              It starts <RelativeTime at={start} />
              {range && range[1] > range[0] && (
                <Range start={start} range={range} waitMs={job.estimated_wait_ms} />
              )}
              .
            </>
          )}
          {position !== undefined && ` ${position === 0 ? 'No job' : count(position)} before it.`}
          {next !== undefined && (
            <>
              {' '}
              The next attempt is due <RelativeTime at={next} />.
            </>
          )}
        </>
      )}
    </p>
  )
}

interface RangeProps {
  readonly start: string
  readonly range: readonly [number, number]
  readonly waitMs: number | undefined
}

/** Between what the start is likely to lie, if that is more than one time. */
const Range = ({ start, range, waitMs }: RangeProps) => {
  const passedMs = useNow() - (Date.parse(start) - (waitMs ?? 0))
  const [shortest = '', longest = ''] = range.map(ms => clock(ms - passedMs))
  return shortest === longest ? null : (
    <>
      {' '}
      (from {shortest} to {longest})
    </>
  )
}
