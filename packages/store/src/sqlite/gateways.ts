import type { Gateways } from '../contract.ts'
import { BrokenJobError } from '../errors.ts'
import type { Ending, GatewayBeat } from '../values.ts'
import { withJob } from './broken-job.ts'
import type { Connection } from './connection.ts'
import { and, asc, atMost, eq, exists, given, gt, isNull, not, sql } from './drizzle.ts'
import { figurePlaceholders, figuresExcluded, NO_FIGURES } from './process-figures.ts'
import { gateways as table, jobs } from './schema.ts'
import { prepareAbandonOperations, prepareOperatingGateways } from './steering/operations.ts'
import type { Cancel } from './submissions/cancel.ts'
import { reads, type Writes } from './verbs.ts'

const isNamed = eq(table.id, given('id'))
const hasNotEnded = isNull(jobs.finishedAt)
const isOfGateway = and(eq(jobs.gateway, given('id')), hasNotEnded)

export const gateways = (connection: Connection, writes: Writes, cancel: Cancel): Gateways => ({
  heartbeat: writes.verb('normal', prepareHeartbeat(connection)),
  leave: writes.verb('full', prepareLeave(connection)),
  heartbeats: reads(prepareHeartbeats(connection)),
  clearUpAfter: prepareClearUpAfter(connection, writes, cancel),
})

const prepareHeartbeat = ({ db }: Connection) => {
  const beat = db
    .insert(table)
    .values({
      id: sql.placeholder('id'),
      heartbeats: 1,
      heartbeatAt: sql.placeholder('at'),
      startedAt: sql.placeholder('startedAt'),
      ...figurePlaceholders,
    })
    .onConflictDoUpdate({
      target: table.id,
      set: {
        heartbeats: sql`${table.heartbeats} + 1`,
        heartbeatAt: sql`excluded.heartbeat_at`,
        startedAt: sql`excluded.started_at`,
        ...figuresExcluded,
      },
    })
    .prepare()

  return (id: string, { at, startedAt, figures }: Partial<GatewayBeat> = {}): void => {
    beat.run({ id, at: at ?? null, startedAt: startedAt ?? null, ...(figures ?? NO_FIGURES) })
  }
}

const prepareLeave = (connection: Connection) => {
  const { db } = connection
  const letGo = db.update(jobs).set({ gateway: null }).where(isOfGateway).prepare()
  const remove = db.delete(table).where(isNamed).prepare()
  const abandonOperations = prepareAbandonOperations(connection)

  return (id: string, now: number): void => {
    letGo.run({ id })
    remove.run({ id })
    abandonOperations(id, now)
  }
}

const prepareHeartbeats = (connection: Connection) => {
  const { db } = connection
  const selectAll = db.select().from(table).prepare()
  const operating = prepareOperatingGateways(connection)
  const selectNextWithJobs = db
    .select({ id: jobs.gateway })
    .from(jobs)
    .where(and(gt(jobs.gateway, given('after')), hasNotEnded))
    .orderBy(asc(jobs.gateway))
    .limit(atMost(1))
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
      for (const id of [...withJobs(), ...operating()]) if (!found.has(id)) found.set(id, 0)
      return found
    })
}

const prepareClearUpAfter = (
  connection: Connection,
  writes: Writes,
  cancel: Cancel,
): Gateways['clearUpAfter'] => {
  const { db } = connection
  const selectJobs = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(
      and(isOfGateway, isNull(jobs.cancelRequestedAt), isNull(jobs.arrival), gt(jobs.seq, given('after'))),
    )
    .orderBy(asc(jobs.seq))
    .limit(atMost(given('limit')))
    .prepare()
  const abandonOperations = prepareAbandonOperations(connection)
  const itsJob = db.select({ seq: jobs.seq }).from(jobs).where(isOfGateway)
  const forget = db
    .delete(table)
    .where(and(isNamed, not(exists(itsJob))))
    .prepare()

  /** In a savepoint: a job that cannot be cancelled keeps no other from being cancelled. */
  const tryToCancel = (seq: number, ending: Ending): BrokenJobError | undefined => {
    try {
      withJob(seq, () => connection.write('full', () => cancel({ seq }, ending)))
      return undefined
    } catch (error) {
      if (error instanceof BrokenJobError) return error
      throw error
    }
  }

  return (id, { limit, ...ending }) =>
    writes.write('full', () => {
      abandonOperations(id, ending.now)
      const broken: BrokenJobError[] = []
      let cancelled = 0
      for (let after = 0; ;) {
        const found = selectJobs.all({ id, after, limit: limit - cancelled })
        for (const { seq } of found) {
          const error = tryToCancel(seq, ending)
          if (error) broken.push(error)
          else cancelled += 1
        }
        const last = found.at(-1)
        if (!last && cancelled + broken.length === 0) forget.run({ id })
        if (!last || cancelled === limit) return { cancelled, broken, more: last !== undefined }
        after = last.seq
      }
    })
}
