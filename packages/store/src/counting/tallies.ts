import type { Histogram } from './increments.ts'

const SECOND_MS = 1_000
const WAITS_MS = [0.05, 0.25, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3_600, 14_400, 43_200, 86_400].map(
  seconds => seconds * SECOND_MS,
)
/** Those of OpenTelemetry: 0.01 s × 2ⁿ. */
const OPERATIONS_MS = Array.from({ length: 14 }, (_, n) => 10 * 2 ** n)
/** Those of OpenTelemetry: 4ⁿ. */
const TOKENS = Array.from({ length: 14 }, (_, n) => 4 ** n)

/** So many models of the target are counted each for itself, by their names. A catalogue has a few dozen. */
export const MAX_COUNTED_MODELS = 100
/** As what all others are counted, those that the target does not have among them: a misspelt name makes no series. */
export const OTHER_MODEL = 'other'

/** The names under which things are counted. Times are in milliseconds. */
export const TALLIES = {
  submitted: 'jobs_submitted',
  finished: 'jobs_finished',
  failures: 'job_failures',
  retries: 'job_retries',
  choices: 'choices',
  loads: 'loads',
  loadMs: 'load_ms',
  arrivalLoads: 'loads_in_arrival_order',
  arrivalLoadMs: 'load_ms_in_arrival_order',
  foreignLoads: 'foreign_loads',
  targetMs: 'target_ms',
  tokens: 'tokens',
  webhookAttempts: 'webhook_attempts',
  webhooksFinished: 'webhooks_finished',
} as const

export const HISTOGRAMS = {
  wait: { name: 'job_wait', bounds: WAITS_MS },
  duration: { name: 'job_duration', bounds: WAITS_MS },
  operation: { name: 'gen_ai_operation', bounds: OPERATIONS_MS },
  firstChunk: { name: 'gen_ai_first_chunk', bounds: OPERATIONS_MS },
  usage: { name: 'gen_ai_tokens', bounds: TOKENS },
} as const satisfies Readonly<Record<string, Histogram>>
