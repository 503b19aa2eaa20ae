import type { Connection } from './connection.ts'
import { target as table } from './schema.ts'

export type TargetRow = typeof table.$inferSelect
export type TargetState = TargetRow['state']

/** The status of the target, as the worker sees it. */
export const target = (connection: Connection) => {
  const { db } = connection
  const select = db.select().from(table).prepare()

  return {
    read: (): TargetRow => {
      const row = select.get()
      if (!row) throw new Error('the file has no row for the target')
      return row
    },

    /** Records what the worker has found out about the target. */
    note: (
      change: Partial<
        Pick<TargetRow, 'state' | 'since' | 'reason' | 'stalledAt' | 'embedderDoesNotFit' | 'suspectedAt'>
      >,
    ): void => {
      connection.write('normal', () => db.update(table).set(change).run())
    },

    /** Asks the worker to check whether the target is there. */
    suspect: (now: number): void => {
      connection.write('normal', () => db.update(table).set({ suspectedAt: now }).run())
    },
  }
}
