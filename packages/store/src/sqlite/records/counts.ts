import type { Connection } from '../connection.ts'

export const preparePosition = ({ sqlite }: Connection) => {
  const countAhead = sqlite
    .prepare(`SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' AND seq < +? LIMIT +?)`)
    .pluck()

  return (seq: number, most: number): number => countAhead.get(seq, most) as number
}

export const prepareQueued = ({ sqlite }: Connection) => {
  const count = sqlite.prepare(`SELECT count(*) FROM jobs WHERE state = 'queued'`).pluck()

  return (): number => count.get() as number
}

export const prepareEnded = ({ sqlite }: Connection) => {
  const count = sqlite.prepare('SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL').pluck()

  return (): number => count.get() as number
}
