import type { Connection } from '../connection.ts'
import { and, eq, gt, inArray, isNotNull, lt, lte, or, sql } from '../drizzle.ts'
import { isCorrupt, StoreUnusableError } from '../errors.ts'
import {
  goneReceivers,
  jobDetails,
  jobLog,
  jobRequests,
  jobs,
  webhookAttempts,
  webhookDeliveries,
} from '../schema.ts'

/** Rows that one step deletes at the most: other writers wait for a step, so it is kept to a few milliseconds. */
const ROWS_PER_STEP = 500
const PAGES_PER_STEP = 256
/** A job whose time is up waits this much longer when a message of its is still on its way … */
const DELIVERY_GRACE_MS = 3_600_000
/** … unless the message is older than this: longer than any schedule of attempts. */
const LONGEST_DELIVERY_MS = 3 * 24 * 3_600_000
/** Longer than a job waits and runs that was handed in before its receiver was gone. */
const GONE_FOR_MS = 30 * 24 * 3_600_000

/** The verbs that keep the file small. Each does one short step and says whether there is more to do. */
export const housekeeping = (connection: Connection) => {
  const { db, sqlite } = connection
  const selectExpired = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isNotNull(jobs.expiresAt), lte(jobs.expiresAt, sql.placeholder('now'))))
    .limit(ROWS_PER_STEP)
    .prepare()
  const selectSpent = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(isNotNull(jobs.bytesExpireAt), lte(jobs.bytesExpireAt, sql.placeholder('now'))))
    .limit(ROWS_PER_STEP)
    .prepare()
  const postpone = db
    .update(jobs)
    .set({ expiresAt: sql`${sql.placeholder('until')}` })
    .where(eq(jobs.seq, sql.placeholder('seq')))
    .prepare()
  const forgetGone = db
    .delete(goneReceivers)
    .where(lt(goneReceivers.since, sql.placeholder('before')))
    .prepare()
  const changeNothing = db.update(jobs).set({ state: 'queued' }).where(eq(jobs.seq, 0)).prepare()
  const pageCount = sqlite.prepare('PRAGMA page_count').pluck()
  const freePages = sqlite.prepare('PRAGMA freelist_count').pluck()
  const pageSize = sqlite.pragma('page_size', { simple: true }) as number

  /** On one line. Where the damage is bad enough, the check itself fails. */
  const quickCheck = (): string => {
    try {
      return String(sqlite.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ')
    } catch (error) {
      if (!isCorrupt(error)) throw error
      return (error as Error).message
    }
  }

  /** Deletes log rows of these jobs, up to a step's worth; true when none is left. */
  const deleteLog = (seqs: number[], outputOnly: boolean): boolean => {
    const ofJobs = inArray(jobLog.jobSeq, seqs)
    const which = outputOnly ? and(ofJobs, or(eq(jobLog.kind, 'head'), eq(jobLog.kind, 'body'))) : ofJobs
    const rows = db.select({ id: jobLog.id }).from(jobLog).where(which).limit(ROWS_PER_STEP)
    return db.delete(jobLog).where(inArray(jobLog.id, rows)).run().changes < ROWS_PER_STEP
  }

  /** Those of these jobs that have a message on its way. */
  const withMessages = (seqs: number[], now: number): Set<number> => {
    const waiting = db
      .selectDistinct({ seq: webhookDeliveries.jobSeq })
      .from(webhookDeliveries)
      .where(
        and(
          eq(webhookDeliveries.state, sql`'pending'`),
          inArray(webhookDeliveries.jobSeq, seqs),
          gt(webhookDeliveries.createdAt, now - LONGEST_DELIVERY_MS),
        ),
      )
      .all()
    return new Set(waiting.map(({ seq }) => seq))
  }

  const deleteDeliveries = (seqs: number[]): void => {
    const ofJobs = db
      .select({ seq: webhookDeliveries.seq })
      .from(webhookDeliveries)
      .where(inArray(webhookDeliveries.jobSeq, seqs))
    db.delete(webhookAttempts).where(inArray(webhookAttempts.deliverySeq, ofJobs)).run()
    db.delete(webhookDeliveries).where(inArray(webhookDeliveries.jobSeq, seqs)).run()
  }

  return {
    /** Deletes terminal jobs whose time is up, with all that belongs to them. Those with a message on its way wait for it. */
    pruneExpired: (now: number): { more: boolean; pruned: number } => {
      const expired = selectExpired.all({ now }).map(({ seq }) => seq)
      if (expired.length === 0) return { more: false, pruned: 0 }
      return connection.write('normal', () => {
        forgetGone.run({ before: now - GONE_FOR_MS })
        const waiting = withMessages(expired, now)
        for (const seq of waiting) postpone.run({ seq, until: now + DELIVERY_GRACE_MS })
        const seqs = expired.filter(seq => !waiting.has(seq))
        if (!deleteLog(seqs, false)) return { more: true, pruned: 0 }
        deleteDeliveries(seqs)
        db.delete(jobRequests).where(inArray(jobRequests.jobSeq, seqs)).run()
        db.delete(jobDetails).where(inArray(jobDetails.jobSeq, seqs)).run()
        const pruned = db.delete(jobs).where(inArray(jobs.seq, seqs)).run().changes
        return { more: expired.length === ROWS_PER_STEP, pruned }
      })
    },

    /** Deletes request and output of jobs whose callers have their answers; the rows and their events stay. */
    pruneDelivered: (now: number): { more: boolean } => {
      const seqs = selectSpent.all({ now }).map(({ seq }) => seq)
      if (seqs.length === 0) return { more: false }
      return connection.write('normal', () => {
        if (!deleteLog(seqs, true)) return { more: true }
        db.delete(jobRequests).where(inArray(jobRequests.jobSeq, seqs)).run()
        db.update(jobs).set({ bytesExpireAt: null }).where(inArray(jobs.seq, seqs)).run()
        return { more: seqs.length === ROWS_PER_STEP }
      })
    },

    /** Gives pages that are no longer used back to the file system. */
    shrink: (): { more: boolean } => {
      const free = freePages.get() as number
      if (free === 0) return { more: false }
      sqlite.pragma(`incremental_vacuum(${PAGES_PER_STEP})`)
      return { more: free > PAGES_PER_STEP }
    },

    /**
     * Reads the whole file, about 200 MB a second, for damage.
     * @throws StoreUnusableError when there is any
     */
    check: (): void => {
      const verdict = quickCheck()
      if (verdict !== 'ok') throw new StoreUnusableError(`${sqlite.name}: is damaged (${verdict})`)
    },

    /** What the file's content takes, pages waiting for use left out. */
    usedBytes: (): number => ((pageCount.get() as number) - (freePages.get() as number)) * pageSize,

    /** Whether a write would go through now. Waits `busyTimeoutMs` at most for another writer. */
    canWrite: (): boolean => {
      try {
        connection.write('normal', () => changeNothing.run())
        return true
      } catch {
        return false
      }
    },
  }
}
