import { day, minuteOfDay } from '../../format/time.ts'
import { type Column, Table } from '../../ui/table.tsx'
import { Moment } from '../../ui/time.tsx'
import type { Stack, Stacks } from './stacks.ts'

interface HoursTableProps {
  readonly stacks: Stacks
  readonly what: string
  readonly format: (value: number) => string
}

/** What the stacks show, in rows, the latest first. */
export const HoursTable = ({ stacks: { stacks, callers }, what, format }: HoursTableProps) => {
  const columns: readonly Column<Stack>[] = [
    {
      head: 'Hour',
      cell: ({ at }) => (
        <Moment at={at}>
          {day(at)}, {minuteOfDay(at)}
        </Moment>
      ),
    },
    { head: 'Together', kind: 'number', cell: ({ sum }) => format(sum) },
    ...callers.map((caller): Column<Stack> => ({
      head: caller,
      kind: 'number',
      cell: ({ parts }) => {
        const value = parts.find(part => part.caller === caller)?.value
        return value === undefined ? '–' : format(value)
      },
    })),
  ]
  return (
    <Table
      caption={`${what} by hour, the latest first`}
      columns={columns}
      rows={stacks.toReversed()}
      keyOf={({ at }) => `${at}`}
    />
  )
}
