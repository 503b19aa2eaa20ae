import { type CallerSnapshot, type GroupSnapshot, inWords, type QueueSnapshot } from '@foreman/jobs'
import { right, type Row } from '../output/columns.ts'

/** A row for each running job. */
export const inFlightRows = (targets: QueueSnapshot['targets'], now: number): Row[] =>
  targets
    .flatMap(target => target.in_flight)
    .map(job => [
      job.job,
      job.model,
      job.caller,
      job.phase,
      right(inWords(now - Date.parse(job.started_at))),
      right(job.tokens === undefined ? undefined : `${job.tokens} tokens`),
      right(job.tokens_per_second === undefined ? undefined : `${job.tokens_per_second}/s`),
    ])

/** A row for each group that waits. */
export const groupRows = (groups: readonly GroupSnapshot[]): Row[] =>
  groups.map(({ models, load_options, queued, oldest_wait_ms, why }) => [
    models.join(', ') + (load_options ? ` ${JSON.stringify(load_options)}` : ''),
    right(countsOf(queued)),
    right(inWords(oldest_wait_ms)),
    why.text,
  ])

const countsOf = ({ high, normal, low }: GroupSnapshot['queued']): string =>
  [
    ...(high > 0 ? [`${high} high`] : []),
    ...(normal > 0 ? [`${normal}`] : []),
    ...(low > 0 ? [`${low} low`] : []),
  ].join(' + ')

/** A row for each caller who has jobs, or had some in the last hour. */
export const callerRows = (callers: readonly CallerSnapshot[]): Row[] =>
  callers.map(({ caller, queued = 0, running, hour }) => [
    caller,
    right(`${queued} waiting`),
    right(`${running} running`),
    right(`${hour.jobs} in the last hour`),
    right(`${Math.round(hour.share * 100)} % of the time`),
  ])
