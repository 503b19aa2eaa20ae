import type { Connection } from './connection.ts'
import { target as table } from './schema.ts'

export type TargetRow = typeof table.$inferSelect
export type TargetState = TargetRow['state']

/** The reason of a target that is away because it leads back to this deployment. */
export const TARGET_IS_FOREMAN = 'it sends requests of foreman back to foreman'

type TargetChange = Partial<
  Pick<TargetRow, 'state' | 'since' | 'reason' | 'stalledAt' | 'embedderDoesNotFit' | 'suspectedAt'>
>

/** The verbs about the status of the target. */
export const target = (connection: Connection) => {
  const { db } = connection
  return {
    /** The status of the target, as the worker recorded it last. */
    read: prepareReadTarget(connection),

    /** Records what the worker has found out about the target. */
    note: (change: TargetChange): void => {
      connection.write('normal', () => db.update(table).set(change).run())
    },

    /** Asks the worker to check whether the target is there. */
    suspect: (now: number): void => {
      connection.write('normal', () => db.update(table).set({ suspectedAt: now }).run())
    },
  }
}

export const prepareReadTarget = ({ db }: Connection) => {
  const select = db.select().from(table).prepare()

  return (): TargetRow => {
    const row = select.get()
    if (!row) throw new Error('the table target has no row')
    return row
  }
}
