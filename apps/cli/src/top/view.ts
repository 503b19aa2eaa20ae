import { inWords } from '@foreman/jobs'
import { jobRows, styledState } from '../jobs/job-rows.ts'
import { cut, type Row, tableLines } from '../output/columns.ts'
import { safeLine } from '../output/safe-text.ts'
import type { Screen } from '../output/screen.ts'
import { ago } from '../output/times.ts'
import { RUNNING, sectionsOf } from '../queue/sections.ts'
import { laneOf } from './lane.ts'
import type { TopState } from './state.ts'

export interface Space {
  readonly columns: number
  readonly rows: number
  readonly styled: Screen['styled']
}

/** How much of the past the lane shows. */
export const LANE_MS = 15 * 60_000

const KEYS = 'p pause   e end the turn   c cancel   ↑ ↓ Enter look at a job   q quit'
const KEYS_OF_JOB = 'c cancel   Esc back   q quit'

/** The lines of the screen: as many as it has rows, none wider than it is. */
export const viewOf = (state: TopState, now: number, space: Space): string[] => {
  const { columns, rows, styled } = space
  const lines = state.job
    ? tableLines(jobRows(state.job, space, now), columns)
    : queueLines(state, now, space)
  const body = lines.slice(0, rows - 1)
  const keys = state.job ? KEYS_OF_JOB : KEYS
  const below = styled('inverse', cut(safeLine(state.question ?? state.message ?? keys), columns))
  return [...body, ...Array.from({ length: rows - 1 - body.length }, () => ''), below]
}

const queueLines = (state: TopState, now: number, space: Space): string[] => {
  const { snapshot, selected } = state
  if (!snapshot) return ['waiting for foreman …']
  const { columns, styled } = space
  const sections = sectionsOf(snapshot, now, space).map(({ title, rows }) => ({
    title,
    lines: tableLines(title === RUNNING ? rows.map(row => marked(row, selected)) : rows, columns),
  }))
  return [
    ...sections.filter(({ title }) => title === undefined).flatMap(({ lines }) => lines),
    ...laneLines(state, now, space),
    ...sections.flatMap(({ title, lines }) =>
      title === undefined ? [] : ['', styled('bold', title), ...lines],
    ),
    ...recentLines(state, now, space),
  ]
}

/** A row that begins with the id of a job, behind the place of the marker. */
const marked = (row: Row, selected: string | undefined): Row => [row[0] === selected ? '▸' : ' ', ...row]

const laneLines = ({ timeline }: TopState, now: number, { columns, styled }: Space): string[] => {
  if (!timeline) return []
  const { line, legend } = laneOf(timeline, now - LANE_MS, now, columns)
  return [
    '',
    line,
    styled('dim', cut(safeLine(`the last ${inWords(LANE_MS)}   ▒ a load   ${legend}`), columns)),
  ]
}

const recentLines = ({ recent, selected }: TopState, now: number, space: Space): string[] => {
  if (recent.length === 0) return []
  const rows = recent.map((news): Row => [
    news.job,
    styledState(news.state, space),
    news.model,
    news.caller,
    ago(news.at, now),
  ])
  return [
    '',
    space.styled('bold', 'changed'),
    ...tableLines(
      rows.map(row => marked(row, selected)),
      space.columns,
    ),
  ]
}
