import type { Store } from '@foreman/store'
import { DestinationError, type DestinationPolicy } from '@foreman/webhooks'
import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import type { Target } from '../direct/target.ts'
import { problem, type Refusal } from '../http/refusal.ts'
import { forJobOfBatch } from './batch-refusal.ts'
import { type Demands, earlyRefusal, isLikelyRefused } from './early-refusal.ts'
import type { JobDraft } from './job-draft.ts'
import { factsOfModel, listedModel } from './model-place.ts'
import { severalAtOnce } from './several-at-once.ts'

/** A job that somebody wants to submit, with what tells whether the target would refuse it. */
export interface Candidate extends JobDraft, Demands {}

export interface AdmissionOptions {
  readonly store: Pick<Store, 'catalogue' | 'target'>
  readonly target: Pick<Target, 'refusesModel' | 'capabilitiesOf' | 'refusal'>
  readonly policy: DestinationPolicy
  /** Whether webhooks can be signed. */
  readonly hasWebhookSecret: boolean
}

/** How many URLs are checked before others have a turn. */
const URLS_AT_ONCE = 200
/** Between two such lots of look-ups. */
const PAUSE_MS = 5
/** How many models or jobs of a batch the target is asked about at the same time. */
const ASKED_AT_ONCE = 8
/** The target calls an option of the wrong type an error of its own (500). Here it is one of the submission. */
const UNPROCESSABLE = 422

/**
 * Checks jobs that are submitted on /jobs: the target must have the model and would not refuse the request, and webhooks
 * may go to the receiver. Such a job has no caller that would see it fail.
 */
export class Admission {
  readonly #options: AdmissionOptions

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** @throws Refusal when the job cannot be accepted */
  async ensureAcceptable(job: Candidate): Promise<void> {
    await this.#ensureModel(job)
    await this.#ensureTaken(job)
    await this.#ensureReceiver(job)
  }

  /**
   * Checks all jobs of a batch, and begins with the checks that need no other machine. It checks each URL, each model and
   * each receiver once, even if many jobs name it. If the target would refuse several jobs for the same reason, foreman
   * asks it about one of them.
   *
   * @throws BatchRefusal for one of the jobs that cannot be accepted
   */
  async ensureAllAcceptable(jobs: readonly Candidate[]): Promise<void> {
    const receivers = await this.#inspectReceivers(jobs)
    const models = firstOfEach(jobs, ({ modelName }) => modelName)
    await severalAtOnce(ASKED_AT_ONCE, models, ({ index, job }) =>
      forJobOfBatch(index, () => this.#ensureModel(job)),
    )
    const kinds = firstOfEach(jobs, kindOf)
    await severalAtOnce(ASKED_AT_ONCE, kinds, ({ index, job }) =>
      forJobOfBatch(index, () => this.#ensureTaken(job)),
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
    const { place } = await factsOfModel(model, this.#options)
    if (place === 'refused') throw problem(404, 'model_not_found', `model '${model}' not found`)
  }

  /** @throws Refusal with the words of the target when it would refuse the request at once */
  async #ensureTaken(job: Candidate): Promise<void> {
    const { model, path, headers, body } = job
    const facts = (await listedModel(model, this.#options.store)) ?? { place: 'local', capabilities: [] }
    if (!isLikelyRefused(job, facts)) return
    // Nobody aborts it: the target has a time limit of its own.
    const { signal } = new AbortController()
    const suspect = { demands: job, model, place: facts.place, path, headers, body, signal }
    const refusal = await earlyRefusal(suspect, this.#options)
    if (!refusal) return
    throw problem(refusal.status < 500 ? refusal.status : UNPROCESSABLE, 'target_refuses', refusal.message)
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

/** Jobs with the same kind are judged alike, apart from their webhooks. */
export const kindOf = ({ modelName, endpoint, flaw, needs }: Candidate): string =>
  JSON.stringify([modelName, endpoint, flaw, needs])

const refusalOf = ({ code, message }: DestinationError): Refusal => {
  const hint = code === 'not_allowed' ? ' (FOREMAN_WEBHOOK_ALLOW can allow it)' : ''
  return problem(422, 'webhook_refused', `${message}${hint}`)
}

interface IndexedJob<Job extends JobDraft = JobDraft> {
  readonly index: number
  readonly job: Job
}

interface Receiver extends IndexedJob {
  readonly host: string
}

/** For each value that occurs among the jobs, the first job that has it. */
const firstOfEach = <Job extends JobDraft>(
  jobs: readonly Job[],
  valueOf: (job: Job) => string | undefined,
): IndexedJob<Job>[] => {
  const first = new Map<string, IndexedJob<Job>>()
  for (const [index, job] of jobs.entries()) {
    const value = valueOf(job)
    if (value !== undefined && !first.has(value)) first.set(value, { index, job })
  }
  return [...first.values()]
}
