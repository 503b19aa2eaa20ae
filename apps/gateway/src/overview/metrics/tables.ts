import {
  choiceReasons,
  deliveryStates,
  endStates,
  jobErrorCodes,
  priorities,
  releaseCodes,
} from '@foreman/jobs'
import { deliveryResults, HISTOGRAMS, TALLIES } from '@foreman/store'
import type { Enums } from './series.ts'

/** What a tally is shown as. */
export interface CountedMetric {
  readonly tally: string
  readonly name: string
  readonly help: string
  /** Times are counted in milliseconds, and shown in seconds. */
  readonly isTime?: true
  readonly enums?: Enums
  /** Which series are there from the start. Undefined: each comes with what it counts. */
  readonly from?: 'nothing' | 'callers' | 'models' | 'target'
}

export const COUNTERS: readonly CountedMetric[] = [
  {
    tally: TALLIES.submitted,
    name: 'foreman_jobs_submitted_total',
    help: 'Jobs that were accepted. handed_over: whether nobody waits for the answer on a connection.',
    enums: { priority: priorities, handed_over: ['false', 'true'] },
    from: 'callers',
  },
  {
    tally: TALLIES.finished,
    name: 'foreman_jobs_finished_total',
    help: 'Jobs that have ended.',
    enums: { state: endStates },
  },
  {
    tally: TALLIES.failures,
    name: 'foreman_job_failures_total',
    help: 'Jobs that have failed, by the error code.',
    enums: { code: jobErrorCodes },
    from: 'nothing',
  },
  {
    tally: TALLIES.retries,
    name: 'foreman_job_retries_total',
    help: 'Attempts after which the job went back to the queue.',
    enums: { code: releaseCodes },
    from: 'nothing',
  },
  {
    tally: TALLIES.choices,
    name: 'foreman_choices_total',
    help: 'Starts of jobs, by the reason for which their model was chosen.',
    enums: { reason: choiceReasons },
    from: 'nothing',
  },
  {
    tally: TALLIES.loads,
    name: 'foreman_loads_total',
    help: 'Loads of models.',
    from: 'models',
  },
  {
    tally: TALLIES.loadMs,
    name: 'foreman_load_seconds_total',
    help: 'How long the target has loaded models.',
    isTime: true,
    from: 'models',
  },
  {
    tally: TALLIES.arrivalLoads,
    name: 'foreman_loads_in_arrival_order_total',
    help: 'Loads that the same jobs would have needed in the order of their arrival.',
    from: 'nothing',
  },
  {
    tally: TALLIES.arrivalLoadMs,
    name: 'foreman_load_seconds_in_arrival_order_total',
    help: 'How long the target would have loaded models for the same jobs in the order of their arrival.',
    isTime: true,
    from: 'nothing',
  },
  {
    tally: TALLIES.foreignLoads,
    name: 'foreman_foreign_loads_total',
    help: 'Loads that were needed because somebody else had changed the model in the middle of a turn.',
    from: 'target',
  },
  {
    tally: TALLIES.targetMs,
    name: 'foreman_target_seconds_total',
    help: 'How long the target has worked for ended jobs.',
    isTime: true,
    enums: { phase: ['load', 'prompt', 'generate'] },
  },
  {
    tally: TALLIES.tokens,
    name: 'foreman_tokens_total',
    help: 'Tokens of ended jobs, as the answers count them.',
    enums: { type: ['input', 'output'] },
  },
  {
    tally: TALLIES.webhookAttempts,
    name: 'foreman_webhook_attempts_total',
    help: 'Attempts to deliver a webhook, by what followed from them.',
    enums: { result: deliveryResults },
    from: 'nothing',
  },
  {
    tally: TALLIES.webhooksFinished,
    name: 'foreman_webhooks_finished_total',
    help: 'Webhooks that were delivered or given up.',
    enums: { result: deliveryStates.filter(state => state !== 'pending') },
    from: 'nothing',
  },
]

/** What a histogram of the store is shown as. */
export interface CountedHistogram {
  readonly histogram: (typeof HISTOGRAMS)[keyof typeof HISTOGRAMS]
  readonly name: string
  readonly help: string
  readonly isTime?: true
  /** What the labels are called. Undefined: as they are counted. */
  readonly labels?: Readonly<Record<string, string>>
  /** Labels that all of its series have. */
  readonly fixed?: Readonly<Record<string, string>>
}

/** The names of the OpenTelemetry conventions for clients of language models. They are still in development. */
const GEN_AI = {
  fixed: { gen_ai_provider_name: 'ollama' },
  labels: {
    model: 'gen_ai_request_model',
    operation: 'gen_ai_operation_name',
    token_type: 'gen_ai_token_type',
  },
} as const

export const COUNTED_HISTOGRAMS: readonly CountedHistogram[] = [
  {
    histogram: HISTOGRAMS.wait,
    name: 'foreman_job_wait_seconds',
    help: 'How long jobs waited, from their arrival to their first start.',
    isTime: true,
  },
  {
    histogram: HISTOGRAMS.duration,
    name: 'foreman_job_duration_seconds',
    help: 'How long jobs took, from their arrival to their end.',
    isTime: true,
  },
  {
    ...GEN_AI,
    histogram: HISTOGRAMS.operation,
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'How long the target took for an operation, without the time in the queue.',
    isTime: true,
  },
  {
    ...GEN_AI,
    histogram: HISTOGRAMS.firstChunk,
    name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
    help: 'How long it took until the first piece of the answer came from the target.',
    isTime: true,
  },
  {
    ...GEN_AI,
    histogram: HISTOGRAMS.usage,
    name: 'gen_ai_client_token_usage',
    help: 'How many tokens an operation had.',
  },
]
