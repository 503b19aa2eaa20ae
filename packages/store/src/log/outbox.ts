import { type JobChange, type WebhookEvent, webhookEventOf } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import { and, asc, eq, ne, sql } from '../drizzle.ts'
import { newId } from '../ids.ts'
import type { JobRecord, Records } from '../records.ts'
import { goneReceivers, jobDetails, jobLog, webhookDeliveries } from '../schema.ts'
import type { ResponseHead } from './log-writer.ts'

/** An answer as it is in the log. */
export interface StoredAnswer {
  readonly head: ResponseHead
  readonly body: readonly Buffer[]
}

/** A change of a job, as it is told to a receiver. */
export interface Announcement {
  readonly event: WebhookEvent
  readonly at: number
  /** As it is after the change. */
  readonly job: JobRecord
  /** The job's answer; undefined: there is none, or it takes more than `maxBytes`. */
  readonly answer: (maxBytes: number) => StoredAnswer | undefined
}

/** Writes the body of a webhook. It is kept as it is written here. */
export type Compose = (announcement: Announcement) => string

export type Outbox = ReturnType<typeof outboxWriter>

/** Writes the messages of a change into the transaction of the change. */
export const outboxWriter = ({ db }: Connection, records: Records, compose: Compose) => {
  const selectWebhook = db
    .select({ url: jobDetails.webhookUrl, events: jobDetails.webhookEvents })
    .from(jobDetails)
    .where(eq(jobDetails.jobSeq, sql.placeholder('jobSeq')))
    .prepare()
  const selectGone = db
    .select({ since: goneReceivers.since })
    .from(goneReceivers)
    .where(eq(goneReceivers.url, sql.placeholder('url')))
    .prepare()
  const insert = db
    .insert(webhookDeliveries)
    .values({
      id: sql.placeholder('id'),
      jobSeq: sql.placeholder('jobSeq'),
      event: sql.placeholder('event'),
      url: sql.placeholder('url'),
      host: sql.placeholder('host'),
      body: sql.placeholder('body'),
      state: 'pending',
      nextAttemptAt: sql.placeholder('at'),
      createdAt: sql.placeholder('at'),
    })
    .prepare()
  const ofAnswer = and(
    eq(jobLog.jobSeq, sql.placeholder('jobSeq')),
    eq(jobLog.attempt, sql.placeholder('attempt')),
    ne(jobLog.kind, 'event'),
  )
  const selectSize = db
    .select({ bytes: sql<number | null>`sum(length(${jobLog.bytes}))` })
    .from(jobLog)
    .where(ofAnswer)
    .prepare()
  const selectAnswer = db
    .select({ kind: jobLog.kind, bytes: jobLog.bytes })
    .from(jobLog)
    .where(ofAnswer)
    .orderBy(asc(jobLog.id))
    .prepare()

  const answerOf = ({ seq, answerAttempt }: JobRecord, maxBytes: number): StoredAnswer | undefined => {
    if (answerAttempt === null) return undefined
    const of = { jobSeq: seq, attempt: answerAttempt }
    if ((selectSize.get(of)?.bytes ?? 0) > maxBytes) return undefined
    const rows = selectAnswer.all(of)
    const head = rows.find(({ kind }) => kind === 'head')
    if (!head) return undefined
    return {
      head: JSON.parse(head.bytes.toString()) as ResponseHead,
      body: rows.filter(({ kind }) => kind === 'body').map(({ bytes }) => bytes),
    }
  }

  return {
    announce: (jobSeq: number, type: JobChange['type'], at: number): void => {
      const event = (webhookEventOf as Partial<Record<JobChange['type'], WebhookEvent>>)[type]
      if (!event) return
      const webhook = selectWebhook.get({ jobSeq })
      if (!webhook?.url || !webhook.events?.includes(event)) return
      const job = records.bySeq(jobSeq)
      if (!job) throw new Error(`job ${jobSeq} is not there`)
      const gone = selectGone.get({ url: webhook.url })
      if (gone && job.createdAt <= gone.since) return
      insert.run({
        id: newId('msg', at),
        jobSeq,
        event,
        url: webhook.url,
        host: new URL(webhook.url).host,
        body: compose({ event, at, job, answer: maxBytes => answerOf(job, maxBytes) }),
        at,
      })
    },
  }
}
