import type { HoldKind } from '../../values.ts'
import { index, integer, sql, sqliteTable, text, uniqueIndex } from '../drizzle.ts'
import { lenientJson } from '../json-column.ts'
import { isObject } from '../json-shapes.ts'

const holdKinds = [
  'pause',
  'close',
  'model',
  'priority',
  'caller',
  'open_model',
  'open_priority',
] as const satisfies readonly HoldKind[]

/** What an operator holds back, or lets through. A row is deleted when it is undone. */
export const holds = sqliteTable(
  'holds',
  {
    /** `hold_` and a UUID of version 7. */
    id: text('id').primaryKey(),
    kind: text('kind', { enum: holdKinds }).notNull(),
    /** Which model, priority or caller. Empty: the kind has none. */
    subject: text('subject').notNull().default(''),
    startedAt: integer('started_at').notNull(),
    /** When it is over by itself. Null: never. */
    until: integer('until'),
    reason: text('reason'),
    /** Who did it. */
    by: text('by').notNull(),
    /** For `pause`: whether what runs is put back, and whether the models have to leave the target's memory. */
    releases: integer('releases', { mode: 'boolean' }).notNull().default(false),
    unloads: integer('unloads', { mode: 'boolean' }).notNull().default(false),
  },
  table => [uniqueIndex('holds_subject').on(table.kind, table.subject)],
)

export const operationStates = ['running', 'done', 'stopped', 'failed'] as const

/** Who did what to the queue, and when. */
export const operations = sqliteTable(
  'operations',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    at: integer('at').notNull(),
    /** The name of the caller, or `operator`. */
    by: text('by').notNull(),
    /** What was done: `pause`, `cancel`, … */
    action: text('action').notNull(),
    /** To what: a model, a job, a filter. Empty: to the queue as a whole. */
    subject: text('subject').notNull().default(''),
    reason: text('reason'),
    /** More about it, as JSON. Never a prompt or an answer. */
    detail: lenientJson('detail', isObject),
    /** One about many jobs takes a while. */
    state: text('state', { enum: operationStates }).notNull().default('done'),
    /** How many jobs or messages it is about, and how many are done. */
    matched: integer('matched'),
    done: integer('done'),
    stopRequestedAt: integer('stop_requested_at'),
    endedAt: integer('ended_at'),
  },
  table => [
    index('operations_at').on(table.at),
    index('operations_running')
      .on(table.id)
      .where(sql`${table.state} = 'running'`),
    index('operations_backups')
      .on(table.id)
      .where(sql`${table.action} = 'backup' AND ${table.state} = 'done'`),
  ],
)
