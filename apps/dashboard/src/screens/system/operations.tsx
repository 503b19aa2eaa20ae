import type { Operation, OperationPage } from '@foreman/jobs'
import { useState } from 'preact/hooks'
import { api } from '../../api/api.ts'
import { counted } from '../../format/number.ts'
import { visible } from '../../format/visible.ts'
import { useNews } from '../../live/use-news.ts'
import { useResource } from '../../live/use-resource.ts'
import { JobLink } from '../../ui/id-link.tsx'
import { Empty, ErrorNote } from '../../ui/note.tsx'
import { Pager } from '../../ui/pager.tsx'
import { StillPanel } from '../../ui/still-panel.tsx'
import type { Column } from '../../ui/table.tsx'
import { RelativeTime } from '../../ui/time.tsx'
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
  const next = value?.next_before
  return (
    <StillPanel
      title="What operators did"
      caption="Operations, the newest first"
      columns={columns}
      latest={value?.operations}
      keyOf={keyOf}
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value?.operations.length === 0 && <Empty>Nobody has stepped in.</Empty>}
      {(ends.length > 0 || typeof next === 'number') && (
        <Pager
          onPrevious={ends.length > 0 ? () => setEnds(ends.slice(0, -1)) : undefined}
          onNext={typeof next === 'number' ? () => setEnds([...ends, next]) : undefined}
        >
          {counted(value?.operations.length ?? 0, 'operation')}
        </Pager>
      )}
    </StillPanel>
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
