import type { RecordedTurn } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { target } from '../schema.ts'

export const prepareTurn = ({ db }: Connection) => {
  const select = db
    .select({ groupKey: target.turnGroupKey, startedAt: target.turnStartedAt })
    .from(target)
    .prepare()

  return (): RecordedTurn | undefined => {
    const row = select.get()
    if (!row || row.groupKey === null || row.startedAt === null) return undefined
    return { groupKey: row.groupKey, startedAt: row.startedAt }
  }
}
