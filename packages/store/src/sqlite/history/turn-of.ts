import type { ChoiceReason } from '@foreman/jobs'
import { SAME_TURN_MS } from '@foreman/scheduling'
import type { ClaimRequest, TurnEnd } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { lenientValue } from '../json-column.ts'
import { isTexts } from '../json-shapes.ts'

const endOf: Partial<Record<ChoiceReason, TurnEnd>> = {
  overdue: 'overdue',
  priority: 'priority',
  ended: 'ended',
}

interface Present {
  readonly groupKey: string | null
  readonly startedAt: number | null
  readonly turn: number | null
}

interface Row {
  readonly id: number
  readonly groupKey: string
  readonly models: string | null
  readonly lastAt: number | null
}

/** Records which turn the jobs of a claim belong to: the present one, or one that begins with them. The caller opens the transaction. */
export const prepareTurnOf = ({ sqlite }: Connection) => {
  const selectPresent = sqlite.prepare(
    'SELECT turn_group_key AS groupKey, turn_started_at AS startedAt, turn FROM target',
  )
  const setPresent = sqlite.prepare('UPDATE target SET turn_group_key = ?, turn_started_at = ?, turn = ?')
  const selectOpen = sqlite.prepare(
    `SELECT id, group_key AS groupKey, models, last_at AS lastAt FROM turns
     WHERE ended_at IS NULL AND target = 'default' ORDER BY id DESC LIMIT 1`,
  )
  const setModels = sqlite.prepare('UPDATE turns SET models = ? WHERE id = +?')
  const endOpen = sqlite.prepare(
    `UPDATE turns SET ended_at = ?, end = ? WHERE ended_at IS NULL AND target = 'default'`,
  )
  const insert = sqlite.prepare(
    'INSERT INTO turns (group_key, models, reason, started_at) VALUES (?, ?, ?, ?)',
  )

  const begin = ({ groupKey, reason }: ClaimRequest, model: string, now: number): number => {
    const open = selectOpen.get() as Row | undefined
    const end = endOf[reason] ?? 'dry'
    // Where it ran dry, nothing was done from its last job on. What is counted later moves the end.
    endOpen.run(end === 'dry' ? (open?.lastAt ?? now) : now, end)
    return Number(insert.run(groupKey, JSON.stringify([model]), reason, now).lastInsertRowid)
  }

  /** Another group that is in memory has its jobs within the same turn. */
  const joined = (model: string): number | undefined => {
    const open = selectOpen.get() as Row | undefined
    if (!open) return undefined
    const models = lenientValue(open.models, isTexts) ?? []
    if (!models.includes(model)) setModels.run(JSON.stringify([...models, model]), open.id)
    return open.id
  }

  /** The turn that goes on after there was no job for a moment. */
  const resumed = ({ groupKey, reason }: ClaimRequest, model: string, now: number): number | undefined => {
    const open = selectOpen.get() as Row | undefined
    if (!open || now - (open.lastAt ?? now) >= SAME_TURN_MS) return undefined
    if (open.groupKey === groupKey) return open.id
    return reason === 'resident' ? joined(model) : undefined
  }

  return (request: ClaimRequest, model: string, now: number): number => {
    const { groupKey, turnStartedAt } = request
    const present = selectPresent.get() as Present
    const isSameTurn = present.turn !== null && present.startedAt === turnStartedAt
    if (isSameTurn && present.groupKey === groupKey) return present.turn
    const turn = (isSameTurn ? joined(model) : resumed(request, model, now)) ?? begin(request, model, now)
    setPresent.run(groupKey, turnStartedAt, turn)
    return turn
  }
}
