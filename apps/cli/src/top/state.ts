import type { Job, JobNews, QueueSnapshot, Timeline } from '@foreman/jobs'

/** What `foreman top` shows. */
export interface TopState {
  readonly snapshot: QueueSnapshot | undefined
  /** Undefined for a caller, who does not see it. */
  readonly timeline: Timeline | undefined
  /** The jobs that have changed their states, the last one first. */
  readonly recent: readonly JobNews[]
  /** The id of the job on which the marker stands. */
  readonly selected: string | undefined
  /** The job that is looked at in place of the queue. */
  readonly job: Job | undefined
  /** It waits for a yes. */
  readonly question: string | undefined
  /** What has become of the last step, or what an operator has done. */
  readonly message: string | undefined
}

const MOST_RECENT = 20

/** The list with a job in its new state, at the front. */
export const withNews = (recent: readonly JobNews[], news: JobNews): JobNews[] =>
  [news, ...recent.filter(({ job }) => job !== news.job)].slice(0, MOST_RECENT)

/** The jobs on which the marker can stand, from above to below. */
export const selectable = ({ snapshot, recent }: Pick<TopState, 'snapshot' | 'recent'>): string[] => {
  const running = snapshot?.targets.flatMap(target => target.in_flight.map(({ job }) => job)) ?? []
  return [...running, ...recent.map(({ job }) => job).filter(job => !running.includes(job))]
}

/** The job that the marker stands on after it has moved. A job that is no longer shown has none. */
export const moved = (
  state: Pick<TopState, 'snapshot' | 'recent' | 'selected'>,
  by: 1 | -1,
): string | undefined => {
  const jobs = selectable(state)
  const at = state.selected === undefined ? -1 : jobs.indexOf(state.selected)
  if (at === -1) return by === 1 ? jobs[0] : jobs.at(-1)
  return jobs[Math.min(jobs.length - 1, Math.max(0, at + by))]
}
