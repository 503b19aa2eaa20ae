import type { JobState } from '@foreman/jobs'
import { eq, type SQL, sql } from './drizzle.ts'
import { jobs } from './schema.ts'

/**
 * Matches jobs in one state. The state is written into the statement: SQLite compares a bound one with the conditions of the
 * partial indexes, and compiles the statement anew at each call.
 */
export const inState = (state: JobState): SQL => eq(jobs.state, sql.raw(`'${state}'`))
