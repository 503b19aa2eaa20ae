import type { NewPhase, TimeRange } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** Keeps when nothing could go on as usual. The caller opens the transaction. */
export const preparePhases = ({ sqlite }: Connection) => {
  const begin = sqlite.prepare(
    `INSERT INTO phases (kind, detail, started_at)
     SELECT @kind, @detail, @at WHERE NOT EXISTS (SELECT 1 FROM phases WHERE kind = +@kind AND ended_at IS NULL)`,
  )
  const end = sqlite.prepare(
    'UPDATE phases SET ended_at = max(started_at, ?) WHERE kind = +? AND ended_at IS NULL',
  )
  const insert = sqlite.prepare('INSERT INTO phases (kind, detail, started_at, ended_at) VALUES (?, ?, ?, ?)')

  return {
    /** Begins a phase of the kind, unless one goes on, or ends the one that does. */
    set: (phase: NewPhase, isSo: boolean, at: number): void => {
      if (isSo) begin.run({ ...phase, at })
      else end.run(at, phase.kind)
    },
    note: ({ kind, detail }: NewPhase, { from, until }: TimeRange): void =>
      void insert.run(kind, detail, from, until),
  }
}
