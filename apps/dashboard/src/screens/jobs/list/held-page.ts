import type { Job, JobPage } from '@foreman/jobs'

/** A page of the list as it is shown. */
export interface HeldPage {
  readonly jobs: readonly Job[]
  readonly next: string | null
  readonly searchedTo?: string
  /** The jobs that no longer belong here. They stay until somebody asks for the latest. */
  readonly gone: ReadonlySet<string>
  /** How many have come since. */
  readonly arrived: number
}

/** A page as it came. */
export const newPage = (
  { jobs, next_cursor: next, searched_to: searchedTo }: JobPage,
  size: number,
): HeldPage => ({
  jobs: jobs.slice(0, size),
  next,
  ...(searchedTo !== undefined && { searchedTo }),
  gone: new Set(),
  arrived: 0,
})

/**
 * The page with its rows where they are: each job is shown as it is now, and new ones are counted only. A job that is not on
 * the latest page may have been pushed off its end by new ones: it is gone only if an older one is there.
 */
export const holdPage = (shown: HeldPage, { jobs, next_cursor: next }: JobPage): HeldPage => {
  const latest = new Map(jobs.map(job => [job.id, job]))
  const seen = next === null ? shown.jobs.length : shown.jobs.findLastIndex(({ id }) => latest.has(id))
  const known = new Set(shown.jobs.map(({ id }) => id))
  const oldest = jobs.findLastIndex(({ id }) => known.has(id))
  return {
    ...shown,
    jobs: shown.jobs.map(job => latest.get(job.id) ?? job),
    gone: new Set(shown.jobs.flatMap(({ id }, at) => (at <= seen && !latest.has(id) ? [id] : []))),
    // What stands behind the last job that is shown is on the next page.
    arrived: jobs.filter(({ id }, at) => !known.has(id) && (oldest < 0 || at < oldest)).length,
  }
}
