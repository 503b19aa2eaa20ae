import type { Connection } from '../connection.ts'
import { value } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobs } from '../schema.ts'
import { ensureClaimed, isClaimed, type Run } from './run.ts'

export const prepareProgress = (connection: Connection, changes: Changes) => {
  const setTokens = connection.db
    .update(jobs)
    .set({ tokens: value('tokens') })
    .where(isClaimed)
    .prepare()

  return (run: Run, tokens: number, now: number): void => {
    const { seq, token, attempt } = run
    connection.write('normal', () => {
      ensureClaimed(run, setTokens.run({ seq, token, tokens }).changes > 0)
      changes.record(run, { type: 'progress', attempt, tokens }, now)
    })
  }
}
