import type { BatchPage, BatchState } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { needsToken, session } from '../../api/session.ts'
import { curlLine } from '../../format/curl.ts'
import { count } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { goTo, useRoute } from '../../router/navigation.ts'
import { useStore } from '../../store/use-store.ts'
import { BatchLink } from '../../ui/id-link.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Pager } from '../../ui/pager.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { Estimate } from './estimate.tsx'
import { endedInWords, progressInWords } from './progress-words.ts'
import { Progress } from './progress.tsx'

const keyOf = ({ id }: BatchState): string => id

const columns: readonly Column<BatchState>[] = [
  { head: 'Batch', cell: ({ id }) => <BatchLink id={id} /> },
  { head: 'Caller', cell: ({ caller }) => visible(caller) },
  { head: 'Submitted', cell: ({ created_at: at }) => <RelativeTime at={at} /> },
  { head: 'Ended', cell: ({ counts }) => endedInWords(counts) },
  { head: 'By state', cell: ({ counts }) => <ByState counts={counts} /> },
  { head: 'Done', cell: batch => <Done batch={batch} /> },
]

/** Batches, the newest first. */
export const BatchList = () => {
  const { cursor } = useRoute().filters
  const hasTokens = useStore(session.state, needsToken)
  const { value, error, reload } = useResource(`batches ${cursor}`, signal =>
    api.get<BatchPage>('/batches', { before: cursor }, signal),
  )
  useNews(reload)
  const last = value?.batches.at(-1)
  return (
    <>
      <div class="headline">
        <h1>Batches</h1>
      </div>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      <StillPanel
        title="Batches"
        caption="Batches, the newest first"
        columns={columns}
        latest={value?.batches}
        keyOf={keyOf}
      >
        {!value && error === undefined && <p class="muted">Looking …</p>}
        {value && !last && (
          <Empty command={firstBatch(hasTokens)}>There is no batch. This submits one:</Empty>
        )}
        {(cursor || value?.has_more) && (
          <Pager
            onPrevious={cursor ? () => history.back() : undefined}
            onNext={
              value?.has_more && last
                ? () => goTo({ screen: 'batches', filters: { cursor: last.id } })
                : undefined
            }
          >
            {`${count(value?.batches.length ?? 0)} shown`}
          </Pager>
        )}
      </StillPanel>
    </>
  )
}

const firstBatch = (hasTokens: boolean): string =>
  curlLine({ url: new URL('../jobs/batch', location.href).href, hasTokens, jsonLinesIn: 'jobs.jsonl' })

const ByState = ({ counts }: Pick<BatchState, 'counts'>) => (
  <div class="progress">
    <Progress counts={counts} />
    <small aria-hidden="true">{progressInWords(counts)}</small>
  </div>
)

const Done = ({ batch: { id, ended, finished_at: at } }: { readonly batch: BatchState }) => {
  if (at !== undefined) return <RelativeTime at={at} />
  return ended ? <>yes</> : <Estimate id={id} />
}
