import { type Prospect, type WaitsFor, whyWaiting } from '@foreman/job-view'
import { type Estimate, startBefore } from '@foreman/scheduling'
import type { JobRecord, SenderCount, Store } from '@foreman/store'
import { type Outlook, OutlookReader } from './outlook.ts'

export type QueuedJob = Pick<
  JobRecord,
  'place' | 'model' | 'groupKey' | 'priority' | 'account' | 'sender' | 'availableAt' | 'createdAt'
>

/** So many jobs of the same sender are counted one by one. With more before a job, all of its jobs count as before it. */
const MAX_AHEAD = 100_000
/** Of more senders in a line nobody is told apart. */
const MAX_SENDERS = 2_000

interface Current {
  readonly outlook: Outlook
  /** The senders of the lines that somebody has asked about. */
  readonly senders: Map<string, Promise<readonly SenderCount[]>>
}

/** How long an outlook is of use, and for a job that has come since. */
const MAX_AGE_MS = 250
const MIN_AGE_MS = 50

/** Foretells when queued jobs start. Reads the queue seldom, however many ask. */
export class Forecaster {
  readonly #store: Store
  readonly #now: () => number
  readonly #reader: OutlookReader
  #last: Current | undefined
  #reading: Promise<Current> | undefined

  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
    this.#reader = new OutlookReader(store)
  }

  /** @returns undefined when the job no longer waits */
  async bySeq(seq: number): Promise<Prospect | undefined> {
    const job = await this.#store.records.bySeq(seq)
    return job?.state === 'queued' ? this.of(job) : undefined
  }

  async of(job: QueuedJob): Promise<Prospect> {
    const current = await this.#currentFor(job)
    const now = this.#now()
    const { outlook } = current
    const waitsFor = whatFor(job, outlook, now)
    const isInLine = waitsFor.code !== 'delayed' && waitsFor.code !== 'held'
    const estimate = isInLine ? await this.#estimate(job, current) : undefined
    const isHeldUp = outlook.obstacle !== undefined || outlook.held.isPaused
    const start = isHeldUp ? undefined : estimate?.start
    const position = estimate?.position
    const startsInMs = start && start.at - now
    const latestInMs = start && start.latestAt - now
    const why = whyWaiting({ model: job.model, waitsFor, position, startsInMs, latestInMs })
    return { position, start, why, now }
  }

  async #currentFor({ createdAt }: QueuedJob): Promise<Current> {
    const last = this.#last
    // After the clock was set back, the age is negative.
    const ageMs = Math.abs(this.#now() - (last?.outlook.at ?? -Infinity))
    const isOld = ageMs > (last && last.outlook.at <= createdAt ? MIN_AGE_MS : MAX_AGE_MS)
    if (last && !isOld) return last
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  async #read(): Promise<Current> {
    this.#last = { outlook: await this.#reader.read(this.#now()), senders: new Map() }
    return this.#last
  }

  async #estimate(job: QueuedJob, { outlook, senders }: Current): Promise<Estimate | undefined> {
    const { account, sender, place } = job
    const { shares, forecast, jobMs } = outlook
    if (!shares)
      return forecast.of(job, await this.#store.records.ahead({ ...job, of: undefined }, MAX_AHEAD))
    const key = `${job.priority} ${job.groupKey}`
    const counts = senders.get(key) ?? this.#store.records.senderCounts(job, MAX_SENDERS)
    senders.set(key, counts)
    const all = await counts
    const counted = await this.#store.records.ahead({ ...job, of: { account, sender } }, MAX_AHEAD)
    const own = all.find(other => other.account === account && other.sender === sender)
    const ahead = counted < MAX_AHEAD ? counted : Math.max(counted, (own?.jobs ?? 0) - 1)
    const order = { shares, jobMs: jobMs(job.groupKey) }
    return forecast.of(job, startBefore({ account, sender, seq: place, ahead }, all, order))
  }
}

/** What a queued job waits for. */
export const whatFor = (
  job: Pick<QueuedJob, 'groupKey' | 'priority' | 'account' | 'availableAt'>,
  outlook: Outlook,
  now: number,
): WaitsFor => {
  const { groupKey, availableAt } = job
  const held = outlook.held.whatFor(job, now)
  if (held) return held
  const { obstacle, isExpecting, turn, isResident } = outlook
  if (availableAt !== null) return { code: 'delayed', inMs: availableAt - now }
  if (obstacle) return { code: obstacle }
  if (isExpecting) return { code: 'expecting' }
  const isHere = turn === undefined || turn.groupKey === groupKey || isResident(groupKey)
  return isHere ? { code: 'behind_in_line' } : { code: 'other_turn', model: turn.model }
}
