import { blob, index, integer, primaryKey, sql, sqliteTable, text } from '../drizzle.ts'
import { lenientJsonText } from '../json-column.ts'
import { isObject } from '../json-shapes.ts'

/** Jobs that were submitted together. Their rows in `jobs` name the batch, and have its order. */
export const batches = sqliteTable(
  'batches',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The name of the batch for callers: `batch_` and a UUID of version 7. */
    id: text('id').notNull().unique(),
    /** The name of the caller that owns it. */
    caller: text('caller').notNull(),
    createdAt: integer('created_at').notNull(),
    /** How many jobs it has. */
    jobs: integer('jobs').notNull(),
    cancelRequestedAt: integer('cancel_requested_at'),
    /** Of OpenAI's batches alone, from here on. The path that its lines are for. */
    endpoint: text('endpoint'),
    /** The file with its lines, by `files.seq`. */
    inputFile: integer('input_file'),
    completionWindow: text('completion_window'),
    /** What the caller gave, as JSON. */
    metadata: lenientJsonText('metadata', isObject),
    /** When all its jobs were submitted. Null: they are being written. */
    submittedAt: integer('submitted_at'),
    /** Why it cannot be run at all. */
    failure: text('failure'),
    finishedAt: integer('finished_at'),
    /** When it may be deleted, with its files. Null: it has not ended. */
    expiresAt: integer('expires_at'),
  },
  table => [
    index('batches_of_caller').on(table.caller, table.seq),
    index('batches_unfinished')
      .on(table.seq)
      .where(sql`${table.finishedAt} IS NULL`),
    index('batches_of_file')
      .on(table.inputFile)
      .where(sql`${table.inputFile} IS NOT NULL`),
    index('batches_expiring')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} IS NOT NULL`),
  ],
)

/** The lines of each batch, which keep their numbers when jobs are deleted. */
export const batchLines = sqliteTable(
  'batch_lines',
  {
    batch: integer('batch')
      .notNull()
      .references(() => batches.seq),
    /** The number of the line, from 1. */
    line: integer('line').notNull(),
    /** The caller's name for it. Null: it has none, or none that can be read. */
    customId: text('custom_id'),
    /** The job. Null: the line is bad. */
    jobSeq: integer('job_seq'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
  },
  table => [primaryKey({ columns: [table.batch, table.line] })],
)

/** Files that callers have uploaded for a batch. */
export const files = sqliteTable(
  'files',
  {
    seq: integer('seq').primaryKey({ autoIncrement: true }),
    /** The name of the file for callers: `file-` and a UUID of version 7. */
    id: text('id').notNull().unique(),
    caller: text('caller').notNull(),
    /** As the caller named it. */
    name: text('name').notNull(),
    purpose: text('purpose').notNull(),
    bytes: integer('bytes').notNull(),
    createdAt: integer('created_at').notNull(),
    /** Whether all of it is here. */
    complete: integer('complete', { mode: 'boolean' }).notNull().default(false),
    /** When it may be deleted, if no batch has it. */
    expiresAt: integer('expires_at'),
  },
  table => [
    index('files_of_caller').on(table.caller, table.seq),
    index('files_expiring')
      .on(table.expiresAt)
      .where(sql`${table.expiresAt} IS NOT NULL`),
  ],
)

export const fileParts = sqliteTable(
  'file_parts',
  {
    file: integer('file')
      .notNull()
      .references(() => files.seq),
    /** The place of the part in the file, from 0. */
    n: integer('n').notNull(),
    bytes: blob('bytes', { mode: 'buffer' }).notNull(),
  },
  table => [primaryKey({ columns: [table.file, table.n] })],
)
