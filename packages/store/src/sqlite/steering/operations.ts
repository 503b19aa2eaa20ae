import type { Operations } from '../../contract.ts'
import type {
  BegunOperation,
  NewOperation,
  OperationEnd,
  OperationRow,
  OperationsAsked,
} from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, desc, eq, given, lt, or, sql, value } from '../drizzle.ts'
import { reads, type Writes } from '../verbs.ts'
import { operations as table } from './tables.ts'

/** Repeats the condition of the index `operations_running`. */
const inProgress = eq(table.state, sql`'running'`)
const isNamed = eq(table.id, given('id'))
const isRunning = and(isNamed, inProgress)

export const operations = (connection: Connection, writes: Writes): Operations => {
  const pending = preparePending(connection)
  return {
    note: writes.verb('normal', prepareNoteOperation(connection)),
    ask: writes.verb('full', prepareAsk(connection, pending)),
    asked: reads(pending),
    list: reads(prepareListOperations(connection)),
    byId: reads(prepareById(connection)),
    begin: writes.verb('normal', prepareBegin(connection)),
    progress: writes.verb('normal', prepareProgress(connection)),
    requestStop: writes.verb('normal', prepareRequestStop(connection)),
    end: writes.verb('normal', prepareEnd(connection)),
  }
}

export type NoteOperation = ReturnType<typeof prepareNoteOperation>

/** The columns that say who did what. */
const who = {
  at: sql.placeholder('now'),
  by: sql.placeholder('by'),
  action: sql.placeholder('action'),
  subject: sql.placeholder('subject'),
  reason: sql.placeholder('reason'),
  detail: sql.placeholder('detail'),
}

const whoDid = ({ by, action, subject, reason, detail }: NewOperation, now: number) => ({
  by,
  action,
  subject: subject ?? '',
  reason: reason ?? null,
  detail: detail ?? null,
  now,
})

/** Writes down who did what. The caller opens the transaction. @returns its id */
export const prepareNoteOperation = ({ db }: Connection) => {
  const insert = db
    .insert(table)
    .values({
      ...who,
      endedAt: sql.placeholder('now'),
    })
    .prepare()

  return (operation: NewOperation, now: number): number =>
    Number(insert.run(whoDid(operation, now)).lastInsertRowid)
}

/** The first operation of a kind that the worker has yet to carry out. */
const preparePending = ({ db }: Connection) => {
  const select = db
    .select()
    .from(table)
    .where(and(inProgress, eq(table.action, given('action'))))
    .orderBy(asc(table.id))
    .limit(atMost(1))
    .prepare()

  return (action: string): OperationRow | undefined => select.get({ action })
}

const prepareAsk = ({ db }: Connection, pending: ReturnType<typeof preparePending>) => {
  const insert = db
    .insert(table)
    .values({ ...who, state: 'running' })
    .prepare()

  return (operation: NewOperation, now: number): void => {
    if (!pending(operation.action)) insert.run(whoDid(operation, now))
  }
}

export const prepareListOperations = ({ db }: Connection) => {
  const select = db
    .select()
    .from(table)
    .where(or(sql`${sql.placeholder('before')} IS NULL`, lt(table.id, given('before'))))
    .orderBy(desc(table.id))
    .limit(atMost(given('limit')))
    .prepare()

  return ({ before, limit }: OperationsAsked): OperationRow[] => select.all({ before: before ?? null, limit })
}

const prepareById = ({ db }: Connection) => {
  const select = db.select().from(table).where(isNamed).prepare()

  return (id: number): OperationRow | undefined => select.get({ id })
}

const prepareBegin = ({ db }: Connection) => {
  const insert = db
    .insert(table)
    .values({
      ...who,
      state: 'running',
      matched: sql.placeholder('matched'),
      done: 0,
    })
    .prepare()

  return ({ matched, gateway, ...operation }: BegunOperation, now: number): number => {
    const detail = { ...operation.detail, gateway }
    return Number(insert.run({ ...whoDid({ ...operation, detail }, now), matched }).lastInsertRowid)
  }
}

const prepareProgress = ({ db }: Connection) => {
  const update = db
    .update(table)
    .set({ done: value('done') })
    .where(isRunning)
    .returning({ stopRequestedAt: table.stopRequestedAt })
    .prepare()

  return (id: number, done: number): boolean => update.get({ id, done })?.stopRequestedAt === null
}

const prepareRequestStop = ({ db }: Connection) => {
  const update = db
    .update(table)
    .set({ stopRequestedAt: sql`coalesce(${table.stopRequestedAt}, ${value('now')})` })
    .where(isRunning)
    .prepare()

  return (id: number, now: number): void => void update.run({ id, now })
}

const prepareEnd = ({ db }: Connection) => {
  const update = db
    .update(table)
    .set({ state: value('state'), done: value('done'), endedAt: value('now') })
    .where(isRunning)
    .prepare()

  return (id: number, { state, done }: OperationEnd, now: number): void =>
    void update.run({ id, state, done, now })
}

/** The gateway that does an operation. Only a text that is JSON can be asked. */
const gatewayOf = sql`iif(json_valid(${table.detail}), ${table.detail} ->> '$.gateway', NULL)`

/** The gateways that do operations. There are few of both. */
export const prepareOperatingGateways = ({ db }: Connection) => {
  const select = db
    .selectDistinct({ gateway: sql<string | null>`${gatewayOf}` })
    .from(table)
    .where(inProgress)
    .prepare()

  return (): string[] => select.all().flatMap(({ gateway }) => gateway ?? [])
}

/** Ends what a gateway does no longer. The caller opens the transaction. */
export const prepareAbandonOperations = ({ db }: Connection) => {
  const update = db
    .update(table)
    .set({
      state: sql`iif(${table.stopRequestedAt} IS NULL, 'failed', 'stopped')`,
      endedAt: value('now'),
    })
    .where(and(inProgress, eq(gatewayOf, given('gateway'))))
    .prepare()

  return (gateway: string, now: number): void => void update.run({ gateway, now })
}
