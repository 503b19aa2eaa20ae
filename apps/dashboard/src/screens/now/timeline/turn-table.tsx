import { useState } from 'preact/hooks'
import { count } from '../../../format/number.ts'
import { timeOfDay } from '../../../format/time.ts'
import { Empty } from '../../../ui/note.tsx'
import { Pager } from '../../../ui/pager.tsx'
import { type Column, Table } from '../../../ui/table.tsx'
import { Duration, Moment } from '../../../ui/time.tsx'
import type { Block, Phase } from './blocks.ts'
import { blockInWords, endInWords, modelsInWords, phaseInWords, reasonInWords } from './words.ts'

const ROWS = 20

type Row = Block | Phase

const isPhase = (row: Row): row is Phase => 'kind' in row

const columns: readonly Column<Row>[] = [
  { head: 'From', cell: ({ from }) => <Moment at={from}>{timeOfDay(from)}</Moment> },
  {
    head: 'What',
    cell: row =>
      isPhase(row) ? phaseInWords(row) : <span title={blockInWords(row)}>{modelsInWords(row)}</span>,
  },
  { head: 'Lasted', kind: 'number', cell: ({ from, until }) => <Duration ms={until - from} /> },
  {
    head: 'Load',
    kind: 'number',
    cell: row => (isPhase(row) || row.loadMs === 0 ? '–' : <Duration ms={row.loadMs} />),
  },
  { head: 'Jobs', kind: 'number', cell: row => (isPhase(row) ? '–' : count(row.jobs)) },
  {
    head: 'Tokens',
    kind: 'number',
    cell: row => (isPhase(row) || row.tokens === undefined ? '–' : count(row.tokens)),
  },
  {
    head: 'Began because',
    cell: row => (isPhase(row) || row.reason === undefined ? '–' : reasonInWords(row.reason)),
  },
  {
    head: 'Ended because',
    cell: row => (isPhase(row) || row.end === undefined ? '–' : endInWords(row.end)),
  },
]

/** What the lanes draw, in rows, the latest first. */
export const TurnTable = ({
  blocks,
  phases,
}: {
  readonly blocks: readonly Block[]
  readonly phases: readonly Phase[]
}) => {
  const rows: readonly Row[] = [...blocks, ...phases].toSorted((a, b) => b.from - a.from)
  const [from, setFrom] = useState(0)
  const begin = from < rows.length ? from : 0
  const end = Math.min(rows.length, begin + ROWS)
  if (rows.length === 0) return <Empty>No model has had a turn in this time.</Empty>
  return (
    <>
      <Table
        caption="Turns, the latest first"
        columns={columns}
        rows={rows.slice(begin, end)}
        keyOf={row => `${isPhase(row) ? row.kind : 'turn'} ${row.from}`}
      />
      <Pager
        onPrevious={begin > 0 ? () => setFrom(Math.max(0, begin - ROWS)) : undefined}
        onNext={end < rows.length ? () => setFrom(end) : undefined}
      >
        {`${count(begin + 1)} to ${count(end)} of ${count(rows.length)}`}
      </Pager>
    </>
  )
}
