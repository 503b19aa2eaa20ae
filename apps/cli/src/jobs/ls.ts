import { inWords, isEndState, type Job } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { right, type Row } from '../output/columns.ts'
import { printList } from '../output/list.ts'
import type { Screen } from '../output/screen.ts'
import { ago } from '../output/times.ts'
import { filterOf } from './filter.ts'
import { styledState } from './job-rows.ts'

/** foreman reads no more jobs at a time. */
const MOST_OF_PAGE = 500

export interface Listing {
  /** Pairs such as `state=failed`. */
  readonly filters: readonly string[]
  readonly limit: number
}

/** Lists jobs, the newest first. */
export const listJobs = async (
  { filters, limit }: Listing,
  { client, screen, signal }: Session,
): Promise<void> => {
  const query = { ...filterOf(filters, Date.now()), pageSize: Math.min(limit, MOST_OF_PAGE) }
  const rowOf = (job: Job) => jobRow(job, screen, Date.now())
  await printList(client.jobs(query, { signal }), { rowOf, limit }, screen)
}

const jobRow = (job: Job, screen: Pick<Screen, 'styled'>, now: number): Row => [
  job.id,
  styledState(job.state, screen),
  job.model,
  job.priority,
  job.caller,
  right(ago(job.created_at, now)),
  job.error?.code ?? took(job),
]

/** How long an ended job ran. */
const took = ({ state, started_at, finished_at }: Job): string =>
  isEndState(state) && started_at !== undefined && finished_at !== undefined
    ? `in ${inWords(Date.parse(finished_at) - Date.parse(started_at))}`
    : ''
