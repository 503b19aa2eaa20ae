import type { Release } from '@foreman/store'
import type { TargetProbe } from '../target/target-probe.ts'
import { backoffMs, FIRST_DELAY_MS, MAX_DELAY_MS } from './delays.ts'
import type { Attempt, Ending, Verdict } from './ending.ts'

/** Answers with one of these statuses are kept back until it is known whether the status is final. */
const PROVISIONAL_STATUSES = new Set([401, 403, 429, 502, 503, 504])

export const isProvisional = (status: number): boolean => PROVISIONAL_STATUSES.has(status)

/** Whether `judge` has to know if the target is there. */
export const needsProbe = (ending: Ending): boolean =>
  ending.kind === 'provisional' && ending.status !== 429 && !isBusyAnswer(ending)

/** After so many runs of a job, each further one counts as an attempt, also if the target has asked to be left alone. */
const MAX_FREE_RUNS = 8

type Provisional = Extract<Ending, { kind: 'provisional' }>

const isBusyAnswer = ({ status, isOllamas }: Provisional): boolean =>
  isOllamas && status !== 401 && status !== 403

/** Decides what becomes of a job whose answer has a status that may not be final. */
export const judgeProvisional = (
  ending: Provisional,
  job: Attempt,
  probe: TargetProbe | undefined,
): Verdict => {
  const { status, answer: provisional } = ending
  const { head, body } = provisional
  const final: Verdict = {
    kind: 'finish',
    finish: {
      state: 'failed',
      answerAttempt: job.attempt,
      statusCode: status,
      errorCode: 'http_error',
      output: { head, body: [body] },
    },
  }
  if (status === 429 || isBusyAnswer(ending))
    return refused({ ending, job, final, release: { code: 'target_busy', provisional } })
  if (status === 401 || status === 403) {
    // The probe was let in with foreman's credentials, so the target refuses this request only.
    return probe === 'there' ? final : away(ending, probe)
  }
  // A proxy answers in place of Ollama. If Ollama is there, other jobs must not wait for this one.
  if (status === 504) {
    // The proxy has waited for Ollama, which may have generated all the time.
    const verdict = refused({ ending, job, final, release: { code: 'job_timeout' } })
    return probe === 'there' || verdict.kind === 'finish'
      ? verdict
      : { ...verdict, targetIsAway: awayReason(ending, probe) }
  }
  if (probe === 'there') return refused({ ending, job, final, release: { code: 'target_away' } })
  // Ollama may have died of this job.
  return job.attempt >= MAX_FREE_RUNS ? final : away(ending, probe)
}

interface Refused {
  readonly ending: Provisional
  readonly job: Attempt
  readonly final: Verdict
  readonly release: Pick<Release, 'code' | 'provisional'>
}

/**
 * The target has answered, but may take the request later. That counts as a failed attempt, unless the target has said
 * when: 429 and 503 mean that it has done nothing.
 */
const refused = ({ ending, job, final, release }: Refused): Verdict => {
  const waitMs = Math.min(ending.waitMs, MAX_DELAY_MS)
  const isFree = waitMs > 0 && (ending.status === 429 || ending.status === 503) && job.attempt < MAX_FREE_RUNS
  if (isFree)
    return {
      kind: 'release',
      release: { ...release, spent: false },
      delayMs: Math.max(waitMs, FIRST_DELAY_MS),
    }
  if (job.failedAttempts + 1 >= job.maxAttempts) return final
  return {
    kind: 'release',
    release: { ...release, spent: true },
    delayMs: Math.max(waitMs, backoffMs(job.failedAttempts)),
  }
}

/** The queue waits for the target, and the attempt does not count. */
export const notThere = (reason: string): Verdict => ({
  kind: 'release',
  release: { code: 'target_away', spent: false },
  delayMs: 0,
  targetIsAway: reason,
})

const away = (ending: Provisional, probe: TargetProbe | undefined): Verdict =>
  notThere(awayReason(ending, probe))

const awayReason = ({ status }: Provisional, probe: TargetProbe | undefined): string =>
  probe === 'refuses_credentials' ? `it refuses foreman's credentials (${status})` : `it answers ${status}`
