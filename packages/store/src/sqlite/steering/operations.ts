import type { Operations } from '../../contract.ts'
import type { NewOperation, OperationRow, OperationsAsked } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, atMost, desc, given, lt, or, sql } from '../drizzle.ts'
import { reads, type Writes } from '../verbs.ts'
import { operations as table } from './tables.ts'

export const operations = (connection: Connection, writes: Writes): Operations => ({
  note: writes.verb('normal', prepareNoteOperation(connection)),
  list: reads(prepareListOperations(connection)),
})

export type NoteOperation = ReturnType<typeof prepareNoteOperation>

/** Writes down who did what. The caller opens the transaction. @returns its id */
export const prepareNoteOperation = ({ db }: Connection) => {
  const insert = db
    .insert(table)
    .values({
      at: sql.placeholder('now'),
      endedAt: sql.placeholder('now'),
      by: sql.placeholder('by'),
      action: sql.placeholder('action'),
      subject: sql.placeholder('subject'),
      reason: sql.placeholder('reason'),
      detail: sql.placeholder('detail'),
    })
    .prepare()

  return ({ by, action, subject, reason, detail }: NewOperation, now: number): number => {
    const row = { by, action, subject: subject ?? '', reason: reason ?? null, detail: detail ?? null, now }
    return Number(insert.run(row).lastInsertRowid)
  }
}

export const prepareListOperations = ({ db }: Connection) => {
  const select = db
    .select()
    .from(table)
    .where(and(or(sql`${sql.placeholder('before')} IS NULL`, lt(table.id, given('before')))))
    .orderBy(desc(table.id))
    .limit(atMost(given('limit')))
    .prepare()

  return ({ before, limit }: OperationsAsked): OperationRow[] => select.all({ before: before ?? null, limit })
}
