import { type Hold, type HourSnapshot, inWords, type QueueSnapshot, type TargetSnapshot } from '@foreman/jobs'
import type { Row } from '../output/columns.ts'
import type { Screen } from '../output/screen.ts'

const STYLES = { running: 'green', paused: 'yellow', closed: 'yellow', away: 'red' } as const

/** What the queue does: its state, its counts, and the version of foreman. */
export const headRow = (
  { state, queued, running, delayed, oldest_wait_ms: oldestMs, version }: QueueSnapshot,
  styled: Screen['styled'],
): Row => {
  const counts = [
    `${running} running`,
    `${queued} waiting`,
    ...(delayed > 0 ? [`${delayed} of them for their next attempt`] : []),
    ...(oldestMs === undefined ? [] : [`the oldest for ${inWords(oldestMs)}`]),
  ]
  return [
    { text: state, style: text => styled([STYLES[state], 'bold'], text) },
    counts.join(', '),
    { text: `foreman ${version}`, style: text => styled('dim', text) },
  ]
}

/** What the target does, in a line. */
export const targetLine = (
  { state, reason, turn, next, resident, ollama_version }: TargetSnapshot,
  at: number,
): string => {
  const parts = [
    `target ${state}${reason === undefined ? '' : ` (${reason})`}${ollama_version === undefined ? '' : `, Ollama ${ollama_version}`}`,
    ...(turn
      ? [`${turn.models.join(', ')} has its turn: ${turn.jobs_done} done, ${turn.jobs_left} left`]
      : []),
    ...(next ? [`${next.models.join(', ')} is next in ${inWords(Date.parse(next.at) - at)}`] : []),
    ...(turn || resident.length === 0
      ? []
      : [`in memory: ${resident.map(({ model, group }) => model ?? group).join(', ')}`]),
  ]
  return parts.join('; ')
}

/** What is wrong, a line each. */
export const warnings = ({ health, webhooks }: QueueSnapshot): string[] => [
  ...health.reasons.map(reason => `${reason}: see the table of reasons in docs/operations.md`),
  ...(webhooks && webhooks.dead_day > 0
    ? [`${webhooks.dead_day} webhooks were given up in the last day: foreman webhook ls --state dead`]
    : []),
]

/** What an operator holds back, and until when. */
export const holdLine = ({ kind, subject, until, reason, by }: Hold, at: number): string =>
  [
    subject === undefined ? kind : `${kind} ${subject}`,
    ...(until === undefined ? [] : [`for another ${inWords(Date.parse(until) - at)}`]),
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(reason === undefined ? [] : [`(${reason})`]),
  ].join(' ')

/** What the last hour brought. */
export const hourLine = (hour: HourSnapshot): string =>
  `last hour: ${hour.succeeded} succeeded, ${hour.failed} failed, ${hour.cancelled} cancelled; ` +
  `${hour.output_tokens} tokens; ${hour.loads} loads, ${hour.loads_in_arrival_order} in order of arrival, ` +
  `${inWords(hour.load_ms_saved)} saved`
