import type { Connection } from '../connection.ts'
import { reads, type Writes } from '../verbs.ts'

/** A part has up to 512 KiB. */
const PARTS_PER_STEP = 16

export const preparePruneFiles = ({ sqlite }: Connection, writes: Writes) => {
  const selectNext = sqlite.prepare(
    'SELECT seq, complete FROM files WHERE expires_at IS NOT NULL AND expires_at <= +? LIMIT 1',
  )
  const selectIsUsed = sqlite.prepare('SELECT EXISTS (SELECT 1 FROM batches WHERE input_file = +?)').pluck()
  const keep = sqlite.prepare('UPDATE files SET expires_at = NULL WHERE seq = +?')
  const hide = sqlite.prepare('UPDATE files SET complete = 0 WHERE seq = +?')
  const removeParts = sqlite.prepare(
    `DELETE FROM file_parts WHERE rowid IN
       (SELECT rowid FROM file_parts WHERE file = +? LIMIT ${PARTS_PER_STEP})`,
  )
  const remove = sqlite.prepare('DELETE FROM files WHERE seq = +?')
  const next = reads((now: number) => selectNext.get(now) as { seq: number; complete: number } | undefined)

  return async (now: number): Promise<{ more: boolean }> => {
    const due = await next(now)
    if (!due) return { more: false }
    const { seq, complete } = due
    return writes.write('normal', () => {
      const isUsed = selectIsUsed.get(seq) === 1
      if (complete && isUsed) keep.run(seq)
      else {
        hide.run(seq)
        // The batch that has it tells its name.
        if (removeParts.run(seq).changes < PARTS_PER_STEP) (isUsed ? keep : remove).run(seq)
      }
      return { more: true }
    })
  }
}
