/** A job that runs. */
export interface RunningJob {
  /** Whether no other job may run beside it. */
  readonly runsAlone: boolean
}

/**
 * Which jobs may start beside those that run. `any`: every job. `shared`: every job that need not run alone. `none`: no
 * job.
 */
export type Admitted = 'any' | 'shared' | 'none'

/**
 * Decides which jobs may start beside those that run. A worker that died while it ran several jobs died of any of them,
 * so each of these runs alone afterwards: then a further loss is that job's own.
 */
export const admits = (running: readonly RunningJob[]): Admitted => {
  if (running.length === 0) return 'any'
  return running.some(job => job.runsAlone) ? 'none' : 'shared'
}
