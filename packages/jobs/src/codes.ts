/** A job that was running when its worker died this often is taken for the cause, and fails as `worker_lost`. */
export const MAX_LOSSES = 3

/** The error of a job that has not ended by its deadline, whatever its state is by then. */
export const DEADLINE_EXCEEDED = {
  errorCode: 'deadline_exceeded',
  errorMessage: 'the job did not end before its deadline',
} as const
