import type { Job, JobEvent } from '@foreman/jobs'

/** What somebody waited for in an attempt. */
export interface Stretch {
  readonly kind: 'waited' | 'loaded' | 'prompt' | 'generated' | 'ran'
  readonly ms: number
}

/** One attempt of a job, with the wait before it. */
export interface Attempt {
  /** From 1. Undefined: the job waits for it. */
  readonly attempt?: number
  readonly startedAt?: number
  /** Why the worker chose the group of the job. */
  readonly reason?: string
  readonly status?: number
  /** How it ended. Undefined: it has not. */
  readonly end?: {
    readonly how: 'succeeded' | 'failed' | 'cancelled' | 'retrying' | 'lost'
    readonly at: number
    readonly code?: string
  }
  readonly stretches: readonly Stretch[]
}

type Mutable = { -readonly [Name in keyof Attempt]: Attempt[Name] }

/**
 * The attempts of a job, and what it waits for if it waits.
 *
 * @param events all of the job so far
 */
export const attemptsOf = (job: Job, events: readonly JobEvent[], now: number): readonly Attempt[] => {
  const attempts: Mutable[] = []
  let waitsSince = Date.parse(job.created_at)
  for (const { event, data } of events) {
    const last = attempts.at(-1)
    switch (event) {
      case 'queued':
        waitsSince = Date.parse(data.arrived_at ?? data.at)
        break
      case 'started': {
        const startedAt = Date.parse(data.at)
        const stretches: Stretch[] = [{ kind: 'waited', ms: Math.max(0, startedAt - waitsSince) }]
        attempts.push({ attempt: data.attempt, startedAt, reason: data.reason, stretches })
        break
      }
      case 'head':
        if (last) last.status = data.status
        break
      case 'output':
      case 'progress':
      case 'reset':
      case 'estimate':
      case 'cancel_requested':
        break
      case 'retrying':
      case 'lost':
      case 'succeeded':
      case 'failed':
      case 'cancelled': {
        const at = Date.parse(data.at)
        const code = 'code' in data ? data.code : undefined
        waitsSince = at
        if (last && !last.end) last.end = { how: event, at, ...(code !== undefined && { code }) }
        break
      }
    }
  }
  const shown = attempts.map((each, n) => ({
    ...each,
    stretches: [...each.stretches, ...ranOf(each, n === attempts.length - 1 ? job : undefined, now)],
  }))
  const waiting: Stretch = { kind: 'waited', ms: Math.max(0, now - waitsSince) }
  return job.state === 'queued' ? [...shown, { stretches: [waiting] }] : shown
}

/** @param job if this attempt brought its answer, which says how long its parts took */
const ranOf = ({ startedAt = 0, end }: Attempt, job: Job | undefined, now: number): Stretch[] => {
  const ranMs = Math.max(0, (end?.at ?? now) - startedAt)
  if (!job || !end) return [{ kind: 'ran', ms: ranMs }]
  const firstMs = job.first_byte_at === undefined ? undefined : Date.parse(job.first_byte_at) - startedAt
  if (job.generate_ms === undefined)
    return firstMs === undefined || firstMs < 0
      ? [{ kind: 'ran', ms: ranMs }]
      : [
          { kind: 'prompt', ms: firstMs },
          { kind: 'generated', ms: Math.max(0, ranMs - firstMs) },
        ]
  const told: Stretch[] = [
    { kind: 'loaded', ms: job.load_ms ?? 0 },
    { kind: 'prompt', ms: job.prompt_ms ?? 0 },
    { kind: 'generated', ms: job.generate_ms },
  ]
  return told.filter(({ ms }) => ms >= 1)
}
