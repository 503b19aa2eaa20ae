import type { Workers } from '../contract.ts'
import type { ProcessFigures, WorkerRow } from '../values.ts'
import type { Connection } from './connection.ts'
import { and, atMost, desc, eq, given, lt, ne, or, sql } from './drizzle.ts'
import { preparePhases } from './history/phases.ts'
import { figurePlaceholders, figuresExcluded, NO_FIGURES } from './process-figures.ts'
import { workers as table } from './schema.ts'
import { beyondHorizon, presentValues } from './stored-time.ts'
import { reads, type Writes } from './verbs.ts'

/** A worker whose last heartbeat is older than this has died without removing its row. */
const FORGET_AFTER_MS = 60_000

export const workers = (connection: Connection, writes: Writes): Workers => ({
  heartbeat: writes.verb('normal', prepareHeartbeat(connection)),
  leave: writes.verb('normal', prepareLeave(connection)),
  forgetStale: writes.verb('normal', prepareForgetStale(connection)),
  active: reads(prepareActive(connection)),
})

/** Notes that nobody is at work since the last heartbeat of an active worker that is gone, or that somebody is again. */
const prepareAway = (connection: Connection) => {
  const phases = preparePhases(connection)
  const note = (isAway: boolean, at: number): void =>
    phases.set({ kind: 'worker_away', detail: null }, isAway, at)
  return {
    since: (gone: readonly Pick<WorkerRow, 'active' | 'heartbeatAt'>[]): void => {
      for (const { active, heartbeatAt } of gone) if (active) note(true, heartbeatAt)
    },
    end: (now: number): void => note(false, now),
  }
}

const prepareHeartbeat = (connection: Connection) => {
  const { db } = connection
  const away = prepareAway(connection)
  const removeOtherActive = db
    .delete(table)
    .where(and(eq(table.active, sql`1`), ne(table.id, given('id'))))
    .returning({ active: table.active, heartbeatAt: table.heartbeatAt })
    .prepare()
  const beat = db
    .insert(table)
    .values({
      id: sql.placeholder('id'),
      pid: sql.placeholder('pid'),
      active: sql.placeholder('active'),
      startedAt: sql.placeholder('startedAt'),
      heartbeatAt: sql.placeholder('now'),
      ...figurePlaceholders,
    })
    .onConflictDoUpdate({
      target: table.id,
      set: { active: sql`excluded.active`, heartbeatAt: sql`excluded.heartbeat_at`, ...figuresExcluded },
    })
    .prepare()

  return (worker: Omit<WorkerRow, 'heartbeatAt'>, now: number, figures?: ProcessFigures): void => {
    // Only one worker holds the lock. Any other row that says active belongs to a dead worker, even if its heartbeat
    // looks recent because the clock was set back since.
    if (worker.active) {
      away.since(removeOtherActive.all({ id: worker.id }))
      away.end(now)
    }
    beat.run({ ...worker, active: worker.active ? 1 : 0, now, ...(figures ?? NO_FIGURES) })
  }
}

const prepareLeave = (connection: Connection) => {
  const away = prepareAway(connection)
  const remove = connection.db
    .delete(table)
    .where(eq(table.id, given('id')))
    .returning({ active: table.active, heartbeatAt: table.heartbeatAt })
    .prepare()

  return (id: string): void => {
    away.since(remove.all({ id }))
  }
}

const prepareForgetStale = (connection: Connection) => {
  const away = prepareAway(connection)
  const removeStale = connection.db
    .delete(table)
    .where(or(lt(table.heartbeatAt, given('before')), beyondHorizon(table.heartbeatAt)))
    .returning({ active: table.active, heartbeatAt: table.heartbeatAt })
    .prepare()

  return (now: number): void => {
    const present = presentValues({ now, horizonMs: FORGET_AFTER_MS })
    const gone = removeStale.all({ ...present, before: now - FORGET_AFTER_MS })
    away.since(gone.map(({ active, heartbeatAt }) => ({ active, heartbeatAt: Math.min(heartbeatAt, now) })))
  }
}

export const prepareActive = ({ db }: Connection) => {
  const select = db
    .select({
      id: table.id,
      pid: table.pid,
      active: table.active,
      startedAt: table.startedAt,
      heartbeatAt: table.heartbeatAt,
    })
    .from(table)
    .where(eq(table.active, sql`1`))
    .orderBy(desc(table.heartbeatAt))
    .limit(atMost(1))
    .prepare()

  return (): WorkerRow | undefined => select.get()
}
