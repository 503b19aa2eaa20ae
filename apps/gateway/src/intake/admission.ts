import type { Store } from '@foreman/store'
import { DestinationError, type DestinationPolicy } from '@foreman/webhooks'
import type { Target } from '../direct/target.ts'
import { problem } from '../http/refusal.ts'
import { forJobOfBatch } from './batch-refusal.ts'
import type { JobDraft } from './intake.ts'
import { placeOfModel } from './model-place.ts'

export interface AdmissionOptions {
  readonly store: Pick<Store, 'catalogue'>
  readonly target: Pick<Target, 'refusesModel'>
  readonly policy: DestinationPolicy
  /** Whether webhooks can be signed. */
  readonly hasWebhookSecret: boolean
}

/** How many host names are looked up at the same time. */
const LOOK_UPS_AT_ONCE = 16

/**
 * Checks jobs that are submitted on /jobs: the target must have the model, and webhooks may go to the receiver. Such a
 * job has no caller that would see it fail.
 */
export class Admission {
  readonly #options: AdmissionOptions

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** @throws Refusal when the job cannot be accepted */
  async ensureAcceptable(job: JobDraft): Promise<void> {
    await this.#ensureModel(job)
    await this.#ensureReceiver(job)
  }

  /**
   * Checks each model and each receiver once, however many jobs name it.
   *
   * @throws BatchRefusal for one of the jobs that cannot be accepted
   */
  async ensureAllAcceptable(jobs: readonly JobDraft[]): Promise<void> {
    for (const { index, job } of firstOfEach(jobs, ({ model }) => model))
      await forJobOfBatch(index, () => this.#ensureModel(job))
    const receivers = firstOfEach(jobs, ({ webhook }) => webhook && originOf(webhook.url))
    for (let start = 0; start < receivers.length; start += LOOK_UPS_AT_ONCE) {
      const some = receivers.slice(start, start + LOOK_UPS_AT_ONCE)
      await Promise.all(some.map(({ index, job }) => forJobOfBatch(index, () => this.#ensureReceiver(job))))
    }
  }

  async #ensureModel({ model }: JobDraft): Promise<void> {
    if ((await placeOfModel(model, this.#options)) === 'refused')
      throw problem(404, 'model_not_found', `model '${model}' not found`)
  }

  async #ensureReceiver({ webhook }: JobDraft): Promise<void> {
    if (!webhook) return
    const { policy, hasWebhookSecret } = this.#options
    if (!hasWebhookSecret) {
      const why = 'webhooks are signed, and FOREMAN_WEBHOOK_SECRET is not set here'
      throw problem(422, 'webhook_refused', why)
    }
    try {
      await policy.check(webhook.url)
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error
      // The name server may know the name again by the time there is something to deliver.
      if (error.code === 'look_up_failed') return
      const hint = error.code === 'not_allowed' ? ' (FOREMAN_WEBHOOK_ALLOW can allow it)' : ''
      throw problem(422, 'webhook_refused', `${error.message}${hint}`)
    }
  }
}

interface IndexedJob {
  readonly index: number
  readonly job: JobDraft
}

/** For each value that occurs among the jobs, the first job that has it. */
const firstOfEach = (
  jobs: readonly JobDraft[],
  valueOf: (job: JobDraft) => string | undefined,
): IndexedJob[] => {
  const first = new Map<string, IndexedJob>()
  for (const [index, job] of jobs.entries()) {
    const value = valueOf(job)
    if (value !== undefined && !first.has(value)) first.set(value, { index, job })
  }
  return [...first.values()]
}

/** URLs that differ in their paths only are checked once. Text that is no URL is checked as it is. */
const originOf = (url: string): string => {
  try {
    const { protocol, username, password, host } = new URL(url)
    return `${protocol}//${username}:${password}@${host}`
  } catch {
    return url
  }
}
