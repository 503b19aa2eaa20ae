import type { Connection } from './connection.ts'
import { eq, isNull, sql } from './drizzle.ts'
import { type HeaderPairs, models, snapshots } from './schema.ts'

export type ModelRow = typeof models.$inferSelect

/** An answer of one of the target's metadata routes, kept as it came. */
export interface Snapshot {
  readonly headers: HeaderPairs
  readonly body: Buffer
  readonly polledAt: number
}

/** What the worker last polled from the target. */
export const catalogue = (connection: Connection) => {
  const { db } = connection
  const selectModel = db
    .select()
    .from(models)
    .where(eq(models.name, sql.placeholder('name')))
    .prepare()
  const selectSnapshot = db
    .select({ headers: snapshots.headers, body: snapshots.body, polledAt: snapshots.polledAt })
    .from(snapshots)
    .where(eq(snapshots.path, sql.placeholder('path')))
    .prepare()
  const keepSnapshot = db
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

  return {
    /** @param name canonical */
    model: (name: string): ModelRow | undefined => selectModel.get({ name }),

    /** The target's models are these and no others. What is known of a manifest's loading stays known. */
    replaceModels: (rows: readonly Omit<ModelRow, 'loading'>[]): void => {
      connection.write('normal', () => {
        const known = new Map(
          db
            .select()
            .from(models)
            .all()
            .map(({ digest, loading }) => [digest, loading]),
        )
        db.delete(models).run()
        for (const row of rows)
          db.insert(models)
            .values({ ...row, loading: known.get(row.digest) ?? null })
            .run()
      })
    },

    /** Those whose loading has not been asked for. */
    unasked: (): ModelRow[] => db.select().from(models).where(isNull(models.loading)).all(),

    /** Keeps what the target says of a manifest's loading. */
    noteLoading: (digest: string, loading: Record<string, unknown>): void => {
      connection.write('normal', () =>
        db.update(models).set({ loading }).where(eq(models.digest, digest)).run(),
      )
    },

    snapshot: (path: string): Snapshot | undefined => selectSnapshot.get({ path }),

    keepSnapshot: (path: string, snapshot: Snapshot): void => {
      connection.write('normal', () => keepSnapshot.run({ path, ...snapshot }))
    },
  }
}
