import type { Store } from '@foreman/store'
import { DestinationError, type DestinationPolicy } from '@foreman/webhooks'
import { setImmediate } from 'node:timers/promises'
import type { Target } from '../direct/target.ts'
import { problem, type Refusal } from '../http/refusal.ts'
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

/** How many URLs are checked before others get a turn: about a millisecond's worth. */
const URLS_AT_ONCE = 200
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
   * Checks each URL, each model and each receiver once, however many jobs name it: what needs no other machine first.
   *
   * @throws BatchRefusal for one of the jobs that cannot be accepted
   */
  async ensureAllAcceptable(jobs: readonly JobDraft[]): Promise<void> {
    const receivers = await this.#inspectReceivers(jobs)
    for (const { index, job } of firstOfEach(jobs, ({ model }) => model))
      await forJobOfBatch(index, () => this.#ensureModel(job))
    for (let start = 0; start < receivers.length; start += LOOK_UPS_AT_ONCE) {
      const some = receivers.slice(start, start + LOOK_UPS_AT_ONCE)
      await Promise.all(some.map(({ index, job }) => forJobOfBatch(index, () => this.#ensureReceiver(job))))
    }
  }

  /**
   * Checks the webhook of every job, apart from the look-up.
   *
   * @returns the first job of each origin
   */
  async #inspectReceivers(jobs: readonly JobDraft[]): Promise<readonly IndexedJob[]> {
    const receivers = new Map<string, IndexedJob>()
    for (const [at, first] of firstOfEach(jobs, ({ webhook }) => webhook?.url).entries()) {
      if (at % URLS_AT_ONCE === URLS_AT_ONCE - 1) await setImmediate()
      const { index, job } = first
      const origin = await forJobOfBatch(index, () => job.webhook && this.#originOf(job.webhook.url))
      if (origin !== undefined && !receivers.has(origin)) receivers.set(origin, first)
    }
    return [...receivers.values()]
  }

  /** @throws Refusal when the URL alone shows that no webhook may go there */
  #originOf(url: string): string {
    this.#ensureSecret()
    try {
      return this.#options.policy.inspect(url).origin
    } catch (error) {
      throw error instanceof DestinationError ? refusalOf(error) : error
    }
  }

  #ensureSecret(): void {
    if (this.#options.hasWebhookSecret) return
    const why = 'webhooks are signed, and FOREMAN_WEBHOOK_SECRET is not set here'
    throw problem(422, 'webhook_refused', why)
  }

  async #ensureModel({ model }: JobDraft): Promise<void> {
    if ((await placeOfModel(model, this.#options)) === 'refused')
      throw problem(404, 'model_not_found', `model '${model}' not found`)
  }

  async #ensureReceiver({ webhook }: JobDraft): Promise<void> {
    if (!webhook) return
    this.#ensureSecret()
    try {
      await this.#options.policy.check(webhook.url)
    } catch (error) {
      if (!(error instanceof DestinationError)) throw error
      // The name server may know the name again by the time there is something to deliver.
      if (error.code !== 'look_up_failed') throw refusalOf(error)
    }
  }
}

const refusalOf = ({ code, message }: DestinationError): Refusal => {
  const hint = code === 'not_allowed' ? ' (FOREMAN_WEBHOOK_ALLOW can allow it)' : ''
  return problem(422, 'webhook_refused', `${message}${hint}`)
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
