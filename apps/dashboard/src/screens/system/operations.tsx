import type { Operation, OperationPage } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import { api } from '../../api/api.ts'
import { count, counted } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { JobLink } from '../../ui/job-link.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Pager } from '../../ui/pager.tsx'
import { Panel } from '../../ui/panel.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
import { useStill } from '../../ui/use-still.ts'
import { operationInWords } from './operation-words.ts'

const ROWS = 20

const keyOf = ({ id }: Operation): string => `${id}`

const columns: readonly Column<Operation>[] = [
  { head: 'When', cell: ({ at }) => <RelativeTime at={at} /> },
  { head: 'Who', cell: ({ by }) => by },
  { head: 'What', cell: operation => <What operation={operation} /> },
  { head: 'Why', kind: 'text', cell: ({ reason }) => (reason === undefined ? '–' : visible(reason)) },
]

/** Who did what, the newest first. Pages are asked for by the id that the last one has ended with. */
export const Operations = () => {
  const [ends, setEnds] = useState<readonly number[]>([])
  const before = ends.at(-1)
  const { value, error, reload } = useResource(`operations before ${before ?? 'now'}`, signal =>
    api.get<OperationPage>('/queue/operations', { before, limit: ROWS }, signal),
  )
  useNews(reload)
  const { ref, rows, arrived } = useStill(value?.operations ?? [], keyOf)
  const next = value?.next_before
  return (
    <Panel title="What operators did" aside={arrived > 0 && <span class="fresh">{count(arrived)} new</span>}>
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      <div ref={ref}>
        {rows.length > 0 ? (
          <Table caption="Operations, the newest first" columns={columns} rows={rows} keyOf={keyOf} />
        ) : (
          value && <Empty>Nobody has stepped in.</Empty>
        )}
      </div>
      {(ends.length > 0 || typeof next === 'number') && (
        <Pager
          onPrevious={ends.length > 0 ? () => setEnds(ends.slice(0, -1)) : undefined}
          onNext={typeof next === 'number' ? () => setEnds([...ends, next]) : undefined}
        >
          {counted(rows.length, 'operation')}
        </Pager>
      )}
    </Panel>
  )
}

const What = ({ operation }: { readonly operation: Operation }) => {
  const { what, job } = operationInWords(operation)
  return (
    <>
      {visible(what)} {job !== undefined && <JobLink id={job} />}
    </>
  )
}
