import type { Connection } from './connection.ts'
import { eq, sql } from './drizzle.ts'
import { type HeaderPairs, models, snapshots } from './schema.ts'

export type ModelRow = typeof models.$inferSelect

/** An answer of one of the target's metadata routes, unchanged. */
export interface Snapshot {
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly polledAt: number
}

/** The verbs about the models and the metadata that the worker last polled from the target. */
export const catalogue = (connection: Connection) => {
  const { db } = connection
  return {
    /**
     * The model with this name.
     *
     * @param name the canonical name
     */
    model: prepareModel(connection),

    /** Replaces the list of models. Keeps what is known of how a manifest loads, if a model still has it. */
    replaceModels: modelsWriter(connection),

    /** The models about which the target has not been asked yet, or not since `forgetCapabilities`. */
    unasked: (): ModelRow[] =>
      db
        .select()
        .from(models)
        .where(sql`${capabilities} IS NULL`)
        .all(),

    /** Forgets what the models can do, because another version of the target may think otherwise. */
    forgetCapabilities: (): void => {
      const loading = sql`json_remove(${models.loading}, '$.capabilities')`
      connection.write('normal', () =>
        db
          .update(models)
          .set({ loading })
          .where(sql`${capabilities} IS NOT NULL`)
          .run(),
      )
    },

    /** Records what the target says about a manifest: how it loads, and its `capabilities`. */
    noteLoading: (digest: string, loading: Record<string, unknown>): void => {
      connection.write('normal', () =>
        db.update(models).set({ loading }).where(eq(models.digest, digest)).run(),
      )
    },

    /** The last answer of a metadata route. */
    snapshot: prepareSnapshot(connection),

    /** Records the answer of a metadata route, in place of the one before. */
    keepSnapshot: prepareKeepSnapshot(connection),
  }
}

/** Null also for a text that is no JSON, so that a damaged row is mended by asking again. */
const capabilities = sql`iif(json_valid(${models.loading}), json_type(${models.loading}, '$.capabilities'), NULL)`

const prepareModel = ({ db }: Connection) => {
  const select = db
    .select()
    .from(models)
    .where(eq(models.name, sql.placeholder('name')))
    .prepare()

  return (name: string): ModelRow | undefined => select.get({ name })
}

const modelsWriter = (connection: Connection) => {
  const { db } = connection
  return (rows: readonly Omit<ModelRow, 'loading'>[]): void => {
    connection.write('normal', () => {
      const before = db.select().from(models).all()
      const known = new Map(before.map(({ digest, loading }) => [digest, loading]))
      db.delete(models).run()
      for (const row of rows) {
        db.insert(models)
          .values({ ...row, loading: known.get(row.digest) ?? null })
          .run()
      }
    })
  }
}

const prepareSnapshot = ({ db }: Connection) => {
  const select = db
    .select({ headers: snapshots.headers, body: snapshots.body, polledAt: snapshots.polledAt })
    .from(snapshots)
    .where(eq(snapshots.path, sql.placeholder('path')))
    .prepare()

  return (path: string): Snapshot | undefined => {
    const row = select.get({ path })
    return row?.headers ? { ...row, headers: row.headers } : undefined
  }
}

const prepareKeepSnapshot = (connection: Connection) => {
  const upsert = connection.db
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
    connection.write('normal', () => upsert.run({ path, ...snapshot }))
  }
}
