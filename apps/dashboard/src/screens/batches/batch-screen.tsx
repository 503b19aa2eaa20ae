import type { BatchState } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { ApiError } from '../../api/problem.ts'
import { mayChangeJobs, session } from '../../api/session.ts'
import { count } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { formatRoute } from '../../router/route.ts'
import { askCancelBatch } from '../../steering/cancel.ts'
import { askMany } from '../../steering/many.ts'
import { OperationNotes } from '../../steering/operation-notes.tsx'
import { useStore } from '../../store/use-store.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ErrorNote, Note } from '../../ui/note.tsx'
import { Panel } from '../../ui/panel.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { Download } from './download.tsx'
import { endedInWords, progressOf } from './progress-words.ts'
import { Progress } from './progress.tsx'
import { Results } from './results.tsx'

/** One batch: how far it is, and its results as they come. */
export const BatchScreen = ({ id }: { readonly id: string }) => {
  const {
    value: batch,
    error,
    reload,
  } = useResource(`batch ${id}`, signal =>
    api.get<BatchState>(`/batches/${encodeURIComponent(id)}`, {}, signal),
  )
  useNews(() => !batch?.ended && reload())
  return (
    <>
      {!batch && <h1>Batch</h1>}
      {error !== undefined && <Missing id={id} error={error} retry={reload} />}
      {batch ? (
        <>
          <Head batch={batch} changed={reload} />
          <OperationNotes />
          <Panel title="Progress" aside={<Download batch={batch} />}>
            <Progress counts={batch.counts} />
            <Links batch={batch} />
          </Panel>
          <Results batch={batch} />
        </>
      ) : (
        error === undefined && <p class="muted">Looking …</p>
      )}
    </>
  )
}

const Head = ({ batch, changed }: { readonly batch: BatchState; readonly changed: () => void }) => {
  const mayChange = useStore(session.state, mayChangeJobs)
  const { id, caller, counts, ended, cancel_requested: isCancelled } = batch
  return (
    <div class="headline">
      <div class="name">
        <a href={formatRoute({ screen: 'batches' })}>All batches</a>
        <h1>{endedInWords(counts)}</h1>
        <p class="copyable">
          <code>{id}</code>
          <CopyButton text={id} what="id" />
        </p>
        <p>
          Submitted by {visible(caller)}&nbsp;
          <RelativeTime at={batch.created_at} />
          {isCancelled && ', cancelled'}
          <End batch={batch} />
        </p>
      </div>
      {mayChange && (
        <div class="actions">
          {counts.failed > 0 && (
            <Button
              icon="again"
              onClick={() => askMany('retry', { batch: id, state: 'failed' }, 'failed jobs of the batch')}
            >
              Retry what failed …
            </Button>
          )}
          {!ended && (
            <Button icon="close" onClick={() => askCancelBatch(batch, changed)}>
              Cancel …
            </Button>
          )}
        </div>
      )}
    </div>
  )
}

const End = ({ batch: { finished_at: at, last_queued: last } }: { readonly batch: BatchState }) => {
  if (at !== undefined)
    return (
      <>
        ; the last job ended&nbsp;
        <RelativeTime at={at} />
      </>
    )
  if (!last) return null
  return (
    <>
      {last.estimated_start !== undefined && (
        <>
          ; the last job starts&nbsp;
          <RelativeTime at={last.estimated_start} />
        </>
      )}
      : {visible(last.why.text)}
    </>
  )
}

/** Leads to the jobs of each state. */
const Links = ({ batch: { id, counts } }: { readonly batch: BatchState }) => (
  <p class="counts">
    {progressOf(counts)
      .filter(({ name }) => name !== 'deleted' && name !== 'refused')
      .map(({ name, value }) => (
        <a key={name} href={formatRoute({ screen: 'jobs', filters: { batch: id, state: name } })}>
          {count(value)} {name}
        </a>
      ))}
  </p>
)

interface MissingProps {
  readonly id: string
  readonly error: unknown
  readonly retry: () => void
}

const Missing = ({ id, error, retry }: MissingProps) =>
  error instanceof ApiError && error.isAboutNothing ? (
    <Note kind="warning">
      There is no batch <code>{id}</code> that you may see. A batch is deleted with the last of its jobs.
    </Note>
  ) : (
    <ErrorNote error={error} retry={retry} />
  )
