import type { Store } from '@foreman/store'
import { DestinationError, type DestinationPolicy } from '@foreman/webhooks'
import type { Target } from '../direct/target.ts'
import { problem } from '../http/refusal.ts'
import { ofBatch } from './batch-refusal.ts'
import type { JobDraft } from './intake.ts'
import { placeOf } from './model-place.ts'

export interface AdmissionOptions {
  readonly store: Store
  readonly target: Target
  readonly policy: DestinationPolicy
  /** Whether messages can be signed. */
  readonly hasWebhookSecret: boolean
}

/** Host names that are looked up at the same time. */
const LOOK_UPS_AT_ONCE = 16

/** Decides whether work is taken that nobody will wait for, by asking the target for the model and the resolver for the receiver. */
export class Admission {
  readonly #options: AdmissionOptions

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** @throws Refusal */
  async demand(job: JobDraft): Promise<void> {
    await this.#demandModel(job)
    await this.#demandReceiver(job)
  }

  /**
   * Asks about each model and each receiver once, however many jobs name it.
   * @throws BatchRefusal of one of the jobs that are refused
   */
  async demandAll(jobs: readonly JobDraft[]): Promise<void> {
    for (const index of firstOf(jobs, job => job.model))
      await ofBatch(index, () => this.#demandModel(jobs[index]))
    const receivers = firstOf(jobs, job => job.webhook && originOf(job.webhook.url))
    for (let first = 0; first < receivers.length; first += LOOK_UPS_AT_ONCE) {
      const some = receivers.slice(first, first + LOOK_UPS_AT_ONCE)
      await Promise.all(some.map(index => ofBatch(index, () => this.#demandReceiver(jobs[index]))))
    }
  }

  async #demandModel(job: JobDraft | undefined): Promise<void> {
    if (job && (await placeOf(job.model, this.#options)) === 'refused')
      throw problem(404, 'model_not_found', `model '${job.model}' not found`)
  }

  async #demandReceiver(job: JobDraft | undefined): Promise<void> {
    if (!job?.webhook) return
    const { policy, hasWebhookSecret } = this.#options
    if (!hasWebhookSecret) {
      const why = 'webhooks are signed, and FOREMAN_WEBHOOK_SECRET is not set here'
      throw problem(422, 'webhook_refused', why)
    }
    try {
      await policy.check(job.webhook.url)
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error
      // The name may be known again by the time there is something to tell.
      if (error.code === 'look_up_failed') return
      const hint = error.code === 'not_allowed' ? ' (FOREMAN_WEBHOOK_ALLOW can allow it)' : ''
      throw problem(422, 'webhook_refused', `${error.message}${hint}`)
    }
  }
}

/** For each value that jobs have, the index of the first job that has it. */
const firstOf = (jobs: readonly JobDraft[], valueOf: (job: JobDraft) => string | undefined): number[] => {
  const first = new Map<string, number>()
  for (const [index, job] of jobs.entries()) {
    const value = valueOf(job)
    if (value !== undefined && !first.has(value)) first.set(value, index)
  }
  return [...first.values()]
}

/** Of URLs that differ in their paths alone, one is looked at. What is no such URL is looked at as it is. */
const originOf = (url: string): string => {
  try {
    const { protocol, username, password, host } = new URL(url)
    return `${protocol}//${username}:${password}@${host}`
  } catch {
    return url
  }
}
