import {
  isEndState,
  type JobState,
  MAX_LOSSES,
  priorities,
  type Priority,
  endStates,
  transitions,
  type WebhookEvent,
  webhookEvents,
} from '@foreman/jobs'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { JobLostError, KeyReusedError } from '../errors.ts'
import { openStore, type Store } from '../open-store.ts'
import type { Claim } from '../queue/claim.ts'
import type { Finish } from '../runs/finish.ts'
import type { Release } from '../runs/release.ts'
import type { Submitted } from '../submissions/new-job.ts'
import { ExpectedMessages } from './expected-messages.ts'
import { newJob } from './temp-store.ts'

const GROUPS = ['a', 'b'] as const
const MAX_DELAY_MS = 60_000
const TTL_MS = 40_000
/** The deletion of an expired job is put off by this much while one of its messages is pending. */
const DELIVERY_GRACE_MS = 3_600_000
const TABLES = ['jobs', 'job_requests', 'job_details', 'job_log', 'webhook_deliveries', 'webhook_attempts']

const anyGroup = fc.constantFrom(...GROUPS)
/** Mostly the last one, sometimes one before it. */
const anyWhich = fc.constantFrom(0, 0, 0, 1, 2, 3)
const kindOf = <Do extends string, Rest extends object>(
  weight: number,
  kind: Do,
  rest: { [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
) => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<{ do: Do } & Rest>,
})

/** One act of a gateway, a worker or the clock. `which` picks one of the jobs or claims so far. */
export const anyStep = fc.oneof(
  kindOf(5, 'enqueue', {
    group: anyGroup,
    streaming: fc.boolean(),
    priority: fc.constantFrom(...priorities),
    key: fc.constantFrom(undefined, undefined, 'k1', 'k2'),
    hash: fc.constantFrom('one', 'one', 'other'),
    deadlineMs: fc.constantFrom(undefined, undefined, 500, 50_000),
    url: fc.constantFrom(undefined, 'http://a.example/', 'http://b.example/'),
    events: fc.subarray([...webhookEvents], { minLength: 1 }),
  }),
  kindOf(1, 'repeat', { which: anyWhich }),
  kindOf(2, 'failOverdue', {}),
  kindOf(1, 'progress', { which: anyWhich, tokens: fc.nat(9) }),
  kindOf(3, 'deliver', {
    which: fc.nat(9),
    result: fc.constantFrom('delivered', 'again', 'dead', 'gone', 'gone'),
  }),
  kindOf(1, 'redeliver', { which: fc.nat(9) }),
  kindOf(6, 'claim', { group: anyGroup }),
  kindOf(3, 'append', { which: anyWhich, head: fc.boolean(), body: fc.boolean() }),
  kindOf(2, 'finish', {
    which: anyWhich,
    state: fc.constantFrom(...endStates),
    provisional: fc.boolean(),
    statusCode: fc.constantFrom(undefined, 200, 404, 500, 429, 503),
  }),
  kindOf(4, 'release', {
    which: anyWhich,
    delayMs: fc.constantFrom(0, 0, 500, 2_000, MAX_DELAY_MS),
    spent: fc.boolean(),
    provisional: fc.boolean(),
  }),
  kindOf(1, 'cancel', { which: anyWhich }),
  kindOf(3, 'leave', { which: anyWhich }),
  kindOf(2, 'delivered', { which: anyWhich }),
  kindOf(3, 'requeueLost', {}),
  kindOf(3, 'promoteDue', {}),
  kindOf(3, 'prune', {}),
  kindOf(3, 'clock', { byMs: fc.constantFrom(1, 500, 2_000, 50_000, 3_600_000, -500, -3_600_000) }),
  // The worker dies several times in a row.
  kindOf(2, 'crashes', { group: anyGroup, times: fc.constantFrom(1, 2, 3) }),
)

type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never
type EnqueueStep = Extract<Step, { do: 'enqueue' }>

/** What a job is submitted with. */
interface Given extends Pick<Expected, 'group' | 'streaming' | 'webhook' | 'key' | 'hash'> {
  readonly priority: Priority
  readonly deadlineAt?: number | undefined
  readonly retryOf?: string
}

/** A job's row as it should be, computed from the rules and not by the store's code. */
interface Expected {
  readonly seq: number
  readonly group: string
  readonly streaming: boolean
  state: JobState
  attempt: number
  failedAttempts: number
  lostCount: number
  /** Whether it was lost together with others. In the row 0 or 1. */
  runsAlone: number
  availableAt: number | null
  cancelRequestedAt: number | null
  answerAttempt: number | null
  errorCode: string | null
  statusCode: number | null
  expiresAt: number | null
  bytesExpireAt: number | null
  readonly createdAt: number
  readonly priority: number
  readonly deadlineAt: number | null
  readonly webhook: { url: string; events: readonly WebhookEvent[] } | undefined
  readonly retryOf: string | null
  readonly id: string
  key: string | null
  readonly hash: string | null
  tokens: number | null
  /** Whether the running attempt has brought a part of a body. */
  hasOutput: boolean
}

/** Whether the key of a job is free for another one. */
const hasLetGo = ({ state, statusCode }: Expected): boolean =>
  state === 'cancelled' || (state === 'failed' && [null, 429, 503].includes(statusCode))

const provisional = { head: { status: 503, headers: [] }, body: Buffer.from('busy') }

/** The store under test, next to a model of what it should hold. */
export class Trial {
  readonly #store: Store
  readonly #peek: Database.Database
  readonly #messages: ExpectedMessages
  readonly #jobs = new Map<number, Expected>()
  /** Every job and every claim so far, because late calls may act on deleted ones. */
  readonly #seqs: number[] = []
  readonly #claims: Claim[] = []
  #now = 10_000_000
  #statesBefore = new Map<number, JobState>()

  constructor(file: string) {
    this.#store = openStore(file, {
      busyTimeoutMs: 5,
      compose: ({ event, job }) => `${event} of ${job.seq}`,
    })
    this.#peek = new Database(file)
    this.#messages = new ExpectedMessages(this.#store, this.#peek)
  }

  close(): void {
    this.#peek.close()
    this.#store.close()
  }

  take(step: Step): void {
    switch (step.do) {
      case 'enqueue':
        return this.#enqueue(step)
      case 'repeat':
        return this.#repeat(this.#pick(this.#seqs, step.which))
      case 'failOverdue':
        return this.#failOverdue()
      case 'progress':
        return this.#progress(this.#pick(this.#claims, step.which), step.tokens)
      case 'deliver':
        return this.#messages.deliver(step.which, step.result, this.#now)
      case 'redeliver':
        return this.#messages.redeliver(step.which, this.#now)
      case 'claim':
        return this.#claim(step.group)
      case 'append':
        return this.#append(this.#pick(this.#claims, step.which), step)
      case 'finish':
        return this.#finish(this.#pick(this.#claims, step.which), step)
      case 'release':
        return this.#release(this.#pick(this.#claims, step.which), step)
      case 'cancel':
        return this.#cancel(this.#pick(this.#seqs, step.which))
      case 'leave':
        return this.#cancel(this.#pick(this.#claims, step.which)?.seq)
      case 'crashes':
        for (let time = 0; time < step.times; time++) {
          this.#claim(step.group)
          this.check()
          this.#requeueLost()
          this.check()
        }
        return undefined
      case 'delivered':
        return this.#delivered(this.#pick(this.#seqs, step.which))
      case 'requeueLost':
        return this.#requeueLost()
      case 'promoteDue':
        return this.#promoteDue()
      case 'prune':
        return this.#prune()
      case 'clock':
        this.#now = Math.max(1, this.#now + step.byMs)
    }
  }

  #pick<T>(all: readonly T[], which: number): T | undefined {
    return all.at(-1 - which) ?? all[0]
  }

  #tell(job: Expected, event: WebhookEvent): void {
    this.#messages.tell(job, event, this.#now)
  }

  #enqueue({ group, streaming, priority, key, hash, deadlineMs, url, events }: EnqueueStep): void {
    const webhook = url === undefined ? undefined : { url, events }
    const deadlineAt = deadlineMs === undefined ? undefined : this.#now + deadlineMs
    const idempotency = key === undefined ? undefined : { key, hash: Buffer.from(hash) }
    const job = newJob({ groupKey: group, streaming, priority, idempotency, webhook, deadlineAt })
    const submit = () => this.#store.submissions.enqueue(job, this.#now)
    const keyed = [...this.#jobs.values()].find(each => key !== undefined && each.key === key)
    if (keyed && !hasLetGo(keyed)) {
      if (keyed.hash === hash) return deepEqual(submit(), { seq: keyed.seq, id: keyed.id, isReplayed: true })
      const before = this.#everything()
      throws(submit, KeyReusedError)
      return deepEqual(this.#everything(), before)
    }
    if (keyed) keyed.key = null
    this.#add(submit(), { group, streaming, priority, deadlineAt, webhook, key: key ?? null, hash })
  }

  /** Submits an ended job again. */
  #repeat(seq: number | undefined): void {
    const job = this.#jobs.get(seq ?? 0)
    if (!job || !isEndState(job.state)) return
    const { group, webhook, id } = job
    const again = newJob({ groupKey: group, streaming: false, webhook, retryOf: id })
    const given = { group, streaming: false, priority: 'normal' as const, webhook, key: null, hash: null }
    this.#add(this.#store.submissions.enqueue(again, this.#now), { ...given, retryOf: id })
  }

  #add({ seq, id, isReplayed }: Submitted, given: Given): void {
    equal(isReplayed, false)
    ok(!this.#seqs.includes(seq), 'a seq was used twice')
    this.#seqs.push(seq)
    const job: Expected = {
      seq,
      id,
      group: given.group,
      streaming: given.streaming,
      createdAt: this.#now,
      priority: priorities.indexOf(given.priority),
      deadlineAt: given.deadlineAt ?? null,
      webhook: given.webhook,
      retryOf: given.retryOf ?? null,
      key: given.key,
      hash: given.hash,
      state: 'queued',
      attempt: 0,
      failedAttempts: 0,
      lostCount: 0,
      runsAlone: 0,
      availableAt: null,
      cancelRequestedAt: null,
      answerAttempt: null,
      errorCode: null,
      statusCode: null,
      expiresAt: null,
      bytesExpireAt: null,
      tokens: null,
      hasOutput: false,
    }
    this.#jobs.set(seq, job)
    this.#tell(job, 'job.queued')
  }

  /** The ready jobs of a group: the most urgent first, and equally urgent ones by age. */
  #ready(group: string): Expected[] {
    return [...this.#jobs.values()]
      .filter(job => job.state === 'queued' && job.availableAt === null && job.group === group)
      .toSorted((a, b) => a.priority - b.priority || a.seq - b.seq)
  }

  #failOverdue(): void {
    const queued = () =>
      [...this.#jobs.values()].filter(job => job.state === 'queued' && job.deadlineAt !== null)
    const overdue = queued().filter(job => job.deadlineAt! <= this.#now)
    for (const job of overdue.toSorted((a, b) => a.deadlineAt! - b.deadlineAt! || a.seq - b.seq))
      this.#end(job, 'failed', 'deadline_exceeded', null)
    const left = queued().map(job => job.deadlineAt!)
    const next = left.length > 0 ? Math.min(...left) : undefined
    equal(this.#store.queue.failOverdue(this.#now, TTL_MS), next)
  }

  #progress(claim: Claim | undefined, tokens: number): void {
    const job = this.#owned(claim, own => this.#store.runs.progress(own, tokens, this.#now))
    if (!job) return
    job.tokens = tokens
    this.#tell(job, 'job.progress')
  }

  #claim(group: string): void {
    const [oldest] = this.#ready(group)
    const claim = this.#store.queue.claimNext(group, 'first', this.#now, this.#now)
    equal(claim?.seq, oldest?.seq)
    if (!claim || !oldest) return
    this.#claims.push(claim)
    Object.assign(oldest, { state: 'running', attempt: oldest.attempt + 1, hasOutput: false, tokens: null })
    this.#tell(oldest, 'job.started')
    const { attempt, failedAttempts, answerAttempt, streaming } = oldest
    deepEqual({ ...claim, attempt, failedAttempts, answerAttempt, streaming }, claim)
  }

  /** The job of the claim, if the claim still holds it. Otherwise `act` must fail and change nothing. */
  #owned(claim: Claim | undefined, act: (claim: Claim) => void): Expected | undefined {
    if (!claim) return undefined
    const job = this.#jobs.get(claim.seq)
    if (job?.state === 'running' && job.attempt === claim.attempt) {
      act(claim)
      return job
    }
    const before = this.#everything()
    throws(() => act(claim), JobLostError)
    deepEqual(this.#everything(), before)
    return undefined
  }

  #append(claim: Claim | undefined, { head, body }: { head: boolean; body: boolean }): void {
    const output = {
      ...(head ? { head: provisional.head } : {}),
      ...(body ? { body: Buffer.from('x') } : {}),
    }
    const job = this.#owned(claim, own => this.#store.runs.append(own, output))
    if (job && body) job.hasOutput = true
  }

  #end(job: Expected, state: JobState, errorCode: string | null, answerAttempt: number | null): void {
    Object.assign(job, {
      state,
      errorCode,
      answerAttempt,
      availableAt: null,
      cancelRequestedAt: null,
      expiresAt: this.#now + TTL_MS,
    })
    this.#tell(job, `job.${state as (typeof endStates)[number]}`)
  }

  #finish(
    claim: Claim | undefined,
    { state, provisional: withProvisional, statusCode }: Extract<Step, { do: 'finish' }>,
  ): void {
    const answerAttempt = withProvisional && claim ? claim.attempt : null
    const end: Finish = {
      state,
      answerAttempt,
      errorCode: 'http_error',
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(withProvisional ? { provisional } : {}),
    }
    const job = this.#owned(claim, own => this.#store.runs.finish(own, end, this.#now, TTL_MS))
    if (!job) return
    this.#end(job, state, 'http_error', answerAttempt)
    job.statusCode = statusCode ?? null
  }

  #release(
    claim: Claim | undefined,
    {
      delayMs,
      spent,
      provisional: withProvisional,
    }: { delayMs: number; spent: boolean; provisional: boolean },
  ): void {
    const availableAt = delayMs > 0 ? this.#now + delayMs : null
    const back: Release = {
      code: 'target_busy',
      spent,
      ...(availableAt === null ? {} : { availableAt }),
      ...(withProvisional ? { provisional } : {}),
    }
    let became: string | undefined
    const job = this.#owned(claim, own => {
      became = this.#store.runs.release(own, back, this.#now, TTL_MS)
    })
    if (!job) return
    if (job.cancelRequestedAt !== null) {
      equal(became, 'cancelled')
      return this.#end(job, 'cancelled', 'cancelled', null)
    }
    equal(became, 'queued')
    job.state = 'queued'
    job.availableAt = availableAt
    if (spent) job.failedAttempts++
    if (withProvisional) job.answerAttempt = job.attempt
    this.#tell(job, 'job.retrying')
  }

  #cancel(seq: number | undefined): void {
    if (seq === undefined) return
    const result = this.#store.submissions.cancel({ seq, id: '' }, this.#now, TTL_MS)
    const job = this.#jobs.get(seq)
    if (job?.state === 'queued') {
      equal(result, 'cancelled')
      this.#end(job, 'cancelled', 'cancelled', null)
    } else if (job?.state === 'running') {
      equal(result, 'requested')
      job.cancelRequestedAt ??= this.#now
    } else equal(result, 'ended')
    deepEqual(
      this.#store.runs.cancelRequests().toSorted((a, b) => a - b),
      [...this.#jobs.values()].filter(other => other.cancelRequestedAt !== null).map(other => other.seq),
    )
  }

  #delivered(seq: number | undefined): void {
    if (seq === undefined) return
    this.#store.submissions.delivered({ seq, id: '' }, this.#now + 1_000)
    const job = this.#jobs.get(seq)
    if (job && isEndState(job.state) && job.key === null) job.bytesExpireAt = this.#now + 1_000
  }

  #requeueLost(): void {
    const count = { requeued: 0, failed: 0, cancelled: 0 }
    const lost = [...this.#jobs.values()].filter(({ state }) => state === 'running')
    for (const job of lost) {
      const wasAlone = lost.length === 1 || job.runsAlone === 1
      if (wasAlone) job.lostCount++
      else job.runsAlone = 1
      if (job.cancelRequestedAt !== null) {
        count.cancelled++
        this.#end(job, 'cancelled', 'cancelled', null)
      } else if (job.streaming && job.hasOutput) {
        count.failed++
        this.#end(job, 'failed', 'worker_lost', job.attempt)
      } else if (wasAlone && job.lostCount >= MAX_LOSSES) {
        count.failed++
        this.#end(job, 'failed', 'worker_lost', job.answerAttempt)
      } else {
        count.requeued++
        job.state = 'queued'
        this.#tell(job, 'job.retrying')
      }
    }
    deepEqual(this.#store.runs.requeueLost(this.#now, TTL_MS), { ...count, broken: [] })
  }

  #promoteDue(): void {
    const now = this.#now
    const delayed = [...this.#jobs.values()].filter(job => job.availableAt !== null)
    const isWaiting = ({ availableAt }: Expected) => availableAt! > now && availableAt! <= now + MAX_DELAY_MS
    const first = Math.min(...delayed.map(job => job.availableAt!))
    // While the first delayed job waits, promoteDue does not look at the others.
    if (!delayed.some(job => job.availableAt === first && isWaiting(job))) {
      for (const job of delayed) if (!isWaiting(job)) job.availableAt = null
    }
    const left = delayed.flatMap(job => job.availableAt ?? [])
    const next = left.length > 0 ? Math.min(...left) : undefined
    equal(this.#store.queue.promoteDue(now, MAX_DELAY_MS), next)
  }

  #prune(): void {
    const { housekeeping } = this.#store
    while (housekeeping.pruneDelivered(this.#now).more);
    while (housekeeping.pruneExpired(this.#now).more);
    for (const job of this.#jobs.values()) {
      if (job.expiresAt !== null && job.expiresAt <= this.#now) this.#expire(job)
      if (job.bytesExpireAt !== null && job.bytesExpireAt <= this.#now) job.bytesExpireAt = null
    }
  }

  #expire(job: Expected): void {
    if (this.#messages.holds(job.seq, this.#now)) job.expiresAt = this.#now + DELIVERY_GRACE_MS
    else {
      this.#jobs.delete(job.seq)
      this.#messages.forget(job.seq)
    }
  }

  #everything(): unknown[][] {
    return TABLES.map(table => this.#peek.prepare(`SELECT * FROM ${table}`).all())
  }

  /** Checks what must hold after every step. */
  check(): void {
    const rows = this.#peek
      .prepare(
        `SELECT seq, group_key AS "group", state, attempt, failed_attempts AS failedAttempts,
           lost_count AS lostCount, runs_alone AS runsAlone, available_at AS availableAt, cancel_requested_at AS cancelRequestedAt,
           answer_attempt AS answerAttempt, error_code AS errorCode, status_code AS statusCode, expires_at AS expiresAt,
           bytes_expire_at AS bytesExpireAt, created_at AS createdAt, priority, deadline_at AS deadlineAt,
           retry_of AS retryOf, id, idempotency_key AS key, tokens, claim_token IS NOT NULL AS isClaimed,
           finished_at IS NOT NULL AS isFinished
         FROM jobs ORDER BY seq`,
      )
      .all() as (Record<string, unknown> & { seq: number; state: JobState })[]
    deepEqual(
      rows,
      [...this.#jobs.values()].map(
        ({ streaming: _streaming, hasOutput: _hasOutput, hash: _hash, webhook: _webhook, ...job }) => ({
          ...job,
          isClaimed: job.state === 'running' ? 1 : 0,
          isFinished: isEndState(job.state) ? 1 : 0,
        }),
      ),
    )
    const states = new Map(rows.map(({ seq, state }) => [seq, state]))
    for (const [seq, before] of this.#statesBefore) {
      const after = states.get(seq)
      if (after === undefined) ok(isEndState(before), `a job was deleted while it was ${before}`)
      else if (after !== before) ok(transitions[before].includes(after), `${before} became ${after}`)
    }
    this.#statesBefore = states
    this.#checkLog(states)
    const waiting = this.#store.queue.waitingLines()
    deepEqual(
      waiting.map(({ groupKey, priority, oldestSeq }) => [groupKey, priority, oldestSeq]),
      GROUPS.flatMap(group => {
        const ready = this.#ready(group)
        const isFirst = (job: Expected, at: number) => job.priority !== ready[at - 1]?.priority
        return ready.filter(isFirst).map(job => [group, job.priority, job.seq])
      }),
    )
    this.#messages.check()
  }

  #checkLog(states: ReadonlyMap<number, JobState>): void {
    const ends = this.#peek
      .prepare(
        `SELECT job_seq AS seq, json_extract(CAST(bytes AS TEXT), '$.type') AS type FROM job_log
         WHERE kind = 'event' AND type IN (${endStates.map(() => '?').join()}) ORDER BY job_seq`,
      )
      .all(...endStates)
    const ended = [...states].filter(([, state]) => isEndState(state)).map(([seq, type]) => ({ seq, type }))
    deepEqual(ends, ended)
    const requests = this.#peek.prepare('SELECT job_seq FROM job_requests').pluck().all()
    for (const [seq, state] of states)
      if (!isEndState(state))
        ok(requests.includes(seq), 'the request of a job that has not ended was deleted')
  }

  /** Ends every job and lets it expire. Then nothing of it may be left. */
  checkEnd(): void {
    for (const { seq, state } of this.#jobs.values()) if (!isEndState(state)) this.#cancel(seq)
    this.#requeueLost()
    this.check()
    this.#now += 1_000_000_000
    this.#prune()
    this.check()
    deepEqual(
      this.#everything(),
      TABLES.map(() => []),
    )
    equal(this.#peek.pragma('integrity_check', { simple: true }), 'ok')
    deepEqual(this.#peek.pragma('foreign_key_check'), [])
  }
}
