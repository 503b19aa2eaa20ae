import type { Connection } from './connection.ts'
import { and, asc, eq, exists, gt, isNull, not, sql } from './drizzle.ts'
import { gateways as table, jobs } from './schema.ts'
import type { JobRef } from './submissions/new-job.ts'

/** How often a gateway updates its row. */
export const GATEWAY_HEARTBEAT_MS = 5_000

const isNamed = eq(table.id, sql.placeholder('id'))
const hasNotEnded = isNull(jobs.finishedAt)
const isOfGateway = and(eq(jobs.gateway, sql.placeholder('id')), hasNotEnded)

/** The verbs about gateway processes and the jobs whose callers wait on their connections. */
export const gateways = (connection: Connection) => ({
  /** Records that this gateway is alive. */
  heartbeat: prepareHeartbeat(connection),

  /** Deletes the row of a gateway that stops, and lets its jobs go: they run to their end without their callers. */
  leave: prepareLeave(connection),

  /**
   * How many heartbeats each gateway has written, also one that has only jobs: 0. The row of such a gateway was deleted,
   * or could not be written so far.
   */
  heartbeats: prepareHeartbeats(connection),

  /** The jobs whose callers wait at a gateway, the oldest first, without those that are about to be cancelled. */
  jobsOf: prepareJobsOf(connection),

  /** Deletes the row of a gateway that has died. Does nothing while it has jobs that have not ended. */
  forget: prepareForget(connection),
})

const prepareHeartbeat = (connection: Connection) => {
  const beat = connection.db
    .insert(table)
    .values({ id: sql.placeholder('id'), heartbeats: 1 })
    .onConflictDoUpdate({ target: table.id, set: { heartbeats: sql`${table.heartbeats} + 1` } })
    .prepare()

  return (id: string): void => {
    connection.write('normal', () => beat.run({ id }))
  }
}

const prepareLeave = (connection: Connection) => {
  const { db } = connection
  const letGo = db.update(jobs).set({ gateway: null }).where(isOfGateway).prepare()
  const remove = db.delete(table).where(isNamed).prepare()

  return (id: string): void => {
    connection.write('full', () => {
      letGo.run({ id })
      remove.run({ id })
    })
  }
}

const prepareHeartbeats = (connection: Connection) => {
  const { db } = connection
  const selectAll = db.select().from(table).prepare()
  const selectNextWithJobs = db
    .select({ id: jobs.gateway })
    .from(jobs)
    .where(and(gt(jobs.gateway, sql.placeholder('after')), hasNotEnded))
    .orderBy(asc(jobs.gateway))
    .limit(1)
    .prepare()

  /** Jumps from gateway to gateway in the index, however many jobs each has. */
  const withJobs = function* (): Generator<string> {
    for (let id: string | null = ''; id !== null;) {
      id = selectNextWithJobs.get({ after: id })?.id ?? null
      if (id !== null) yield id
    }
  }

  return (): Map<string, number> =>
    connection.read(() => {
      const found = new Map(selectAll.all().map(({ id, heartbeats }) => [id, heartbeats]))
      for (const id of withJobs()) if (!found.has(id)) found.set(id, 0)
      return found
    })
}

const prepareJobsOf = ({ db }: Connection) => {
  const select = db
    .select({ seq: jobs.seq, id: jobs.id })
    .from(jobs)
    .where(and(isOfGateway, isNull(jobs.cancelRequestedAt), isNull(jobs.arrival)))
    .orderBy(asc(jobs.seq))
    .limit(sql.placeholder('limit'))
    .prepare()

  return (id: string, limit: number): JobRef[] => select.all({ id, limit })
}

const prepareForget = (connection: Connection) => {
  const { db } = connection
  const itsJob = db.select({ seq: jobs.seq }).from(jobs).where(isOfGateway)
  const remove = db
    .delete(table)
    .where(and(isNamed, not(exists(itsJob))))
    .prepare()

  return (id: string): void => {
    connection.write('normal', () => remove.run({ id }))
  }
}
