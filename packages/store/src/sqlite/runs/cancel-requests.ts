import type { Connection } from '../connection.ts'

export const prepareCancelRequests = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs at each look of the worker.
  const select = sqlite
    .prepare(`SELECT seq FROM jobs WHERE state = 'running' AND cancel_requested_at IS NOT NULL`)
    .pluck()

  return (): number[] => select.all() as number[]
}
