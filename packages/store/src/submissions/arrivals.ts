import type { Connection } from '../connection.ts'
import { and, eq, inArray, sql, value } from '../drizzle.ts'
import { ArrivalLostError } from '../errors.ts'
import { arrivals as arrivalsTable, jobs, requestParts, webhookDeliveries } from '../schema.ts'
import type { NewJob, Submitted } from './new-job.ts'
import type { Submit } from './submit.ts'

/**
 * The verbs of a process that submits more than fits into one short commit: thousands of jobs, or a body of many
 * megabytes. It begins an arrival, adds to it, and accepts it. Before that, nothing of it runs, and if the process dies, it is
 * as if nothing had been submitted.
 */
export const arrivals = (connection: Connection, submit: Submit) => {
  const { db } = connection
  const insert = db
    .insert(arrivalsTable)
    .values({ touchedAt: sql.placeholder('now') })
    .returning({ id: arrivalsTable.id })
    .prepare()
  const touch = db
    .update(arrivalsTable)
    .set({ touchedAt: value('now') })
    .where(eq(arrivalsTable.id, sql.placeholder('id')))
    .prepare()
  const remove = db
    .delete(arrivalsTable)
    .where(eq(arrivalsTable.id, sql.placeholder('id')))
    .prepare()
  const acceptJobs = db
    .update(jobs)
    .set({ arrival: null })
    .where(eq(jobs.arrival, sql.placeholder('id')))
    .prepare()
  const releaseMessages = db
    .update(webhookDeliveries)
    .set({ nextAttemptAt: webhookDeliveries.createdAt })
    .where(
      and(
        eq(webhookDeliveries.state, sql`'pending'`),
        inArray(
          webhookDeliveries.jobSeq,
          db
            .select({ seq: jobs.seq })
            .from(jobs)
            .where(eq(jobs.arrival, sql.placeholder('id'))),
        ),
      ),
    )
    .prepare()
  const insertPart = db
    .insert(requestParts)
    .values({ jobSeq: sql.placeholder('jobSeq'), n: sql.placeholder('n'), bytes: sql.placeholder('bytes') })
    .prepare()

  const ensureIsThere = (changes: number): void => {
    if (changes === 0) throw new ArrivalLostError('nothing was added to the arrival for too long')
  }

  return {
    /** @returns the id of the arrival */
    begin: (now: number): number => connection.write('normal', () => insert.get({ now }).id),

    /**
     * Adds jobs. One whose body is in parts is inserted without it.
     *
     * @throws ArrivalLostError when the arrival has been removed
     * @throws KeyReusedError, KeyInUseError as `submissions.enqueue` does
     */
    add: (id: number, all: readonly NewJob[], now: number): Submitted[] =>
      connection.write('normal', () => {
        ensureIsThere(touch.run({ id, now }).changes)
        return all.map(job => submit(job, now, id))
      }),

    /**
     * Adds the part with the number `n`, from 0, of the body of a job.
     *
     * @throws ArrivalLostError when the arrival has been removed
     */
    addPart: (id: number, { seq, n, bytes }: RequestPart, now: number): void =>
      connection.write('normal', () => {
        ensureIsThere(touch.run({ id, now }).changes)
        insertPart.run({ jobSeq: seq, n, bytes })
      }),

    /**
     * Accepts all jobs of an arrival. When this returns, they are on the disk, and each will end exactly once.
     *
     * @throws ArrivalLostError when the arrival has been removed
     */
    accept: (id: number): void =>
      connection.write('full', () => {
        ensureIsThere(remove.run({ id }).changes)
        releaseMessages.run({ id })
        acceptJobs.run({ id })
      }),

    /** Takes an arrival back. The worker's cleaner deletes what was written of it. */
    discard: (id: number): void => connection.write('normal', () => void remove.run({ id })),
  }
}

export interface RequestPart {
  readonly seq: number
  readonly n: number
  readonly bytes: Buffer
}
