import type { QueueSnapshot } from '@foreman/jobs'
import type { Row } from '../output/columns.ts'
import type { Screen } from '../output/screen.ts'
import { callerRows, groupRows, inFlightRows } from './snapshot-rows.ts'
import { headRow, holdLine, hourLine, targetLine, warnings } from './snapshot-words.ts'

/** A part of a snapshot. The first ones have no titles. */
interface Section {
  readonly title?: string
  readonly rows: readonly Row[]
}

/** The title of the jobs that run. */
export const RUNNING = 'running'

/** More groups and callers than these are counted, and not listed. */
const MOST_ROWS = 12

/** A snapshot of the queue as tables, from what matters most. */
export const sectionsOf = (
  snapshot: QueueSnapshot,
  now: number,
  { styled }: Pick<Screen, 'styled'>,
): Section[] => {
  const { targets, groups, callers, holds, hour } = snapshot
  const inStyle = (style: 'yellow' | 'dim') => (text: string) => ({
    text,
    style: (shown: string) => styled(style, shown),
  })
  const head: Row[] = [
    ...targets.map(target => [targetLine(target, now)]),
    ...warnings(snapshot).map(line => [inStyle('yellow')(line)]),
    ...holds.map(hold => [inStyle('yellow')(holdLine(hold, now))]),
    [inStyle('dim')(hourLine(hour))],
  ]
  const limited = (rows: readonly Row[]): Row[] =>
    rows.length <= MOST_ROWS
      ? [...rows]
      : [...rows.slice(0, MOST_ROWS), [inStyle('dim')(`and ${rows.length - MOST_ROWS} more`)]]
  const sections: Section[] = [
    { title: RUNNING, rows: inFlightRows(targets, now) },
    { title: 'waiting', rows: limited(groupRows(groups)) },
    { title: 'callers', rows: limited(callerRows(callers)) },
  ]
  return [
    { rows: [headRow(snapshot, styled)] },
    { rows: head },
    ...sections.filter(({ rows }) => rows.length > 0),
  ]
}
