import type { WebhookEvent } from '@foreman/jobs'
import type Database from 'better-sqlite3'
import { deepEqual, equal } from 'node:assert/strict'
import type { Store } from '../open-store.ts'

/** A pending message that is older does not put off the deletion of its job. */
const LONGEST_DELIVERY_MS = 3 * 24 * 3_600_000

/** A job with its webhook. */
export interface Subscriber {
  readonly seq: number
  readonly webhook: { readonly url: string; readonly events: readonly WebhookEvent[] } | undefined
}

interface Message {
  readonly jobSeq: number
  readonly event: WebhookEvent
  readonly url: string
  readonly createdAt: number
  state: 'pending' | 'delivered' | 'dead'
  failures: number
}

type Row = Message & { readonly id: string; readonly body: string }

/** The outbox as it should be, computed from the rules and not by the store's code. */
export class ExpectedMessages {
  readonly #store: Store
  readonly #peek: Database.Database
  #messages: Message[] = []
  /** The last job that was submitted before the receiver was gone. */
  readonly #goneAfter = new Map<string, number>()

  constructor(store: Store, peek: Database.Database) {
    this.#store = store
    this.#peek = peek
  }

  tell({ seq, webhook }: Subscriber, event: WebhookEvent, now: number): void {
    if (!webhook?.events.includes(event)) return
    if (seq <= (this.#goneAfter.get(webhook.url) ?? 0)) return
    const message = { jobSeq: seq, event, url: webhook.url, createdAt: now, failures: 0 }
    this.#messages.push({ ...message, state: 'pending' })
  }

  /** Records an attempt at the message at this place, whatever its state is. */
  deliver(which: number, kind: 'delivered' | 'again' | 'dead' | 'gone', now: number): void {
    const message = this.#messages[which]
    const row = this.#rows()[which]
    if (!message || !row) return
    const delivery = this.#store.deliveries.byId(row.id)!
    const attempt = { at: now, durationMs: 1, status: 200, error: null, response: null }
    const result = kind === 'again' ? { kind, nextAttemptAt: now + 1 } : { kind }
    this.#store.deliveries.record(delivery, attempt, result, now)
    if (kind === 'gone') {
      this.#goneAfter.set(message.url, this.#lastJobSeq())
      for (const each of this.#messages)
        if (each.url === message.url && each.state === 'pending') each.state = 'dead'
    } else if (message.state === 'pending') {
      if (kind === 'again') message.failures++
      else message.state = kind
    }
  }

  redeliver(which: number, now: number): void {
    const message = this.#messages[which]
    const row = this.#rows()[which]
    if (!message || !row) return
    this.#store.deliveries.redeliver(this.#store.deliveries.byId(row.id)!, now)
    Object.assign(message, { state: 'pending', failures: 0 })
  }

  /** Whether a message puts off the deletion of an expired job. */
  holds(jobSeq: number, now: number): boolean {
    return this.#messages.some(
      each =>
        each.jobSeq === jobSeq && each.state === 'pending' && each.createdAt > now - LONGEST_DELIVERY_MS,
    )
  }

  forget(jobSeq: number): void {
    this.#messages = this.#messages.filter(each => each.jobSeq !== jobSeq)
  }

  #lastJobSeq(): number {
    return this.#peek.prepare('SELECT max(seq) FROM jobs').pluck().get() as number
  }

  #rows(): Row[] {
    return this.#peek
      .prepare(
        `SELECT id, body, job_seq AS jobSeq, event, url, created_at AS createdAt, state, failures
         FROM webhook_deliveries ORDER BY seq`,
      )
      .all() as Row[]
  }

  check(): void {
    const rows = this.#rows()
    deepEqual(
      rows.map(({ id: _id, body: _body, ...row }) => row),
      this.#messages,
    )
    for (const { body, jobSeq, event } of rows) {
      equal(body, `${event} of ${jobSeq}`)
    }
    equal(new Set(rows.map(({ id }) => id)).size, rows.length)
  }
}
