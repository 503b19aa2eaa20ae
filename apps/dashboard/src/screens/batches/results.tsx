import type { BatchState } from '@foreman/jobs'
import { count } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { goTo, useRoute } from '../../router/navigation.ts'
import { JobLink } from '../../ui/id-link.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Panel } from '../../ui/panel.tsx'
import { StateMark } from '../../ui/state-mark.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import type { ResultLine } from './result-lines.ts'
import { useResults } from './use-results.ts'

const columns: readonly Column<ResultLine>[] = [
  { head: 'Line', kind: 'number', cell: ({ index }) => count(index + 1) },
  {
    head: 'Job',
    cell: ({ job, name }) => (
      <>
        {job === undefined ? 'none' : <JobLink id={job} />}
        {name !== undefined && <small class="under">{visible(name)}</small>}
      </>
    ),
  },
  { head: 'State', cell: ({ state }) => <StateMark state={state} /> },
  {
    head: 'Answer',
    kind: 'text',
    cell: ({ beginning }) => <span class="beginning">{visible(beginning)}</span>,
  },
]

/** The results in the order of the submission, each when it has come. */
export const Results = ({ batch: { id, counts } }: { readonly batch: BatchState }) => {
  const { cursor } = useRoute().filters
  const { lines, isFull, isEnd, error, retry } = useResults(id, cursor)
  const last = lines.at(-1)
  const from = lines[0]
  return (
    <Panel title="Results" aside="in the order of the submission">
      {error !== undefined && <ErrorNote error={error} retry={retry} />}
      {lines.length > 0 && (
        <div class="results">
          <Table
            caption="Results of the batch"
            columns={columns}
            rows={lines}
            keyOf={({ index }) => `${index}`}
          />
        </div>
      )}
      {!isEnd && !isFull && error === undefined && (
        <p class="muted page-end" role="status">
          Waiting for the next one …
        </p>
      )}
      {isEnd && lines.length === 0 && <Empty>There are no results here.</Empty>}
      <Pager
        onPrevious={cursor ? () => history.back() : undefined}
        onNext={
          isFull && last && last.index + 1 < counts.total + (counts.refused ?? 0)
            ? () => goTo({ screen: 'batches', id, filters: { cursor: `${last.index}` } })
            : undefined
        }
      >
        {from && last ? `${count(from.index + 1)} to ${count(last.index + 1)} of ${count(counts.total)}` : ''}
      </Pager>
    </Panel>
  )
}
