import type { NewPhase, PhaseKind, TurnEnd } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** The phases that end the present turn: whatever goes on behind them is another one. */
const ENDING: Partial<Record<PhaseKind, TurnEnd>> = { paused: 'paused', away: 'away', worker_away: 'away' }

/** Keeps when nothing could go on as usual. The caller opens the transaction. */
export const preparePhases = ({ sqlite }: Connection) => {
  const begin = sqlite.prepare(
    `INSERT INTO phases (kind, detail, started_at)
     SELECT @kind, @detail, @at WHERE NOT EXISTS (SELECT 1 FROM phases WHERE kind = +@kind AND ended_at IS NULL)`,
  )
  const end = sqlite.prepare(
    'UPDATE phases SET ended_at = max(started_at, ?) WHERE kind = +? AND ended_at IS NULL',
  )
  const endTurn = sqlite.prepare(
    'UPDATE turns SET ended_at = max(started_at, ?), end = ? WHERE ended_at IS NULL',
  )
  const forgetTurn = sqlite.prepare('UPDATE target SET turn = NULL')

  const endTurnBy = (kind: PhaseKind, at: number): void => {
    const turnEnd = ENDING[kind]
    if (turnEnd === undefined) return
    endTurn.run(at, turnEnd)
    forgetTurn.run()
  }

  return {
    /** Begins a phase of the kind, unless one goes on, or ends the one that does. */
    set: (phase: NewPhase, isSo: boolean, at: number): void => {
      if (!isSo) end.run(at, phase.kind)
      else if (begin.run({ ...phase, at }).changes > 0) endTurnBy(phase.kind, at)
    },
  }
}
