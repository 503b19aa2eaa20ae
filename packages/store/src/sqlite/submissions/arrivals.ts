import type { Arrivals } from '../../contract.ts'
import { ArrivalLostError } from '../../errors.ts'
import type { Added, NewBatch } from '../../values.ts'
import type { Founding } from '../batches/founding.ts'
import type { Connection } from '../connection.ts'
import { isPending } from '../deliveries/delivery.ts'
import { and, eq, given, inArray, isNull, sql, value } from '../drizzle.ts'
import { prepareDurabilityOf } from '../promised.ts'
import { arrivals as arrivalsTable, jobs, requestParts, webhookDeliveries } from '../schema.ts'
import type { Writes } from '../verbs.ts'
import type { Submit } from './submit.ts'

interface ArrivalParts {
  readonly submit: Submit
  readonly founding: Founding
}

export const arrivals = (
  connection: Connection,
  writes: Writes,
  { submit, founding }: ArrivalParts,
): Arrivals => {
  const { db } = connection
  const isOfId = eq(arrivalsTable.id, given('id'))
  const insert = db
    .insert(arrivalsTable)
    .values({ touchedAt: sql.placeholder('now') })
    .returning({ id: arrivalsTable.id })
    .prepare()
  const touch = db
    .update(arrivalsTable)
    .set({ touchedAt: value('now') })
    .where(isOfId)
    .prepare()
  const remove = db.delete(arrivalsTable).where(isOfId).prepare()
  const insertPart = db
    .insert(requestParts)
    .values({ jobSeq: sql.placeholder('jobSeq'), n: sql.placeholder('n'), bytes: sql.placeholder('bytes') })
    .onConflictDoNothing()
    .prepare()
  const accept = prepareAccept(connection)
  const durabilityOf = prepareDurabilityOf(connection)

  const ensure = (isThere: boolean): void => {
    if (!isThere) throw new ArrivalLostError('nothing was added to the arrival for too long')
  }

  return {
    begin: writes.verb('normal', (now: number, batch?: NewBatch) => {
      if (batch) founding.begin(batch, now)
      return insert.get({ now }).id
    }),
    add: writes.verb('normal', ({ batch: id, refused = [], ...submission }) => {
      ensure(touch.run({ id: submission.arrival, now: submission.now }).changes > 0)
      if (id === undefined) return submit(submission)
      const batch = founding.existing(id)
      for (const line of refused) founding.addRefused(batch, line)
      return submit({ ...submission, batch })
    }),
    addPart: writes.verb('normal', (id, part, now) => {
      ensure(touch.run({ id, now }).changes > 0)
      insertPart.run({ ...part })
    }),
    accept: writes.verb(
      ([, { witness }]) => durabilityOf({ seq: witness }),
      (id, added) => {
        const isThere = remove.run({ id }).changes > 0
        ensure(isThere ? accept.isWhole(id, added) : accept.wasAccepted(added, founding))
        if (!isThere) return
        if (added.batch) founding.settle(added.batch)
        accept.all(id)
      },
    ),
    discard: writes.verb('normal', id => void remove.run({ id })),
  }
}

const prepareAccept = ({ sqlite, db }: Connection) => {
  const isOfArrival = eq(jobs.arrival, given('id'))
  const acceptJobs = db.update(jobs).set({ arrival: null }).where(isOfArrival).prepare()
  const ofItsJobs = db.select({ seq: jobs.seq }).from(jobs).where(isOfArrival)
  const releaseMessages = db
    .update(webhookDeliveries)
    .set({ nextAttemptAt: webhookDeliveries.createdAt })
    .where(and(isPending, inArray(webhookDeliveries.jobSeq, ofItsJobs)))
    .prepare()
  const selectAccepted = db
    .select({ seq: jobs.seq })
    .from(jobs)
    .where(and(eq(jobs.seq, given('seq')), isNull(jobs.arrival)))
    .prepare()

  const countJobs = sqlite.prepare('SELECT count(*) FROM jobs WHERE arrival = +?').pluck()
  const countParts = sqlite
    .prepare('SELECT count(*) FROM jobs JOIN request_parts ON job_seq = seq WHERE arrival = +?')
    .pluck()

  return {
    isWhole: (id: number, { jobs: itsJobs, parts }: Added): boolean =>
      countJobs.get(id) === itsJobs && (parts === 0 || countParts.get(id) === parts),
    all: (id: number): void => {
      releaseMessages.run({ id })
      acceptJobs.run({ id })
    },
    /** Without jobs of its own, only the bad lines of a batch can be lost. */
    wasAccepted: ({ witness, batch }: Added, founding: Founding): boolean =>
      witness === undefined
        ? !batch || founding.wasSettled(batch)
        : selectAccepted.get({ seq: witness }) !== undefined,
  }
}
