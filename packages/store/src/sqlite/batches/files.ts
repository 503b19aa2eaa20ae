import type { Files } from '../../contract.ts'
import { ArrivalLostError } from '../../errors.ts'
import type { FileRow, NewestFirst, NewFile } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, sql } from '../drizzle.ts'
import { reads, type Writes } from '../verbs.ts'
import { prepareNewestFirst } from './newest-first.ts'
import { files as table } from './tables.ts'

/** An upload that takes longer has been given up. */
const UPLOAD_MS = 600_000
/** How long a file is kept that no batch has. */
const UNUSED_MS = 24 * 3_600_000

export const files = (connection: Connection, writes: Writes): Files => {
  const { add, complete } = prepareParts(connection)
  const list = prepareList(connection)
  return {
    begin: writes.verb('normal', prepareBegin(connection)),
    addPart: writes.verb('normal', add),
    complete: writes.verb('full', complete),
    byId: reads(prepareById(connection)),
    list: reads((filter: NewestFirst) => list(filter)),
    part: reads(preparePart(connection)),
    remove: writes.verb('full', prepareRemove(connection)),
  }
}

type File = Pick<FileRow, 'seq'>

const prepareBegin = ({ sqlite }: Connection) => {
  const insert = sqlite.prepare(
    `INSERT INTO files (id, caller, name, purpose, bytes, created_at, expires_at)
     VALUES (@id, @caller, @name, @purpose, 0, @now, @expiresAt) ON CONFLICT (id) DO NOTHING`,
  )
  const selectSeq = sqlite.prepare('SELECT seq FROM files WHERE id = +?').pluck()

  return ({ id, caller, name, purpose }: NewFile, now: number): number => {
    insert.run({ id, caller, name, purpose, now, expiresAt: now + UPLOAD_MS })
    return selectSeq.get(id) as number
  }
}

const prepareParts = ({ sqlite }: Connection) => {
  const insert = sqlite.prepare(
    `INSERT INTO file_parts (file, n, bytes) SELECT seq, @n, @bytes FROM files WHERE seq = +@seq AND NOT complete
     ON CONFLICT DO NOTHING`,
  )
  const selectPart = sqlite.prepare('SELECT 1 FROM file_parts WHERE file = +? AND n = +?').pluck()
  const countParts = sqlite.prepare('SELECT count(*) FROM file_parts WHERE file = +?').pluck()
  const complete = sqlite.prepare(
    'UPDATE files SET complete = 1, bytes = @bytes, expires_at = @expiresAt WHERE seq = +@seq',
  )
  const ensure = (isThere: boolean): void => {
    if (!isThere) throw new ArrivalLostError('the file took too long')
  }

  return {
    add: ({ seq }: File, n: number, bytes: Buffer): void => {
      ensure(insert.run({ seq, n, bytes }).changes > 0 || selectPart.get(seq, n) !== undefined)
    },
    complete: ({ seq }: File, { parts, bytes }: { parts: number; bytes: number }, now: number): void => {
      ensure(countParts.get(seq) === parts)
      ensure(complete.run({ seq, bytes, expiresAt: now + UNUSED_MS }).changes > 0)
    },
  }
}

const isWhole = sql`${table.complete}`
const selectFiles = ({ db }: Connection) => {
  const { seq, id, caller, name, purpose, bytes, createdAt, expiresAt } = table
  return db.select({ seq, id, caller, name, purpose, bytes, createdAt, expiresAt }).from(table)
}

const prepareById = (connection: Connection) => {
  const select = selectFiles(connection)
    .where(and(eq(table.id, given('id')), isWhole))
    .prepare()

  return (id: string): FileRow | undefined => select.get({ id })
}

const prepareList = (connection: Connection) =>
  prepareNewestFirst<FileRow>(table, ({ conditions, orderBy, limit }) =>
    selectFiles(connection)
      .where(and(...conditions, isWhole))
      .orderBy(orderBy)
      .limit(limit)
      .prepare(),
  )

const preparePart = ({ sqlite }: Connection) => {
  const select = sqlite.prepare('SELECT bytes FROM file_parts WHERE file = +? AND n = +?').pluck()

  return ({ seq }: File, n: number): Buffer | undefined => select.get(seq, n) as Buffer | undefined
}

const prepareRemove = ({ sqlite }: Connection) => {
  // `upkeep` deletes what is not whole and has expired.
  const hide = sqlite.prepare('UPDATE files SET complete = 0, expires_at = 0 WHERE seq = +?')

  return ({ seq }: File): void => void hide.run(seq)
}
