import type { Connection } from './connection.ts'
import { and, desc, eq, lt, ne, sql } from './drizzle.ts'
import { workers as table } from './schema.ts'

export type WorkerRow = typeof table.$inferSelect

/** How often a worker updates its row. */
export const HEARTBEAT_MS = 2_000
/** Another process's write may hold a heartbeat up for five seconds. */
const AWAY_AFTER_MS = 8_000

/** Whether a worker's last heartbeat is recent. A clock that was set back makes a heartbeat lie in the future. */
export const isAlive = (worker: Pick<WorkerRow, 'heartbeatAt'> | undefined, now: number): boolean =>
  worker !== undefined && Math.abs(now - worker.heartbeatAt) <= AWAY_AFTER_MS

/** The worker processes, whether they are active or on standby. */
export const workers = (connection: Connection) => {
  const { db } = connection
  const beat = db
    .insert(table)
    .values({
      id: sql.placeholder('id'),
      pid: sql.placeholder('pid'),
      active: sql.placeholder('active'),
      startedAt: sql.placeholder('startedAt'),
      heartbeatAt: sql.placeholder('now'),
    })
    .onConflictDoUpdate({
      target: table.id,
      set: { active: sql`excluded.active`, heartbeatAt: sql`excluded.heartbeat_at` },
    })
    .prepare()
  const remove = db
    .delete(table)
    .where(eq(table.id, sql.placeholder('id')))
    .prepare()
  const removeOtherActive = db
    .delete(table)
    .where(and(eq(table.active, true), ne(table.id, sql.placeholder('id'))))
    .prepare()
  const removeStale = db
    .delete(table)
    .where(lt(table.heartbeatAt, sql.placeholder('before')))
    .prepare()
  const selectActive = db
    .select()
    .from(table)
    .where(eq(table.active, true))
    .orderBy(desc(table.heartbeatAt))
    .limit(1)
    .prepare()

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
    active: (): WorkerRow | undefined => selectActive.get(),
  }
}
