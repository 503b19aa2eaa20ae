import type { Store } from '@foreman/store'
import { DestinationError, type DestinationPolicy } from '@foreman/webhooks'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type { Target } from '../direct/target.ts'
import { problem, type Refusal } from '../http/refusal.ts'
import { forJobOfBatch } from './batch-refusal.ts'
import type { JobDraft } from './intake.ts'
import { placeOfModel } from './model-place.ts'
import { severalAtOnce } from './several-at-once.ts'

export interface AdmissionOptions {
  readonly store: Pick<Store, 'catalogue'>
  readonly target: Pick<Target, 'refusesModel'>
  readonly policy: DestinationPolicy
  /** Whether webhooks can be signed. */
  readonly hasWebhookSecret: boolean
}

/** How many URLs are checked before others have a turn. */
const URLS_AT_ONCE = 200
/** Between two such lots of look-ups. */
const PAUSE_MS = 5
/** How many models of a batch the target is asked about at the same time. */
const MODELS_AT_ONCE = 8

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
    const models = firstOfEach(jobs, ({ modelName }) => modelName)
    await severalAtOnce(MODELS_AT_ONCE, models, ({ index, job }) =>
      forJobOfBatch(index, () => this.#ensureModel(job)),
    )
    await this.#lookUpReceivers(receivers)
  }

  /**
   * Checks the webhook of every job, apart from the look-up.
   *
   * @returns the first job of each origin
   */
  async #inspectReceivers(jobs: readonly JobDraft[]): Promise<readonly Receiver[]> {
    const receivers = new Map<string, Receiver>()
    for (const [at, first] of firstOfEach(jobs, ({ webhook }) => webhook?.url).entries()) {
      if (at % URLS_AT_ONCE === URLS_AT_ONCE - 1) await setImmediate()
      const { index, job } = first
      const url = await forJobOfBatch(index, () => job.webhook && this.#inspect(job.webhook.url))
      if (url && !receivers.has(url.origin)) receivers.set(url.origin, { ...first, host: url.hostname })
    }
    return [...receivers.values()]
  }

  /**
   * Begins all checks within a moment, so that they also end together when no name server answers. Those of one host
   * begin together, so that they share its look-up.
   */
  async #lookUpReceivers(receivers: readonly Receiver[]): Promise<void> {
    const hosts = [...Map.groupBy(receivers, ({ host }) => host).values()]
    const ensure = ({ index, job }: Receiver) => forJobOfBatch(index, () => this.#ensureReceiver(job))
    const slices = Array.from({ length: Math.ceil(hosts.length / URLS_AT_ONCE) }, async (_, at) => {
      await delay(at * PAUSE_MS)
      const some = hosts.slice(at * URLS_AT_ONCE, (at + 1) * URLS_AT_ONCE)
      await Promise.all(some.flat().map(ensure))
    })
    await Promise.all(slices)
  }

  /** @throws Refusal when the URL alone shows that no webhook may go there */
  #inspect(url: string): URL {
    this.#ensureSecret()
    try {
      return this.#options.policy.inspect(url)
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

interface Receiver extends IndexedJob {
  readonly host: string
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
