import type Database from 'better-sqlite3'
import type { SampleCount, SampleIncrement, TallyIncrement } from '../../counting/increments.ts'

/** Adds to a tally. The caller opens the transaction. */
export const prepareAddTally = (sqlite: Database.Database) => {
  const add = sqlite.prepare(
    `INSERT INTO tallies (name, labels, part, value, at) VALUES (@name, @labels, @part, @by, @at)
     ON CONFLICT DO UPDATE SET value = value + excluded.value, at = max(at, excluded.at)`,
  )
  return (tally: TallyIncrement): void => void add.run(tally)
}

const COLUMN_OF = {
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  inputTokens: 'input_tokens',
  outputTokens: 'output_tokens',
  busyMs: 'busy_ms',
  loads: 'loads',
  loadMs: 'load_ms',
  arrivalLoads: 'arrival_loads',
  arrivalLoadMs: 'arrival_load_ms',
} as const satisfies Record<SampleCount, string>

const names = Object.keys(COLUMN_OF) as SampleCount[]
const nothing = Object.fromEntries(names.map(name => [name, 0]))

/** Adds to a minute of a caller, or of nobody. The caller opens the transaction. */
export const prepareAddSample = (sqlite: Database.Database) => {
  const columns = Object.values(COLUMN_OF)
  const add = sqlite.prepare(
    `INSERT INTO samples (minute, caller, ${columns.join(', ')})
     VALUES (@minute, @caller, ${names.map(name => `@${name}`).join(', ')})
     ON CONFLICT DO UPDATE SET ${columns.map(column => `${column} = ${column} + excluded.${column}`).join(', ')}`,
  )
  return (minute: number, caller: string, by: SampleIncrement): void =>
    void add.run({ ...nothing, ...by, minute, caller })
}
