import type { Connection } from '../connection.ts'
import { reads, type Writes } from '../verbs.ts'
import { ROWS_PER_STEP } from './delete-rows.ts'

export const preparePruneBatches = ({ sqlite }: Connection, writes: Writes) => {
  const selectNext = sqlite
    .prepare(
      `SELECT seq FROM batches WHERE expires_at IS NOT NULL AND expires_at <= +?
         AND NOT EXISTS (SELECT 1 FROM jobs WHERE batch = batches.seq) LIMIT 1`,
    )
    .pluck()
  const hide = sqlite.prepare('UPDATE batches SET submitted_at = NULL WHERE seq = +?')
  const removeLines = sqlite.prepare(
    `DELETE FROM batch_lines WHERE rowid IN
       (SELECT rowid FROM batch_lines WHERE batch = +? LIMIT ${ROWS_PER_STEP})`,
  )
  // Another batch may have the file: then it is found to be of use, and stays.
  const letFileGo = sqlite.prepare(
    `UPDATE files SET expires_at = @now
     WHERE expires_at IS NULL AND seq = (SELECT input_file FROM batches WHERE seq = +@seq)`,
  )
  const remove = sqlite.prepare('DELETE FROM batches WHERE seq = +?')
  const next = reads((now: number) => selectNext.get(now) as number | undefined)

  return async (now: number): Promise<{ more: boolean }> => {
    const seq = await next(now)
    if (seq === undefined) return { more: false }
    return writes.write('normal', () => {
      hide.run(seq)
      if (removeLines.run(seq).changes < ROWS_PER_STEP) {
        letFileGo.run({ seq, now })
        remove.run(seq)
      }
      return { more: true }
    })
  }
}
