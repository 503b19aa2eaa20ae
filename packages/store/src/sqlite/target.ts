import type { Target } from '../contract.ts'
import type { TargetRow } from '../values.ts'
import type { Connection } from './connection.ts'
import { preparePhases } from './history/phases.ts'
import { target as table } from './schema.ts'
import { reads, type Writes } from './verbs.ts'

export const target = (connection: Connection, writes: Writes): Target => {
  const { db } = connection
  const phases = preparePhases(connection)
  return {
    read: reads(prepareReadTarget(connection)),
    note: writes.verb('normal', change => {
      db.update(table).set(change).run()
      const { state, since, reason, stalledAt } = change
      if (state !== undefined && since !== undefined)
        phases.set({ kind: 'away', detail: reason ?? null }, state === 'away', since)
      if (stalledAt !== undefined)
        phases.set({ kind: 'silent', detail: null }, stalledAt !== null, stalledAt ?? Date.now())
    }),
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
      residents: table.residents,
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
