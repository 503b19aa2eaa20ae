import { batches } from '../batches/tables.ts'
import type { Connection } from '../connection.ts'
import { and, atMost, eq, exists, inArray, isNotNull, not, or, sql } from '../drizzle.ts'
import {
  jobDetails,
  jobLog,
  jobRequests,
  jobs,
  requestParts,
  webhookAttempts,
  webhookDeliveries,
} from '../schema.ts'

/** The most rows that one step deletes. Other writers wait for a step, so that it must take only a few milliseconds. */
export const ROWS_PER_STEP = 500

/**
 * Deletes log rows of these jobs, at most ROWS_PER_STEP of them.
 *
 * @param which `output` leaves the events of the jobs
 * @returns whether no such row is left
 */
export const deleteLog = ({ db }: Connection, seqs: readonly number[], which: 'all' | 'output'): boolean => {
  const isOfJobs = inArray(jobLog.jobSeq, [...seqs])
  const isOutput = and(isOfJobs, or(eq(jobLog.kind, 'head'), eq(jobLog.kind, 'body')))
  const ids = db
    .select({ id: jobLog.id })
    .from(jobLog)
    .where(which === 'output' ? isOutput : isOfJobs)
    .limit(atMost(ROWS_PER_STEP))
  return db.delete(jobLog).where(inArray(jobLog.id, ids)).run().changes < ROWS_PER_STEP
}

/** A part has up to 512 KiB. */
const PARTS_PER_STEP = 16

/**
 * Deletes the parts of the bodies of these jobs, at most PARTS_PER_STEP of them.
 *
 * @returns whether no such part is left
 */
export const deleteParts = ({ db }: Connection, seqs: readonly number[]): boolean => {
  const rowId = sql`${requestParts}.rowid`
  const some = db
    .select({ id: rowId })
    .from(requestParts)
    .where(inArray(requestParts.jobSeq, [...seqs]))
    .limit(atMost(PARTS_PER_STEP))
  return db.delete(requestParts).where(inArray(rowId, some)).run().changes < PARTS_PER_STEP
}

/** Deletes the requests of these jobs, whose parts are already deleted. */
export const deleteRequests = ({ db }: Connection, seqs: readonly number[]): void => {
  db.delete(jobRequests)
    .where(inArray(jobRequests.jobSeq, [...seqs]))
    .run()
}

/** Deletes jobs whose log and parts are already deleted, and lets go the batches of which nothing is left. Returns how many there were. */
export const deleteJobs = (connection: Connection, seqs: readonly number[]): number => {
  const { db } = connection
  const itsBatches = batchesOf(connection, seqs)
  deleteDeliveries(connection, seqs)
  deleteRequests(connection, seqs)
  db.delete(jobDetails)
    .where(inArray(jobDetails.jobSeq, [...seqs]))
    .run()
  const deleted = db
    .delete(jobs)
    .where(inArray(jobs.seq, [...seqs]))
    .run().changes
  letGo(connection, itsBatches)
  return deleted
}

const batchesOf = ({ db }: Connection, seqs: readonly number[]): number[] =>
  db
    .selectDistinct({ batch: jobs.batch })
    .from(jobs)
    .where(and(inArray(jobs.seq, [...seqs]), isNotNull(jobs.batch)))
    .all()
    .flatMap(({ batch }) => batch ?? [])

/** Those of these batches that have no jobs are not found any more, and deleted from now on. */
const letGo = ({ db }: Connection, seqs: readonly number[]): void => {
  if (seqs.length === 0) return
  const itsJob = db.select({ seq: jobs.seq }).from(jobs).where(eq(jobs.batch, batches.seq))
  db.update(batches)
    .set({ submittedAt: null, expiresAt: 0 })
    .where(and(inArray(batches.seq, [...seqs]), not(exists(itsJob))))
    .run()
}

/** Deletes the webhook messages of these jobs, and the attempts at them. */
const deleteDeliveries = ({ db }: Connection, seqs: readonly number[]): void => {
  const isOfJobs = inArray(webhookDeliveries.jobSeq, [...seqs])
  const deliveries = db.select({ seq: webhookDeliveries.seq }).from(webhookDeliveries).where(isOfJobs)
  db.delete(webhookAttempts).where(inArray(webhookAttempts.deliverySeq, deliveries)).run()
  db.delete(webhookDeliveries).where(isOfJobs).run()
}
