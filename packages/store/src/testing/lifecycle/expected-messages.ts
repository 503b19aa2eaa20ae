import type { WebhookEvent } from '@foreman/jobs'
import { deepEqual, equal, ok } from 'node:assert/strict'
import type { Store } from '../../contract.ts'
import type { Delivery } from '../../values.ts'
import { messagesOf } from '../contract/look.ts'
import type { ExpectedJob } from './expected-job.ts'

/** A pending message that is older does not put off the deletion of its job. */
const LONGEST_DELIVERY_MS = 3 * 24 * 3_600_000

interface Message {
  readonly jobSeq: number
  readonly event: WebhookEvent
  readonly url: string
  readonly createdAt: number
  state: 'pending' | 'delivered' | 'dead'
  failures: number
}

/** The outbox as it should be, computed from the rules and not by the store's code. */
export class ExpectedMessages {
  readonly #store: Store
  #messages: Message[] = []
  /** The messages as the store showed them last. */
  readonly #rows = new Map<Message, Delivery>()
  /** The last job that was submitted before the receiver was gone. */
  readonly #goneAfter = new Map<string, number>()
  #attempts = 0

  constructor(store: Store) {
    this.#store = store
  }

  tell({ record: { seq }, webhook }: ExpectedJob, event: WebhookEvent, now: number): void {
    if (!webhook?.events.includes(event)) return
    if (seq <= (this.#goneAfter.get(webhook.url) ?? 0)) return
    const message = { jobSeq: seq, event, url: webhook.url, createdAt: now, failures: 0 }
    this.#messages.push({ ...message, state: 'pending' })
  }

  /**
   * Records an attempt at the message at this place, whatever its state is.
   *
   * @returns the same call again
   */
  async deliver(
    which: number,
    kind: 'delivered' | 'again' | 'dead' | 'gone',
    { now, lastJobSeq }: { now: number; lastJobSeq: number },
  ): Promise<(() => Promise<unknown>) | undefined> {
    const message = this.#messages[which]
    const delivery = message && this.#rows.get(message)
    if (!message || !delivery) return undefined
    const attempt = { at: ++this.#attempts, durationMs: 1, status: 200, error: null, response: null }
    const result = kind === 'again' ? { kind, nextAttemptAt: now + 1 } : { kind }
    const record = () => this.#store.deliveries.record({ delivery, attempt, result, now })
    await record()
    if (kind === 'gone') {
      this.#goneAfter.set(message.url, lastJobSeq)
      for (const each of this.#messages)
        if (each.url === message.url && each.state === 'pending') each.state = 'dead'
    } else if (message.state === 'pending') {
      if (kind === 'again') message.failures++
      else message.state = kind
    }
    return record
  }

  async redeliver(which: number, now: number): Promise<(() => Promise<unknown>) | undefined> {
    const message = this.#messages[which]
    const delivery = message && this.#rows.get(message)
    if (!message || !delivery) return undefined
    const redeliver = () => this.#store.deliveries.redeliver(delivery, now)
    await redeliver()
    Object.assign(message, { state: 'pending', failures: 0 })
    return redeliver
  }

  /** Whether a message puts off the deletion of an expired job. */
  holds(jobSeq: number, now: number): boolean {
    return this.#messages.some(
      each =>
        each.jobSeq === jobSeq && each.state === 'pending' && each.createdAt > now - LONGEST_DELIVERY_MS,
    )
  }

  forget(jobSeq: number): void {
    for (const each of this.#messages) if (each.jobSeq === jobSeq) this.#rows.delete(each)
    this.#messages = this.#messages.filter(each => each.jobSeq !== jobSeq)
  }

  /** @param jobSeqs all jobs that are there */
  async check(jobSeqs: readonly number[]): Promise<void> {
    const found = (await Promise.all(jobSeqs.map(seq => messagesOf(this.#store, { seq })))).flat()
    const rows = found.toSorted((a, b) => a.seq - b.seq)
    deepEqual(
      rows.map(({ jobSeq, event, url, createdAt, state, failures }) => ({
        jobSeq,
        event,
        url,
        createdAt,
        failures,
        state,
      })),
      this.#messages,
    )
    for (const [at, message] of this.#messages.entries()) this.#rows.set(message, rows[at]!)
    equal(new Set(rows.map(({ id }) => id)).size, rows.length)
    await this.#checkBodies(rows)
  }

  async #checkBodies(rows: readonly Delivery[]): Promise<void> {
    const asked = { caller: 'default', now: Number.MAX_SAFE_INTEGER, limit: 1_000 }
    const hosts = new Set(rows.map(({ host }) => host))
    for (const host of hosts) {
      const due = await this.#store.deliveries.due({ ...asked, host })
      for (const { body, jobSeq, event } of due) equal(body, `${event} of ${jobSeq}`)
      const pending = rows.filter(row => row.host === host && row.state === 'pending')
      equal(due.length, pending.length)
    }
    for (const { state, nextAttemptAt, finishedAt } of rows)
      ok(
        (state === 'pending') === (nextAttemptAt !== null) && (state === 'pending') === (finishedAt === null),
      )
  }
}
