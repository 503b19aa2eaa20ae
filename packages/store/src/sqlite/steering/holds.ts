import type { Holds } from '../../contract.ts'
import { newId } from '../../ids.ts'
import type { HoldKind, HoldName, HoldRow, NewHold, PhaseKind } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, eq, given, gt, isNull, lte, or, sql } from '../drizzle.ts'
import { preparePhases } from '../history/phases.ts'
import { reads, type Writes } from '../verbs.ts'
import { type NoteOperation, prepareNoteOperation } from './operations.ts'
import { holds as table } from './tables.ts'

export const holds = (connection: Connection, writes: Writes): Holds => {
  const notes = { operation: prepareNoteOperation(connection), phase: preparePhaseOf(connection) }
  return {
    list: reads(prepareListHolds(connection)),
    set: writes.verb('full', prepareSet(connection, notes)),
    release: writes.verb('full', prepareRelease(connection, notes)),
    dropOver: prepareDropOver(connection, writes, notes),
  }
}

/** Who ends a hold whose time is over. */
const FOREMAN = 'foreman'

const begun = { pause: 'pause', close: 'close' } as const
const ended = { pause: 'resume', close: 'open' } as const

const actionOf = (kind: HoldKind, named: Partial<Record<HoldKind, string>>, usual: string): string =>
  named[kind] ?? usual

/** The hold that says the contrary of the same subject. */
const contrary: Partial<Record<HoldKind, HoldKind>> = {
  model: 'open_model',
  open_model: 'model',
  priority: 'open_priority',
  open_priority: 'priority',
}

/** When nothing started, or nothing was accepted, is part of what happened. */
const phaseOf: Partial<Record<HoldKind, PhaseKind>> = { pause: 'paused', close: 'closed' }

type NotePhase = (hold: Pick<HoldRow, 'kind' | 'reason'>, isSo: boolean, now: number) => void

const preparePhaseOf = (connection: Connection): NotePhase => {
  const phases = preparePhases(connection)
  return ({ kind, reason }, isSo, now) => {
    const phase = phaseOf[kind]
    if (phase) phases.set({ kind: phase, detail: reason }, isSo, now)
  }
}

const ofSubject = and(eq(table.kind, given('kind')), eq(table.subject, given('subject')))

export const prepareListHolds = ({ db }: Connection) => {
  const select = db
    .select()
    .from(table)
    .where(or(isNull(table.until), gt(table.until, given('now'))))
    .orderBy(asc(table.startedAt), asc(table.id))
    .prepare()

  return (now: number): HoldRow[] => select.all({ now })
}

interface Notes {
  readonly operation: NoteOperation
  readonly phase: NotePhase
}

const prepareSet = ({ db }: Connection, notes: Notes) => {
  const select = db.select().from(table).where(ofSubject).prepare()
  const remove = db.delete(table).where(ofSubject).prepare()
  const insert = db
    .insert(table)
    .values({
      id: sql.placeholder('id'),
      kind: sql.placeholder('kind'),
      subject: sql.placeholder('subject'),
      startedAt: sql.placeholder('startedAt'),
      until: sql.placeholder('until'),
      reason: sql.placeholder('reason'),
      by: sql.placeholder('by'),
      releases: sql.placeholder('releases'),
      unloads: sql.placeholder('unloads'),
    })
    .prepare()

  return (hold: NewHold, now: number): HoldRow => {
    const { kind, subject = '', until = null, reason = null, by, releases = false, unloads = false } = hold
    const before = select.get({ kind, subject })
    const isThere = before !== undefined && !isOver(before, now)
    const { id, startedAt } = isThere ? before : { id: newId('hold', now), startedAt: now }
    const row: HoldRow = { id, kind, subject, startedAt, until, reason, by, releases, unloads }
    if (isThere && isSame(before, row)) return before
    remove.run({ kind, subject })
    const other = contrary[kind]
    if (other) remove.run({ kind: other, subject })
    insert.run({ ...row, releases: Number(releases), unloads: Number(unloads) })
    const detail = {
      kind,
      ...(until !== null && { until }),
      ...(releases && { releases }),
      ...(unloads && { unloads }),
    }
    notes.operation({ by, action: actionOf(kind, begun, 'hold'), subject, reason: hold.reason, detail }, now)
    notes.phase(row, true, now)
    return row
  }
}

const isOver = ({ until }: Pick<HoldRow, 'until'>, now: number): boolean => until !== null && until <= now

/** Whether a hold says nothing new. It stays that of whoever said it first. */
const isSame = (before: HoldRow, { until, reason, releases, unloads }: HoldRow): boolean =>
  before.until === until &&
  before.reason === reason &&
  before.releases === releases &&
  before.unloads === unloads

const prepareRelease = ({ db }: Connection, notes: Notes) => {
  const removeById = db
    .delete(table)
    .where(eq(table.id, given('id')))
    .returning()
    .prepare()
  const removeOfSubject = db.delete(table).where(ofSubject).returning().prepare()

  const remove = (which: HoldName): HoldRow | undefined => {
    if ('id' in which) return removeById.get({ id: which.id })
    return removeOfSubject.get({ kind: which.kind, subject: which.subject ?? '' })
  }

  return (which: HoldName, { by, reason }: Parameters<Holds['release']>[1], now: number): boolean => {
    const released = remove(which)
    if (!released || isOver(released, now)) return false
    const { kind, subject } = released
    notes.operation({ by, action: actionOf(kind, ended, 'release'), subject, reason, detail: { kind } }, now)
    notes.phase(released, false, now)
    return true
  }
}

const prepareDropOver = ({ db, sqlite }: Connection, writes: Writes, notes: Notes): Holds['dropOver'] => {
  const selectNext = sqlite.prepare('SELECT min(until) FROM holds').pluck()
  const removeOver = db
    .delete(table)
    .where(lte(table.until, given('now')))
    .returning()
    .prepare()
  const nextEnd = reads(() => (selectNext.get() as number | null) ?? undefined)
  const drop = (now: number): void => {
    for (const over of removeOver.all({ now })) {
      const { kind, subject } = over
      const action = actionOf(kind, ended, 'release')
      notes.operation({ by: FOREMAN, action, subject, detail: { kind, over: true } }, now)
      notes.phase(over, false, over.until ?? now)
    }
  }

  return async now => {
    const next = await nextEnd()
    if (next === undefined || next > now) return next
    await writes.write('normal', () => drop(now))
    return nextEnd()
  }
}
