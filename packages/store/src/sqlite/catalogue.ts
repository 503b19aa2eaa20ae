import type { Catalogue } from '../contract.ts'
import type { Loading, ModelRow, Snapshot } from '../values.ts'
import type { Connection } from './connection.ts'
import { asc, atMost, eq, given, sql } from './drizzle.ts'
import { lenientValue } from './json-column.ts'
import { isObject } from './json-shapes.ts'
import { models, snapshots } from './schema.ts'
import { reads, type Writes } from './verbs.ts'

export const catalogue = (connection: Connection, writes: Writes): Catalogue => {
  const { db } = connection
  const forgetCapabilities = (): void => {
    const loading = sql`json_remove(${models.loading}, '$.capabilities')`
    db.update(models)
      .set({ loading })
      .where(sql`${capabilities} IS NOT NULL`)
      .run()
  }
  const noteLoading = (digest: string, loading: Loading): void => {
    db.update(models).set({ loading }).where(eq(models.digest, digest)).run()
  }
  return {
    model: reads(prepareModel(connection)),
    list: reads(prepareListModels(connection)),
    replaceModels: writes.verb('normal', modelsWriter(connection)),
    unasked: reads(() =>
      db
        .select()
        .from(models)
        .where(sql`${capabilities} IS NULL`)
        .all(),
    ),
    forgetCapabilities: writes.verb('normal', forgetCapabilities),
    noteLoading: writes.verb('normal', noteLoading),
    snapshot: reads(prepareSnapshot(connection)),
    keepSnapshot: writes.verb('normal', prepareKeepSnapshot(connection)),
  }
}

/** Null also for a text that is no JSON, so that a damaged row is mended by asking again. */
const capabilities = sql`iif(json_valid(${models.loading}), json_type(${models.loading}, '$.capabilities'), NULL)`

export const prepareModel = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: each request asks twice.
  const select = sqlite.prepare('SELECT digest, loading, remote FROM models WHERE name = +?')

  return (name: string): ModelRow | undefined => {
    const row = select.get(name) as StoredModel | undefined
    if (!row) return undefined
    const { digest, loading, remote } = row
    return { name, digest, loading: lenientValue(loading, isObject), remote: remote === 1 }
  }
}

interface StoredModel {
  readonly digest: string
  readonly loading: string | null
  readonly remote: number
}

export const prepareListModels = ({ db }: Connection) => {
  const select = db
    .select()
    .from(models)
    .orderBy(asc(models.name))
    .limit(atMost(given('limit')))
    .prepare()
  return (limit: number): ModelRow[] => select.all({ limit })
}

const modelsWriter =
  ({ db }: Connection) =>
  (rows: readonly Omit<ModelRow, 'loading'>[]): void => {
    const before = db.select().from(models).all()
    // As it is after most polls.
    if (isSame(before, rows)) return
    const known = new Map(before.map(({ digest, loading }) => [digest, loading]))
    db.delete(models).run()
    for (const row of rows) {
      db.insert(models)
        .values({ ...row, loading: known.get(row.digest) ?? null })
        .run()
    }
  }

type Listed = Pick<ModelRow, 'name' | 'digest' | 'remote'>

/** @param stored has no name twice */
const isSame = (stored: readonly Listed[], listed: readonly Listed[]): boolean => {
  const byName = new Map(listed.map(row => [row.name, row]))
  return (
    listed.length === stored.length &&
    stored.every(({ name, digest, remote }) => {
      const row = byName.get(name)
      return row?.digest === digest && row.remote === remote
    })
  )
}

export const prepareSnapshot = ({ db }: Connection) => {
  const select = db
    .select({ headers: snapshots.headers, body: snapshots.body, polledAt: snapshots.polledAt })
    .from(snapshots)
    .where(eq(snapshots.path, given('path')))
    .prepare()

  return (path: string): Snapshot | undefined => {
    const row = select.get({ path })
    return row?.headers ? { ...row, headers: row.headers } : undefined
  }
}

const prepareKeepSnapshot = ({ db }: Connection) => {
  const upsert = db
    .insert(snapshots)
    .values({
      path: sql.placeholder('path'),
      headers: sql.placeholder('headers'),
      body: sql.placeholder('body'),
      polledAt: sql.placeholder('polledAt'),
    })
    .onConflictDoUpdate({
      target: snapshots.path,
      set: {
        headers: sql`excluded.headers`,
        body: sql`excluded.body`,
        polledAt: sql`excluded.polled_at`,
      },
    })
    .prepare()

  return (path: string, snapshot: Snapshot): void => {
    upsert.run({ path, ...snapshot })
  }
}
