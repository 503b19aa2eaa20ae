import type { Connection } from '../connection.ts'

const ROWS_PER_READ = 2_000

interface LogRow {
  readonly id: number
  readonly jobSeq: number
}

export const prepareChangesSince = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs at each commit, and an answer brings many rows.
  const select = sqlite.prepare(
    `SELECT id, job_seq AS jobSeq FROM job_log WHERE id > +? ORDER BY id LIMIT ${ROWS_PER_READ}`,
  )

  return (after: number): { upTo: number; jobSeqs: Set<number> } => {
    const jobSeqs = new Set<number>()
    let upTo = after
    for (;;) {
      const rows = select.all(upTo) as LogRow[]
      for (const { id, jobSeq } of rows) {
        jobSeqs.add(jobSeq)
        upTo = id
      }
      if (rows.length < ROWS_PER_READ) return { upTo, jobSeqs }
    }
  }
}

export const prepareLastChange = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs for each caller that waits while no other does.
  const select = sqlite.prepare('SELECT id FROM job_log ORDER BY id DESC LIMIT 1').pluck()

  return (): number => (select.get() as number | undefined) ?? 0
}
