import type { JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'

export const prepareDelivered = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs for each job.
  const expireBytes = sqlite.prepare(
    `UPDATE jobs SET bytes_expire_at = ? WHERE seq = +? AND finished_at IS NOT NULL AND idempotency_key IS NULL`,
  )

  return ({ seq }: JobRef, expireAt: number): void => void expireBytes.run(expireAt, seq)
}
