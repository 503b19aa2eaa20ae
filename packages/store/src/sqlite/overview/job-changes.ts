import type { JobChange, JobState } from '@foreman/jobs'
import type { JobChangeRow, JobChanges } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { readChange } from '../log/log-rows.ts'

const ENTRIES_PER_LOOK = 5_000

const STATE_AFTER: Partial<Record<JobChange['type'], JobState>> = {
  queued: 'queued',
  started: 'running',
  released: 'queued',
  lost: 'queued',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
}

interface Row {
  readonly entry: number
  readonly bytes: Buffer
  readonly id: string
  readonly modelName: string
  readonly caller: string
}

export const prepareJobChanges = ({ sqlite }: Connection) => {
  const selectLast = sqlite.prepare('SELECT coalesce(max(id), 0) FROM job_log').pluck()
  const select = sqlite.prepare(
    `SELECT log.id AS entry, log.bytes AS bytes, jobs.id AS id, model_name AS modelName, caller
     FROM job_log AS log JOIN jobs ON jobs.seq = log.job_seq
     WHERE log.id > +? AND log.id <= +? AND log.kind = 'event' AND arrival IS NULL ORDER BY log.id`,
  )

  return (after: number | undefined, limit: number): JobChanges => {
    const newest = selectLast.get() as number
    if (after === undefined) return { last: newest, changes: [], skipped: 0 }
    const last = Math.min(newest, after + ENTRIES_PER_LOOK)
    const changes: JobChangeRow[] = []
    let skipped = 0
    for (const row of select.all(after, last) as Row[]) {
      const change = changeIn(row)
      if (!change) continue
      if (changes.length < limit) changes.push(change)
      else skipped += 1
    }
    return { last, changes, skipped }
  }
}

/** @returns undefined when the job kept its state, or what is stored is damaged */
const changeIn = ({ entry, bytes, id, modelName, caller }: Row): JobChangeRow | undefined => {
  try {
    const { type, at } = readChange({ id: entry, bytes })
    const state = STATE_AFTER[type]
    return state && { id, state, modelName, caller, at }
  } catch {
    return undefined
  }
}
