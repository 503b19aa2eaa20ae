import type { QueueSnapshot } from '@foreman/jobs'
import { tableLines } from '../output/columns.ts'
import type { Screen } from '../output/screen.ts'
import { callerRows, groupRows, inFlightRows } from './snapshot-rows.ts'
import { headline, holdLines, hourLine, targetLine, warnings } from './snapshot-words.ts'

/** More groups and callers than these are counted, and not listed. */
const MOST_ROWS = 12

/** A snapshot of the queue on one screen. */
export const statusLines = (
  snapshot: QueueSnapshot,
  screen: Pick<Screen, 'styled' | 'columns'>,
): string[] => {
  const { targets, groups, callers } = snapshot
  const section = (title: string, rows: ReturnType<typeof groupRows>): string[] => {
    if (rows.length === 0) return []
    const left = rows.length - MOST_ROWS
    return [
      '',
      screen.styled('bold', title),
      ...tableLines(rows.slice(0, MOST_ROWS), screen.columns),
      ...(left > 0 ? [screen.styled('dim', `and ${left} more`)] : []),
    ]
  }
  return [
    headline(snapshot, screen),
    ...targets.map(target => targetLine(target, Date.parse(snapshot.at))),
    ...warnings(snapshot).map(line => screen.styled('yellow', line)),
    ...holdLines(snapshot.holds, Date.parse(snapshot.at)),
    ...section('running', inFlightRows(snapshot)),
    ...section('waiting', groupRows(groups)),
    ...section('callers', callerRows(callers)),
    '',
    hourLine(snapshot.hour),
  ]
}
