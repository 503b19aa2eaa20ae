import type { Connection } from './connection.ts'
import { and, desc, eq, lt, ne, or, sql } from './drizzle.ts'
import { workers as table } from './schema.ts'
import { beyondHorizon, isBeyond, presentValues } from './stored-time.ts'

export type WorkerRow = typeof table.$inferSelect

/** How often a worker updates its row. */
export const HEARTBEAT_MS = 2_000
/** Another process's write may delay a heartbeat by five seconds. */
const AWAY_AFTER_MS = 8_000

/** A worker whose last heartbeat is older than this has died without removing its row. */
const FORGET_AFTER_MS = 60_000

/**
 * Whether a worker's last heartbeat is recent. A heartbeat may lie ahead by as much as it may be old, because a clock
 * that is corrected by a second must not make the worker look away until its next heartbeat.
 *
 * @example
 * isAlive(store.workers.active(), Date.now())
 */
export const isAlive = (worker: Pick<WorkerRow, 'heartbeatAt'> | undefined, now: number): boolean =>
  worker !== undefined &&
  now - worker.heartbeatAt <= AWAY_AFTER_MS &&
  !isBeyond(worker.heartbeatAt, { now, horizonMs: AWAY_AFTER_MS })

/** The verbs about worker processes, active or on standby. */
export const workers = (connection: Connection) => ({
  /** Records that this worker is alive, and whether it is active or on standby. */
  heartbeat: prepareHeartbeat(connection),

  /** Deletes the row of a worker that stops. */
  leave: prepareLeave(connection),

  /** Deletes the rows of workers that died without leaving: their last heartbeats are more than a minute from now. */
  forgetStale: prepareForgetStale(connection),

  /** The active worker. If there is none now, the one that was active last. */
  active: prepareActive(connection),
})

const prepareHeartbeat = (connection: Connection) => {
  const { db } = connection
  const removeOtherActive = db
    .delete(table)
    .where(and(eq(table.active, true), ne(table.id, sql.placeholder('id'))))
    .prepare()
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

  return (worker: Pick<WorkerRow, 'id' | 'pid' | 'active' | 'startedAt'>, now: number): void => {
    connection.write('normal', () => {
      // Only one worker holds the lock. Any other row that says active belongs to a dead worker, even if its heartbeat
      // looks recent because the clock was set back since.
      if (worker.active) removeOtherActive.run({ id: worker.id })
      beat.run({ ...worker, active: worker.active ? 1 : 0, now })
    })
  }
}

const prepareLeave = (connection: Connection) => {
  const remove = connection.db
    .delete(table)
    .where(eq(table.id, sql.placeholder('id')))
    .prepare()

  return (id: string): void => {
    connection.write('normal', () => remove.run({ id }))
  }
}

const prepareForgetStale = (connection: Connection) => {
  const removeStale = connection.db
    .delete(table)
    .where(or(lt(table.heartbeatAt, sql.placeholder('before')), beyondHorizon(table.heartbeatAt)))
    .prepare()

  return (now: number): void => {
    const present = presentValues({ now, horizonMs: FORGET_AFTER_MS })
    connection.write('normal', () => removeStale.run({ ...present, before: now - FORGET_AFTER_MS }))
  }
}

export const prepareActive = ({ db }: Connection) => {
  const select = db
    .select()
    .from(table)
    .where(eq(table.active, true))
    .orderBy(desc(table.heartbeatAt))
    .limit(1)
    .prepare()

  return (): WorkerRow | undefined => select.get()
}
