import type { Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
import { ensureClaimed, isClaimed } from './run.ts'

/** Notes how far a run is. The caller opens the transaction. */
export const prepareProgress = ({ db }: Connection, changes: Changes) => {
  const setTokens = db
    .update(jobs)
    .set({ tokens: value('tokens') })
    .where(isClaimed)
    .prepare()

  return (run: Run, { tokens, now }: { readonly tokens: number; readonly now: number }): void => {
    const { seq, token, attempt } = run
    ensureClaimed(run, setTokens.run({ seq, token, tokens }).changes > 0)
    changes.record(run, { type: 'progress', attempt, tokens }, now)
  }
}
