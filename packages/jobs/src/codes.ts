/** After this many losses of its own a job is assumed to kill its worker, and fails with the code `worker_lost`. */
export const MAX_LOSSES = 3

/** The error of a job that did not end before its deadline, whether it was queued or running. */
export const DEADLINE_EXCEEDED = {
  errorCode: 'deadline_exceeded',
  errorMessage: 'the job did not end before its deadline',
} as const

/** The error of a job that foreman itself could not go on with. The log of the process has the reason. */
export const INTERNAL_ERROR = {
  errorCode: 'internal_error',
  errorMessage: 'an error within foreman ended the job',
} as const

/** Why an attempt failed that is repeated while attempts are left. A job can also end with such a code. */
export const retryCodes = [
  /** The connection to the target was made and then broke off. */
  'target_lost',
  /** The attempt took longer than FOREMAN_JOB_TIMEOUT, or than a proxy before the target allows (504). */
  'job_timeout',
  /** The target sent no byte for FOREMAN_STALL after the head of its answer. */
  'stall',
  /** The target did not load the model within FOREMAN_LOAD_TIMEOUT. */
  'load_timeout',
] as const

export type RetryCode = (typeof retryCodes)[number]

/** Why a job goes back to the queue. docs/job-lifecycle.md says when its next attempt starts. */
export const releaseCodes = [
  ...retryCodes,
  /** The target answered that it is busy: with 429, or with 502, 503 or 504 and an error object of Ollama. */
  'target_busy',
  /** The target cannot be reached, a proxy answers in its place, or it refuses foreman's credentials. */
  'target_away',
  /** The worker was stopped, and the job did not end within the grace period. */
  'worker_stopped',
  /** The worker died while it ran the job. */
  'worker_lost',
  /** An operator has paused the queue, and wanted what ran to be put back. */
  'paused',
  /** An error within foreman broke the attempt off, and its end could not be written. */
  'internal_error',
] as const

export type ReleaseCode = (typeof releaseCodes)[number]

/** Why a job ended without success. docs/job-lifecycle.md says what the caller gets for each code. */
export const jobErrorCodes = [
  ...retryCodes,
  /** The target answered with a status of 300 or higher. */
  'http_error',
  /** The target answered with a status of success, but its answer is an error or ends with one. */
  'target_error',
  /** The target ended its answer before it was complete. */
  'cut_short',
  /** The answer is neither NDJSON nor an event stream nor JSON, cannot be unpacked, is not valid HTTP, or redirects elsewhere. */
  'not_an_answer',
  /** HTTP cannot carry the request, or the worker does not know the route. */
  'unsendable',
  /** The worker was stopped while it streamed the answer to a caller. */
  'worker_stopped',
  /** The worker died while it streamed the answer to a caller, or died three times while it ran only this job. */
  'worker_lost',
  /** The job did not end before its deadline. */
  DEADLINE_EXCEEDED.errorCode,
  /** The caller disconnected, or the job was cancelled through `/jobs`. */
  'cancelled',
  /** An error within foreman, which its log describes. */
  INTERNAL_ERROR.errorCode,
] as const

export type JobErrorCode = (typeof jobErrorCodes)[number]
