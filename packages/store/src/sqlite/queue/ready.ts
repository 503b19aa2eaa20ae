import type { Connection } from '../connection.ts'

export const prepareReady = ({ sqlite }: Connection) => {
  const count = sqlite
    .prepare(
      `SELECT count(*) FROM (SELECT 1 FROM jobs
         WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL LIMIT +?)`,
    )
    .pluck()
  return (most: number): number => count.get(most) as number
}
