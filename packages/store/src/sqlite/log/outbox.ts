import { type JobChange, type WebhookEvent, webhookEventOf } from '@foreman/jobs'
import { newId } from '../../ids.ts'
import { ANNOUNCED_ANSWER_BYTES, type Compose, type JobRecord, type StoredAnswer } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, sql } from '../drizzle.ts'
import { goneReceivers, jobDetails, webhookDeliveries } from '../schema.ts'
import { mayPass } from '../sqlite-errors.ts'
import { prepareStoredAnswer } from './stored-answer.ts'

export interface OutboxOptions {
  readonly compose: Compose
  /**
   * Called when what is stored of a job keeps a webhook message from being written. The message is written without the
   * job's answer, or not at all; the change that it reports takes place either way. Without this function the change is
   * refused.
   */
  readonly onMessageError?: ((error: unknown, jobSeq: number) => void) | undefined
}

export type Outbox = ReturnType<typeof outboxWriter>

/** Writes webhook messages in the transaction of the change that they report. */
export const outboxWriter = (
  connection: Connection,
  bySeq: (seq: number) => JobRecord | undefined,
  { compose, onMessageError }: OutboxOptions,
) => {
  const { db, sqlite } = connection
  const answerOf = prepareStoredAnswer(connection)
  // Without Drizzle for speed: this runs for each start and each end of a job, and most have no webhook.
  const selectUrl = sqlite.prepare('SELECT webhook_url FROM job_details WHERE job_seq = +?').pluck()
  const selectEvents = db
    .select({ events: jobDetails.webhookEvents })
    .from(jobDetails)
    .where(eq(jobDetails.jobSeq, given('jobSeq')))
    .prepare()
  const selectGone = db
    .select({ lastJobSeq: goneReceivers.lastJobSeq })
    .from(goneReceivers)
    .where(and(eq(goneReceivers.caller, given('caller')), eq(goneReceivers.url, given('url'))))
    .prepare()
  const insert = db
    .insert(webhookDeliveries)
    .values({
      id: sql.placeholder('id'),
      jobSeq: sql.placeholder('jobSeq'),
      event: sql.placeholder('event'),
      url: sql.placeholder('url'),
      host: sql.placeholder('host'),
      caller: sql.placeholder('caller'),
      body: sql.placeholder('body'),
      state: 'pending',
      nextAttemptAt: sql.placeholder('at'),
      scheduledAt: sql.placeholder('at'),
      createdAt: sql.placeholder('at'),
    })
    .prepare()

  /** @returns undefined when `act` failed because of what is stored of the job */
  const contained = <T>(jobSeq: number, act: () => T): T | undefined => {
    try {
      return act()
    } catch (error) {
      if (!onMessageError || mayPass(error)) throw error
      onMessageError(error, jobSeq)
      return undefined
    }
  }

  const write = (jobSeq: number, event: WebhookEvent, at: number): void => {
    const url = selectUrl.get(jobSeq) as string | null | undefined
    if (!url) return
    const events = selectEvents.get({ jobSeq })?.events
    if (!events) throw new Error(`the events of the webhook of job ${jobSeq} cannot be read`)
    if (!events.includes(event)) return
    const job = bySeq(jobSeq)
    if (!job) throw new Error(`there is no job ${jobSeq}`)
    const { answerAttempt, caller } = job
    const gone = selectGone.get({ caller, url })
    if (gone && jobSeq <= gone.lastJobSeq) return
    const answer = (): StoredAnswer | undefined =>
      answerAttempt === null
        ? undefined
        : contained(jobSeq, () => answerOf({ seq: jobSeq, attempt: answerAttempt }, ANNOUNCED_ANSWER_BYTES))
    insert.run({
      id: newId('msg', at),
      jobSeq,
      event,
      url,
      host: new URL(url).host,
      caller,
      body: compose({ event, at, job, answer }),
      at,
    })
  }

  return {
    /** Writes the message of a change, unless the job has no webhook for it or its receiver is gone. */
    announce: (jobSeq: number, type: JobChange['type'], at: number): void => {
      const event = (webhookEventOf as Partial<Record<JobChange['type'], WebhookEvent>>)[type]
      if (event) contained(jobSeq, () => write(jobSeq, event, at))
    },
  }
}
