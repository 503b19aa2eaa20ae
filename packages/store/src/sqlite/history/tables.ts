import type { ChoiceReason } from '@foreman/jobs'
import type { TurnEnd } from '../../values.ts'
import { check, index, integer, primaryKey, sql, sqliteTable, text } from '../drizzle.ts'
import { lenientJson } from '../json-column.ts'
import { isTexts } from '../json-shapes.ts'

/** One row per turn of a group at a target. */
export const turns = sqliteTable(
  'turns',
  {
    /** The order in which the turns began. */
    id: integer('id').primaryKey({ autoIncrement: true }),
    /** The name of the target. There is one yet. */
    target: text('target').notNull().default('default'),
    groupKey: text('group_key').notNull(),
    /** The canonical names of its models, as JSON. */
    models: lenientJson('models', isTexts),
    /** Why it began. */
    reason: text('reason').$type<ChoiceReason>().notNull(),
    startedAt: integer('started_at').notNull(),
    /** When its first job had its first byte, if its model had to be loaded. Null: it had not, or nobody knows yet. */
    loadedAt: integer('loaded_at'),
    /** How long the load took, as the answer states it. Null: nothing was loaded, or the answer does not say so. */
    loadMs: integer('load_ms'),
    /** When the last of its jobs ended so far. */
    lastAt: integer('last_at'),
    /** Null: it is the present one, or the last one, whose group ran dry. */
    endedAt: integer('ended_at'),
    end: text('end').$type<TurnEnd>(),
    /** How many jobs have ended in it, how many tokens they have generated, and how long they ran, one after the other. */
    jobs: integer('jobs').notNull().default(0),
    tokens: integer('tokens').notNull().default(0),
    busyMs: integer('busy_ms').notNull().default(0),
  },
  table => [
    index('turns_started').on(table.startedAt),
    index('turns_present')
      .on(table.id)
      .where(sql`${table.endedAt} IS NULL`),
  ],
)

export const phaseKinds = ['away', 'silent', 'paused', 'closed', 'worker_away'] as const

/** A time in which no turn could go on as usual. */
export const phases = sqliteTable(
  'phases',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    target: text('target').notNull().default('default'),
    kind: text('kind', { enum: phaseKinds }).notNull(),
    /** For people. */
    detail: text('detail'),
    startedAt: integer('started_at').notNull(),
    /** Null: it goes on. */
    endedAt: integer('ended_at'),
  },
  table => [
    index('phases_started').on(table.startedAt),
    index('phases_present')
      .on(table.kind)
      .where(sql`${table.endedAt} IS NULL`),
  ],
)

/** What happened in one minute, for one caller, and what concerns none: there the caller is empty. */
export const samples = sqliteTable(
  'samples',
  {
    /** When the minute began. */
    minute: integer('minute').notNull(),
    caller: text('caller').notNull(),
    succeeded: integer('succeeded').notNull().default(0),
    failed: integer('failed').notNull().default(0),
    cancelled: integer('cancelled').notNull().default(0),
    inputTokens: integer('input_tokens').notNull().default(0),
    outputTokens: integer('output_tokens').notNull().default(0),
    /** How long the jobs that ended ran, one after the other. */
    busyMs: integer('busy_ms').notNull().default(0),
    /** Loads, and those that the order of arrival would have needed. */
    loads: integer('loads').notNull().default(0),
    loadMs: integer('load_ms').notNull().default(0),
    arrivalLoads: integer('arrival_loads').notNull().default(0),
    arrivalLoadMs: integer('arrival_load_ms').notNull().default(0),
    /** How the queue looked. Null: nobody looked. */
    queued: integer('queued'),
    running: integer('running'),
    oldestWaitMs: integer('oldest_wait_ms'),
  },
  table => [primaryKey({ columns: [table.minute, table.caller] })],
)

/** All that was ever counted. A histogram is one row for each bucket, and one for the sum. */
export const tallies = sqliteTable(
  'tallies',
  {
    /** The name of a metric, without its unit. */
    name: text('name').notNull(),
    /** A JSON object of texts, with its names in order. */
    labels: text('labels').notNull(),
    /** The upper bound of a bucket, `sum`, or empty for a counter. */
    part: text('part').notNull(),
    /** Times are in milliseconds. */
    value: integer('value').notNull(),
    /** When it last rose. */
    at: integer('at').notNull(),
  },
  table => [primaryKey({ columns: [table.name, table.labels, table.part] })],
)

/** One row: how far the log of jobs is counted. */
export const counted = sqliteTable(
  'counted',
  {
    /** Always 1. */
    id: integer('id').primaryKey(),
    /** The last entry of `job_log` that is counted. */
    logId: integer('log_id').notNull(),
    /** Since when jobs are counted. */
    since: integer('since').notNull(),
    /** What the next step has to know, as JSON. Null: nothing yet. */
    state: text('state'),
  },
  table => [check('counted_one_row', sql`${table.id} = 1`)],
)
