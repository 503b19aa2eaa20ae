import type { Connection } from './connection.ts'
import { and, desc, eq, lt, ne, sql } from './drizzle.ts'
import { target, workers } from './schema.ts'

export type WorkerRow = typeof workers.$inferSelect
export type TargetRow = typeof target.$inferSelect
export type TargetState = TargetRow['state']

/** What the processes let each other know: which workers live, and how the target is. */
export const presence = (connection: Connection) => {
  const { db } = connection
  const beat = db
    .insert(workers)
    .values({
      id: sql.placeholder('id'),
      pid: sql.placeholder('pid'),
      active: sql.placeholder('active'),
      startedAt: sql.placeholder('startedAt'),
      heartbeatAt: sql.placeholder('now'),
    })
    .onConflictDoUpdate({
      target: workers.id,
      set: { active: sql`excluded.active`, heartbeatAt: sql`excluded.heartbeat_at` },
    })
    .prepare()
  const remove = db
    .delete(workers)
    .where(eq(workers.id, sql.placeholder('id')))
    .prepare()
  const removeOtherActive = db
    .delete(workers)
    .where(and(eq(workers.active, true), ne(workers.id, sql.placeholder('id'))))
    .prepare()
  const removeStale = db
    .delete(workers)
    .where(lt(workers.heartbeatAt, sql.placeholder('before')))
    .prepare()
  const selectActive = db
    .select()
    .from(workers)
    .where(eq(workers.active, true))
    .orderBy(desc(workers.heartbeatAt))
    .limit(1)
    .prepare()
  const selectTarget = db.select().from(target).prepare()

  return {
    /** Says that this worker lives, and whether it works or stands by. */
    heartbeat: (worker: Pick<WorkerRow, 'id' | 'pid' | 'active' | 'startedAt'>, now: number): void => {
      connection.write('normal', () => {
        // One holds the lock: whoever else says so is dead, even if a clock since set back makes it look alive.
        if (worker.active) removeOtherActive.run({ id: worker.id })
        beat.run({ ...worker, active: worker.active ? 1 : 0, now })
      })
    },

    /** A worker that stops takes its row with it. */
    leave: (id: string): void => {
      connection.write('normal', () => remove.run({ id }))
    },

    /** Forgets workers that died without a word. */
    forgetStale: (before: number): void => {
      connection.write('normal', () => removeStale.run({ before }))
    },

    /** The worker that holds the lock, or was the last to say so. */
    activeWorker: (): WorkerRow | undefined => selectActive.get(),

    target: (): TargetRow => {
      const row = selectTarget.get()
      if (!row) throw new Error('the file has no row for the target')
      return row
    },

    /** The worker's word on the target. */
    noteTarget: (
      change: Partial<
        Pick<TargetRow, 'state' | 'since' | 'reason' | 'stalledAt' | 'embedderDoesNotFit' | 'suspectedAt'>
      >,
    ): void => {
      connection.write('normal', () => db.update(target).set(change).run())
    },

    /** Asks the worker to look whether the target is there. */
    suspectTarget: (now: number): void => {
      connection.write('normal', () => db.update(target).set({ suspectedAt: now }).run())
    },
  }
}
