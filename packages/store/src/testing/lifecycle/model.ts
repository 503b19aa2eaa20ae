import { type endStates, isEndState, type JobState, transitions, type WebhookEvent } from '@foreman/jobs'
import { deepEqual, ok } from 'node:assert/strict'
import type { Store } from '../../contract.ts'
import type { Submitted } from '../../values.ts'
import { listJobs } from '../jobs.ts'
import { type ExpectedJob, expectedJob, type Given, seenOf } from './expected-job.ts'
import { ExpectedMessages } from './expected-messages.ts'
import { GROUPS } from './steps.ts'

export const TTL_MS = 40_000

const bySeq = (a: { seq: number }, b: { seq: number }): number => a.seq - b.seq

/** What a store should hold. */
export class Model {
  readonly jobs = new Map<number, ExpectedJob>()
  readonly messages: ExpectedMessages
  /** How often jobs changed, by the type of the change. */
  readonly happened: Map<string, number>
  now = 10_000_000
  readonly #store: Store
  /** What was read of each log so far. */
  readonly #logs = new Map<number, { last: number; readonly events: string[] }>()
  #statesBefore = new Map<number, JobState>()

  /** @param happened before, of which nothing may be left but what is counted */
  constructor(store: Store, happened: ReadonlyMap<string, number>) {
    this.#store = store
    this.happened = new Map(happened)
    this.messages = new ExpectedMessages(store)
  }

  all(state?: JobState): ExpectedJob[] {
    return [...this.jobs.values()].filter(({ record }) => state === undefined || record.state === state)
  }

  /** The ready jobs of a group: the most urgent first, and equally urgent ones by age. */
  ready(group: string): ExpectedJob[] {
    return this.all('queued')
      .filter(job => job.record.availableAt === null && job.group === group)
      .toSorted((a, b) => a.record.priority - b.record.priority || a.record.seq - b.record.seq)
  }

  add(submitted: Submitted, given: Given): void {
    const job = expectedJob(submitted, given, this.now)
    this.jobs.set(submitted.seq, job)
    this.#note('queued')
    this.messages.tell(job, 'job.queued', this.now)
  }

  /** Notes changes of a job, and the message that reports them. */
  change(job: ExpectedJob, types: readonly string[], event?: WebhookEvent): void {
    job.events.push(...types)
    for (const type of types) this.#note(type)
    if (event) this.messages.tell(job, event, this.now)
  }

  #note(type: string): void {
    this.happened.set(type, (this.happened.get(type) ?? 0) + 1)
  }

  end(job: ExpectedJob, state: (typeof endStates)[number], errorCode: string, answerAttempt: number | null) {
    Object.assign(job.record, {
      state,
      errorCode,
      answerAttempt,
      availableAt: null,
      cancelRequestedAt: null,
      finishedAt: this.now,
      expiresAt: this.now + TTL_MS,
    })
    this.change(job, [state], `job.${state}`)
  }

  delete(seq: number): void {
    this.jobs.delete(seq)
    this.#logs.delete(seq)
    this.messages.forget(seq)
  }

  /** The logs are read from their beginning again, because something of them may have been deleted. */
  distrustLogs(): void {
    this.#logs.clear()
  }

  /** Checks what must hold after every step. */
  async check(): Promise<void> {
    const records = (await listJobs(this.#store)).toSorted(bySeq)
    deepEqual(
      records.map(seenOf),
      this.all().map(({ record }) => record),
    )
    this.#checkTransitions(new Map(records.map(({ seq, state }) => [seq, state])))
    for (const job of this.jobs.values()) await this.#checkLog(job)
    await this.#checkLines()
    await this.messages.check([...this.jobs.keys()])
  }

  #checkTransitions(states: Map<number, JobState>): void {
    for (const [seq, before] of this.#statesBefore) {
      const after = states.get(seq)
      if (after === undefined) ok(isEndState(before), `a job was deleted while it was ${before}`)
      else if (after !== before) ok(transitions[before].includes(after), `${before} became ${after}`)
    }
    this.#statesBefore = states
  }

  async #checkLog({ record: { seq, state }, events, token }: ExpectedJob): Promise<void> {
    const log = this.#logs.get(seq) ?? { last: 0, events: [] }
    this.#logs.set(seq, log)
    for (;;) {
      const entries = await this.#store.records.log(seq, log.last)
      for (const entry of entries) {
        ok(entry.id > log.last, 'the ids of a log do not rise')
        log.last = entry.id
        if (entry.kind === 'event') log.events.push(entry.event.type)
      }
      if (entries.length < 32) break
    }
    deepEqual(log.events, events)
    if (isEndState(state)) return
    ok(await this.#store.records.request(seq), 'the request of a job that has not ended was deleted')
    deepEqual((await this.#store.output.view(seq))?.token, token)
  }

  async #checkLines(): Promise<void> {
    const waiting = await this.#store.queue.waitingLines()
    const lines = GROUPS.flatMap(group => {
      const ready = this.ready(group)
      const isFirst = (job: ExpectedJob, at: number) => job.record.priority !== ready[at - 1]?.record.priority
      return ready.filter(isFirst).map(({ record }) => [group, record.priority, record.seq])
    })
    const seen = waiting.map(({ groupKey, priority, oldestSeq }) => [groupKey, priority, oldestSeq])
    // The lines are in no order.
    deepEqual(new Set(seen.map(String)), new Set(lines.map(String)))
    deepEqual(seen.length, lines.length)
    await this.#checkCounts()
  }

  async #checkCounts(): Promise<void> {
    const counted = await this.#store.records.lineCounts()
    const seen = counted.map(({ groupKey, priority, jobs, oldestSeq }) => [
      groupKey,
      priority,
      jobs,
      oldestSeq,
    ])
    const lines = GROUPS.flatMap(group => {
      const ready = Map.groupBy(this.ready(group), ({ record }) => record.priority)
      return [...ready].map(([priority, jobs]) => [group, priority, jobs.length, jobs[0]!.record.seq])
    })
    deepEqual(new Set(seen.map(String)), new Set(lines.map(String)))
  }
}
