import type { Target } from '../contract.ts'
import type { TargetRow } from '../values.ts'
import type { Connection } from './connection.ts'
import { target as table } from './schema.ts'
import { reads, type Writes } from './verbs.ts'

export const target = (connection: Connection, writes: Writes): Target => {
  const { db } = connection
  return {
    read: reads(prepareReadTarget(connection)),
    note: writes.verb('normal', change => void db.update(table).set(change).run()),
    suspect: writes.verb('normal', (now: number) => void db.update(table).set({ suspectedAt: now }).run()),
  }
}

export const prepareReadTarget = ({ db }: Connection) => {
  const select = db
    .select({
      state: table.state,
      since: table.since,
      reason: table.reason,
      suspectedAt: table.suspectedAt,
      stalledAt: table.stalledAt,
      embedderDoesNotFit: table.embedderDoesNotFit,
      residentGroups: table.residentGroups,
      expectingUntil: table.expectingUntil,
      rules: table.rules,
    })
    .from(table)
    .prepare()

  return (): TargetRow => {
    const row = select.get()
    if (!row) throw new Error('the table target has no row')
    return row
  }
}
