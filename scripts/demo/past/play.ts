import { groupKeyOf } from '@foreman/ollama-client'
import { type Choice, decide, type Line, type Turn } from '@foreman/scheduling'
import { type Claim, type EndedTurn, newBatchId, newToken, type Store } from '@foreman/store'
import { deliver } from './deliver.ts'
import { answerTo, jobOf, loadMsOf, nameOf, workMsOf } from './jobs.ts'
import type { Visit } from './plan.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const BOUNDS = { maxWaitMs: MINUTE_MS, maxWaitLowMs: 10 * MINUTE_MS }

interface Running {
  readonly claim: Claim
  readonly visit: Visit
  readonly startedAt: number
  readonly loadedAt: number
  readonly endsAt: number
}

/** Something that somebody does at a time. */
export interface Event {
  readonly at: number
  run(now: number): Promise<unknown>
}

/**
 * Writes what happened into a store, with the verbs of gateway and worker, the decisions of the scheduler, and a clock that is only a
 * number. What has not ended at `until` is queued then.
 */
export class Past {
  readonly #store: Store
  readonly #visits = new Map<number, Visit>()
  readonly #loads = new Map<string, number>()
  readonly #servedAt = new Map<string, number>()
  #now: number
  #turn: Turn | undefined
  /** One of its jobs. */
  #visitOfTurn: Visit | undefined
  #running: Running | undefined
  #pausedUntil = 0

  constructor(store: Store, startsAt: number) {
    this.#store = store
    this.#now = startsAt
  }

  async play(visits: readonly Visit[], events: readonly Event[], until: number): Promise<void> {
    const from = this.#now
    const arrivals = [...Map.groupBy(visits, ({ atMs, batch }) => `${atMs} ${batch}`).values()]
    const all: Event[] = [
      ...arrivals.map(lot => ({ at: from + lot[0]!.atMs, run: (now: number) => this.#arrive(lot, now) })),
      ...events,
    ].toSorted((a, b) => a.at - b.at)
    for (const event of all) {
      await this.#runUntil(event.at)
      await event.run(event.at)
    }
    await this.#runUntil(until)
    if (this.#running) {
      const stopped = { code: 'worker_stopped', spent: false } as const
      await this.#store.runs.release(this.#running.claim, stopped, { now: until, ttlMs: DAY_MS })
    }
    await this.#count()
  }

  /** Nothing starts before then. */
  pause(until: number): void {
    this.#pausedUntil = until
  }

  async #runUntil(until: number): Promise<void> {
    for (;;) {
      const minute = Math.ceil((this.#now + 1) / MINUTE_MS) * MINUTE_MS
      const next = Math.min(until, minute, this.#running?.endsAt ?? Infinity)
      if (!this.#running && (await this.#start())) continue
      this.#now = next
      if (this.#running && this.#running.endsAt <= next) await this.#end(this.#running)
      if (next === minute) {
        await this.#store.history.sample(next)
        await this.#count()
      }
      if (next >= until) return
    }
  }

  async #arrive(lot: readonly Visit[], now: number): Promise<void> {
    const [{ caller, batch }] = lot as [Visit]
    const submitted = await this.#store.submissions.enqueue({
      jobs: lot.map((visit, at) => ({ ...jobOf(visit, now), ...(batch && { line: { line: at + 1 } }) })),
      groupKeyOf,
      now,
      ...(batch && { batch: { id: newBatchId(now), caller, createdAt: now } }),
    })
    for (const [at, visit] of lot.entries()) {
      this.#visits.set(submitted[at]!.seq, visit)
      if (visit.fate === 'is cancelled')
        await this.#store.submissions.cancel(submitted[at]!, { now, ttlMs: DAY_MS })
    }
  }

  /** @returns whether a job starts */
  async #start(): Promise<boolean> {
    const now = this.#now
    if (now < this.#pausedUntil) return false
    const lines = await this.#store.queue.waitingLines()
    const choice = decide({
      ...BOUNDS,
      lines,
      now,
      turn: this.#turn,
      isResident: () => false,
      loadMs: groupKey => this.#loads.get(groupKey) ?? 0,
      servedAt: groupKey => this.#servedAt.get(groupKey) ?? 0,
      expectation: undefined,
    }) as Choice | undefined
    if (!choice) {
      if (this.#turn) this.#turn = { ...this.#turn, isOver: true }
      return false
    }
    const line = lines
      .filter(({ groupKey }) => groupKey === choice.groupKeys[0])
      .reduce((best: Line, other) => (other.priority < best.priority ? other : best))
    await this.#claim(line, choice)
    return true
  }

  async #claim({ groupKey, priority }: Line, { reason, turnStartedAt }: Choice): Promise<void> {
    const now = this.#now
    const isLoad = reason !== 'resident' && this.#turn?.groupKey !== groupKey
    const { claims } = await this.#store.queue.claim(
      {
        groupKey,
        priority,
        token: newToken(),
        upTo: 1,
        isIdle: true,
        reason,
        turnStartedAt,
        behind: reason === 'resident' ? undefined : this.#endedTurn(),
      },
      now,
    )
    const claim = claims[0]!
    const visit = this.#visits.get(claim.seq)!
    const loadMs = isLoad ? loadMsOf(visit) : 0
    this.#loads.set(groupKey, loadMsOf(visit))
    this.#turn = { groupKey, startedAt: turnStartedAt, isOver: false }
    this.#visitOfTurn = visit
    const loadedAt = now + loadMs
    this.#running = { claim, visit, startedAt: now, loadedAt, endsAt: loadedAt + workMsOf(visit) }
    if (!isLoad) return
    const { turn } = claim
    if (turn !== null) await this.#store.history.noteLoaded(turn, loadedAt)
    await this.#store.history.noteLoad({ turn, model: nameOf(visit), loadMs, isForeign: false }, loadedAt)
  }

  #endedTurn(): EndedTurn | undefined {
    const { startedAt, isOver = true } = this.#turn ?? {}
    if (isOver || startedAt === undefined || !this.#visitOfTurn) return undefined
    return { model: nameOf(this.#visitOfTurn), since: startedAt }
  }

  async #end({ claim, visit, startedAt, loadedAt, endsAt: now }: Running): Promise<void> {
    this.#running = undefined
    this.#servedAt.set(claim.groupKey, now)
    const ending = { now, ttlMs: DAY_MS }
    await this.#store.runs.finish(claim, answerTo(visit, { startedAt, loadedAt, now }), ending)
    if (visit.webhook) await deliver(this.#store, visit.webhook.url, { caller: visit.caller, now })
  }

  async #count(): Promise<void> {
    const loadMsOfGroup = (groupKey: string) => this.#loads.get(groupKey) ?? 0
    while (await this.#store.history.count({ now: this.#now, fits: 1, loadMsOf: loadMsOfGroup }));
  }
}
