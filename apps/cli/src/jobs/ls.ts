import { inWords, isEndState, type Job } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { type Row, tableLines } from '../output/columns.ts'
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
  const rows: Row[] = []
  let left = limit
  const print = () => {
    for (const line of tableLines(rows.splice(0), screen.columns)) screen.print(line)
  }
  for await (const job of client.jobs(query, { signal })) {
    if (screen.isJson) screen.json(job)
    else if (rows.push(rowOf(job, screen, Date.now())) === MOST_OF_PAGE) print()
    if (--left === 0) break
  }
  print()
}

const rowOf = (job: Job, screen: Pick<Screen, 'styled'>, now: number): Row => [
  job.id,
  styledState(job.state, screen),
  job.model,
  job.priority,
  job.caller,
  { text: ago(job.created_at, now), isRight: true },
  job.error?.code ?? took(job),
]

/** How long an ended job ran. */
const took = ({ state, started_at, finished_at }: Job): string =>
  isEndState(state) && started_at !== undefined && finished_at !== undefined
    ? `in ${inWords(Date.parse(finished_at) - Date.parse(started_at))}`
    : ''
