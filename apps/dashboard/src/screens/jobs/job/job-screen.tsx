import { ApiError } from '../../../api/problem.ts'
import { formatRoute } from '../../../router/route.ts'
import { ErrorNote, Note } from '../../../ui/note.tsx'
import { AnswerPanel } from './answer-panel.tsx'
import { AttemptsPanel } from './attempts-panel.tsx'
import { CommandPanel } from './command-panel.tsx'
import { DeliveriesPanel } from './deliveries-panel.tsx'
import { EventsPanel } from './events-panel.tsx'
import { Facts } from './facts.tsx'
import { JobHead } from './job-head.tsx'
import { RequestPanel } from './request-panel.tsx'
import { useJob } from './use-job.ts'
import './job.css'

/** One job: what it asked for, what became of it, and why it took so long. */
export const JobScreen = ({ id }: { readonly id: string }) => {
  const { job, error, reload, watched } = useJob(id)
  if (!job)
    return (
      <>
        <p>
          <a href={formatRoute({ screen: 'jobs' })}>All jobs</a>
        </p>
        <h1>Job</h1>
        {error === undefined ? (
          <p class="muted">Looking …</p>
        ) : (
          <Missing id={id} error={error} retry={reload} />
        )}
      </>
    )
  return (
    <>
      {error !== undefined && <Missing id={id} error={error} retry={reload} />}
      <JobHead job={job} />
      <AttemptsPanel job={job} events={watched.events} />
      <AnswerPanel job={job} watched={watched} />
      <RequestPanel job={job} />
      <Facts job={job} />
      <EventsPanel events={watched.events} />
      <DeliveriesPanel job={job} />
      <CommandPanel job={job} />
    </>
  )
}

interface MissingProps {
  readonly id: string
  readonly error: unknown
  readonly retry: () => void
}

/** Why there is nothing to show. */
const Missing = ({ id, error, retry }: MissingProps) => {
  const status = error instanceof ApiError ? error.status : 0
  if (status === 410)
    return (
      <Note kind="warning">
        The job <code>{id}</code> has expired: foreman has deleted it with its request and its answer.
      </Note>
    )
  if (status === 404)
    return (
      <Note kind="warning">
        There is no job <code>{id}</code> that you may see. It may be somebody else's, or have been deleted
        long ago.
      </Note>
    )
  return <ErrorNote error={error} retry={retry} />
}
