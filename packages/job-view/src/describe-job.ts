import {
  isEndState,
  type Job,
  type JobError,
  type JobErrorCode,
  type JobProspect,
  priorities,
} from '@foreman/jobs'
import type { JobRecord } from '@foreman/store'
import type { JobAnswer } from './answer.ts'
import { time } from './time.ts'
import { type Why, whyStarted } from './why.ts'

/** What is foretold of a queued job. Times are milliseconds since the epoch. */
export interface Prospect {
  /** How many of the queued jobs are likely to start before it. */
  readonly position: number | undefined
  /** When it is likely to start. */
  readonly start: { readonly at: number; readonly earliestAt: number; readonly latestAt: number } | undefined
  readonly why: Why
  /** When that was foretold. */
  readonly now: number
}

/** What is shown of a job in addition to its record. */
export interface JobExtras {
  /** What is foretold of a queued job. */
  readonly prospect?: Prospect | undefined
  readonly answer?: Omit<JobAnswer, 'result'> | undefined
  /** Whether everything is left out that may be content, or quote it: the metadata, and the words of others in an error. */
  readonly isOutline?: boolean
}

/**
 * A job as callers see it, as JSON. Fields without a value are left out, and so is the result. The metadata is written as
 * the caller wrote it.
 */
export const jobJson = (job: JobRecord, extras: JobExtras = {}): string => {
  const json = JSON.stringify(describeJob(job, extras))
  return job.metadata === null || extras.isOutline ? json : withField(json, 'metadata', job.metadata)
}

/**
 * The JSON of a job with its result is the first text, the JSON of the result, and the second text.
 *
 * @param json of the job without its result
 */
export const aroundResult = (json: string): [before: string, after: string] => [
  `${json.slice(0, -1)},"result":`,
  '}',
]

/** @param json of an object that has fields */
const withField = (json: string, name: string, value: string): string =>
  `${json.slice(0, -1)},"${name}":${value}}`

/** What is foretold of a job, as it is shown. */
export const prospectFields = ({ position, start, why, now }: Prospect): JobProspect => ({
  ...(position !== undefined && { position }),
  ...(start && {
    estimated_start: time(start.at),
    estimated_wait_ms: waitMs(start.at, now),
    estimated_wait_range_ms: [waitMs(start.earliestAt, now), waitMs(start.latestAt, now)],
  }),
  why,
})

const waitMs = (at: number, now: number): number => Math.max(0, Math.round(at - now))

const describeJob = (
  job: JobRecord,
  { prospect, answer, isOutline }: JobExtras,
): Omit<Job, 'metadata' | 'result'> => {
  const { state } = job
  const isOver = isEndState(state)
  return {
    id: job.id,
    state,
    endpoint: job.endpoint,
    model: job.model,
    priority: priorities[job.priority] ?? 'normal',
    caller: job.caller,
    ...(state === 'queued' && prospect && prospectFields(prospect)),
    attempts: job.attempt,
    created_at: time(job.createdAt),
    ...(job.startedAt !== null && { started_at: time(job.startedAt) }),
    ...(state !== 'queued' && startFields(job)),
    ...(job.finishedAt !== null && { finished_at: time(job.finishedAt) }),
    ...(job.expiresAt !== null && { expires_at: time(job.expiresAt) }),
    ...(job.deadlineAt !== null && { deadline: time(job.deadlineAt) }),
    ...(state === 'queued' && job.availableAt !== null && { next_attempt_at: time(job.availableAt) }),
    ...(job.cancelRequestedAt !== null && { cancel_requested: true }),
    ...(job.retryOf !== null && { retry_of: job.retryOf }),
    ...(job.batch !== null && { batch: job.batch }),
    ...(state === 'running' && job.tokens !== null && { progress: { tokens: job.tokens } }),
    ...(isOver && usageOf(job)),
    ...(isOver && timesOf(job)),
    ...(state === 'succeeded' && answer?.omitted !== undefined && { result_omitted: answer.omitted }),
    ...(isOver &&
      state !== 'succeeded' && { error: isOutline ? outlineOfError(job) : jobError(job, answer) }),
  }
}

const startFields = (job: JobRecord): Pick<Job, 'waited_ms' | 'why'> => {
  const why = whyStarted(job)
  return {
    ...(job.startedAt !== null && { waited_ms: Math.max(0, job.startedAt - job.createdAt) }),
    ...(why && { why }),
  }
}

const usageOf = ({ promptTokens, completionTokens }: JobRecord): Pick<Job, 'usage'> => {
  if (promptTokens === null && completionTokens === null) return {}
  return {
    usage: {
      ...(promptTokens !== null && { prompt_tokens: promptTokens }),
      ...(completionTokens !== null && { completion_tokens: completionTokens }),
    },
  }
}

const timesOf = ({
  firstByteAt,
  loadMs,
  promptMs,
  generateMs,
}: JobRecord): Pick<Job, 'first_byte_at' | 'load_ms' | 'prompt_ms' | 'generate_ms'> => ({
  ...(firstByteAt !== null && { first_byte_at: time(firstByteAt) }),
  ...(loadMs !== null && { load_ms: loadMs }),
  ...(promptMs !== null && { prompt_ms: promptMs }),
  ...(generateMs !== null && { generate_ms: generateMs }),
})

/** The message of an error whose own text is not known, or not shown. */
const messages: Record<string, string> = {
  cancelled: 'the job was cancelled',
  target_error: "the target's answer is an error",
  not_an_answer: "the target's answer is in no known form",
  target_lost: 'the connection to the target broke off',
  unsendable: 'HTTP cannot carry the request',
}

/** The codes whose messages are foreman's own words throughout. Those of others quote Node or the target. */
const IN_OWN_WORDS: ReadonlySet<string> = new Set<JobErrorCode>([
  'job_timeout',
  'stall',
  'load_timeout',
  'cut_short',
  'worker_stopped',
  'worker_lost',
  'deadline_exceeded',
  'internal_error',
])

const outlineOfError = (job: JobRecord): JobError =>
  jobError(IN_OWN_WORDS.has(job.errorCode ?? '') ? job : { ...job, errorMessage: null })

/** Why a job ended without success, as callers see it. */
export const jobError = (
  { errorCode, errorMessage, statusCode, state }: JobRecord,
  answer?: Pick<JobAnswer, 'errorText'>,
): JobError => {
  const code = errorCode ?? state
  const said = errorMessage ?? answer?.errorText ?? messages[code]
  return {
    code,
    message: said ?? `the target answered with status ${statusCode ?? 'unknown'}`,
    ...(statusCode !== null && { status: statusCode }),
  }
}
