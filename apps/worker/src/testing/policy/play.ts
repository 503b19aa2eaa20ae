import { Experience } from '@foreman/experience'
import { priorities } from '@foreman/jobs'
import { weightsOf } from '@foreman/ollama-client'
import type { Expectation } from '@foreman/scheduling'
import type { Claim, Store } from '@foreman/store'
import { newJob } from '@foreman/store/testing'
import { claimJobs, type ClaimSituation } from '../../claim-jobs.ts'
import { Steering } from '../../steering.ts'
import { Residents, type Sent } from '../../target/residents.ts'
import type { Course, PlayedHold, Visit } from './course.ts'

/** The size of what takes a millisecond to load, for a worker that has seen no load yet. */
const BYTES_PER_LOAD_MS = 1e6

/** A job of a course. */
export interface PlayedJob extends Omit<Visit, 'priority' | 'atMs' | 'againAfterMs'> {
  /** Its place in the order of arrival, from 1. */
  readonly place: number
  /** 0 is the most urgent. */
  readonly priority: number
  readonly arrivedAt: number
}

/** What happened, one after the other. Times are milliseconds from the beginning of the course. */
export type Played = { readonly at: number } & (
  | { readonly kind: 'arrived'; readonly job: PlayedJob }
  | { readonly kind: 'ended'; readonly job: PlayedJob }
  | {
      readonly kind: 'started'
      readonly job: PlayedJob
      /** Whether the target has to load its model. */
      readonly isLoad: boolean
      /** When that load has ended, or the one that is under way. */
      readonly loadedAt: number
    }
  /** Nothing runs until then, although jobs wait. */
  | { readonly kind: 'stands'; readonly untilMs: number }
)

/**
 * Plays a course on a store without jobs, with the functions by which the dispatcher decides, and with a clock and a target
 * that are only numbers. At its end the store has no job that waits or runs.
 */
export const play = async (store: Store, course: Course): Promise<Played[]> => {
  const playing = new Playing(store, course)
  while (await playing.step());
  return playing.events
}

/** A request that is on its way. */
interface Coming extends Visit {
  readonly at: number
}

interface Running {
  readonly claim: Claim
  readonly startedAt: number
  readonly sent: Sent
  readonly wasAlone: boolean
  readonly loadedAt: number
  readonly endsAt: number
}

/** A loaded model. */
interface Loaded {
  readonly weights: string
  readonly loadedFor: string
}

class Playing {
  readonly events: Played[] = []
  readonly #store: Store
  readonly #course: Course
  readonly #experience: Experience
  readonly #residents: Residents
  readonly #steering: Steering
  #now = 0
  #coming: readonly Coming[]
  readonly #jobs = new Map<number, { readonly job: PlayedJob; readonly visit: Visit }>()
  #running: readonly Running[] = []
  #situation: Pick<ClaimSituation, 'turn' | 'awaited'> = { turn: undefined, awaited: undefined }
  #standingSince: number | undefined
  /** What is in the target's memory; what was used last comes first. */
  #memory: readonly Loaded[] = []
  #loadedAt = 0
  #steeredBy = 0

  constructor(store: Store, course: Course) {
    this.#store = store
    this.#course = course
    this.#experience = new Experience(course.halfLifeMs)
    const sizes = Object.entries(course.loadMs).map(
      ([weights, ms]) => [weights, ms * BYTES_PER_LOAD_MS] as const,
    )
    this.#experience.noteSizes(new Map(sizes))
    this.#residents = new Residents(this.#experience.fits)
    this.#steering = new Steering({ store, windows: [], timeZone: 'UTC' })
    this.#coming = course.visits.map(visit => ({ ...visit, at: visit.atMs }))
  }

  /** Does what is due, fills the free slots, and goes on to the next moment. @returns whether there is one */
  async step(): Promise<boolean> {
    const ended = this.#running.filter(({ endsAt }) => endsAt <= this.#now)
    this.#running = this.#running.filter(({ endsAt }) => endsAt > this.#now)
    for (const running of ended) await this.#end(running)
    const arrived = this.#coming.filter(({ at }) => at <= this.#now)
    this.#coming = this.#coming.filter(({ at }) => at > this.#now)
    if (arrived.length > 0) await this.#arrive(arrived)
    // While a model is loaded, the worker heeds nothing that the target says.
    if (this.#loadedAt <= this.#now)
      this.#residents.observe(this.#memory.map(({ weights }) => nameOf(weights)))
    const decidesAt = (await this.#heedHolds()) ? await this.#fillSlots() : Infinity
    const [arrivals, ends] = [this.#coming.map(({ at }) => at), this.#running.map(({ endsAt }) => endsAt)]
    const loaded = this.#loadedAt > this.#now ? this.#loadedAt : Infinity
    const next = Math.min(...arrivals, ...ends, loaded, decidesAt, this.#nextHoldAt())
    if (next < Infinity) this.#now = next
    else if (await this.#isWaitedFor()) throw new Error('jobs wait that nothing will start')
    return next < Infinity
  }

  /** As the dispatcher does. @returns whether jobs may start */
  async #heedHolds(): Promise<boolean> {
    const { holds = [] } = this.#course
    if (holds.length === 0) return true
    const now = this.#now
    if (now === 0) await this.#listModels()
    for (const hold of holds) if (hold.fromMs === now) await this.#store.holds.set(storedHold(hold), now)
    await this.#steering.read(now, true)
    const { turn, awaited } = this.#situation
    const hasChanged = this.#steeredBy !== this.#steering.version
    this.#steeredBy = this.#steering.version
    this.#situation = { turn, awaited: hasChanged ? undefined : awaited }
    if (!this.#steering.pause) return true
    await this.#steering.mayStart(await this.#store.queue.waitingLines(), now)
    this.#situation = { turn: turn && { ...turn, isOver: true }, awaited: undefined }
    this.#standingSince = undefined
    return false
  }

  /** The worker knows the weights of the models that are held. */
  async #listModels(): Promise<void> {
    const { catalogue } = this.#store
    const models = Object.keys(this.#course.loadMs)
    await catalogue.replaceModels(
      models.map(model => ({ name: nameOf(model), digest: model, remote: false })),
    )
    for (const weights of models) await catalogue.noteLoading(weights, { weights })
  }

  #nextHoldAt(): number {
    const times = (this.#course.holds ?? []).flatMap(({ fromMs, untilMs }) => [fromMs, untilMs])
    return Math.min(...times.filter(at => at > this.#now))
  }

  async #isWaitedFor(): Promise<boolean> {
    return (await this.#store.queue.ready(1)) > 0
  }

  async #arrive(arrived: readonly Coming[]): Promise<void> {
    const submitted = await this.#store.submissions.enqueue({
      jobs: arrived.map(({ groupKey, priority, account, sender }) =>
        newJob({
          // Its caller waits at a gateway, so that its end does not wait for the disk.
          gateway: 'g',
          modelName: nameOf(weightsOf(groupKey)),
          loadOptions: JSON.stringify(groupKey),
          priority,
          account,
          sender,
        }),
      ),
      groupKeyOf: ({ loadOptions }) => JSON.parse(loadOptions) as string,
      now: this.#now,
    })
    for (const [at, visit] of arrived.entries()) {
      const { groupKey, account, sender, workMs } = visit
      const job: PlayedJob = {
        groupKey,
        account,
        sender,
        workMs,
        place: this.#jobs.size + 1,
        priority: priorities.indexOf(visit.priority),
        arrivedAt: this.#now,
      }
      this.#jobs.set(submitted[at]!.seq, { job, visit })
      this.events.push({ kind: 'arrived', at: this.#now, job })
    }
  }

  async #end({ claim, startedAt, sent, wasAlone, loadedAt }: Running): Promise<void> {
    const now = this.#now
    await this.#store.runs.finish(claim, { state: 'succeeded', answerAttempt: null }, { now, ttlMs: 0 })
    const loadMs = loadedAt - startedAt
    const attempt = {
      totalMs: now - startedAt,
      headAfterMs: loadMs,
      usage: { loadMs },
      isLoad: sent.isLoad,
      wasAlone,
      streaming: true,
    }
    this.#residents.noteLoad(claim, sent, this.#experience.figures.hasLoaded(claim.groupKey, attempt)!)
    this.#experience.noteAnswer(claim, attempt, now)
    const { job, visit } = this.#jobs.get(claim.seq)!
    this.events.push({ kind: 'ended', at: now, job })
    const [afterMs, ...againAfterMs] = visit.againAfterMs
    if (afterMs !== undefined) this.#coming = [...this.#coming, { ...visit, againAfterMs, at: now + afterMs }]
  }

  /** As the dispatcher does. @returns when to decide anew, if nothing else comes before */
  async #fillSlots(): Promise<number> {
    const now = this.#now
    const { figures } = this.#experience
    const { turn: last } = this.#situation
    const { claims, turn, awaited, standstillMs, failure, broken } = await claimJobs(this.#store, {
      ...this.#course,
      ...this.#situation,
      steering: this.#steering,
      now,
      running: this.#running.map(({ claim }) => claim),
      turnModel: last && nameOf(weightsOf(last.groupKey)),
      isResident: groupKey => this.#residents.has(groupKey),
      loadMs: groupKey => figures.loadMs(groupKey),
      servedAt: groupKey => this.#experience.servedAt(groupKey),
      expect: () => this.#expectation(),
      shares: jobs => this.#experience.shares(jobs, now),
    })
    if (failure ?? broken) throw new Error('the claim failed', { cause: failure?.error ?? broken })
    this.#situation = { turn, awaited }
    this.#standingSince = standstillMs === undefined ? undefined : (this.#standingSince ?? now)
    for (const claim of claims) this.#start(claim)
    const untilMs = now + (standstillMs ?? Infinity)
    if (this.#running.length === 0 && (await this.#isWaitedFor()))
      this.events.push({ kind: 'stands', at: now, untilMs })
    return Math.ceil(untilMs)
  }

  async #expectation(): Promise<Expectation | undefined> {
    const { turn } = this.#situation
    if (!this.#course.expects || !turn) return undefined
    const isHere = (groupKey: string) => groupKey === turn.groupKey || this.#residents.has(groupKey)
    return {
      awaited: this.#experience.awaited(isHere, this.#now),
      waiting: await this.#store.queue.ready(1_000),
      standingMs: this.#now - (this.#standingSince ?? this.#now),
    }
  }

  #start(claim: Claim): void {
    const now = this.#now
    const sent = this.#residents.noteSent(claim)
    this.#experience.noteClaim(claim, now)
    const isLoad = this.#serve(claim.groupKey)
    const loadedAt = Math.max(now, this.#loadedAt)
    const { job } = this.#jobs.get(claim.seq)!
    const wasAlone = this.#running.length === 0
    const endsAt = loadedAt + job.workMs
    this.#running = [...this.#running, { claim, startedAt: now, sent, wasAlone, loadedAt, endsAt }]
    this.events.push({ kind: 'started', at: now, job, isLoad, loadedAt })
  }

  /** What the target does first: what it has loaded serves the group, or a load begins. @returns whether one does */
  #serve(groupKey: string): boolean {
    const { room, fits, loadMs } = this.#course
    const weights = weightsOf(groupKey)
    const found = this.#memory.find(loaded => loaded.weights === weights)
    const isLoad = !found || !(fits || found.loadedFor === groupKey)
    if (isLoad) this.#loadedAt = this.#now + loadMs[weights]!
    const used = isLoad ? { weights, loadedFor: groupKey } : found
    this.#memory = [used, ...this.#memory.filter(loaded => loaded !== found)].slice(0, room)
    return isLoad
  }
}

const storedHold = ({ kind, subject, untilMs: until }: PlayedHold) => ({
  kind,
  subject: kind === 'model' ? nameOf(subject) : subject,
  until,
  by: 'ann',
})

const nameOf = (model: string): string => `registry.ollama.ai/library/${model}:latest`
