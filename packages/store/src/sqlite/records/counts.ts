import type { Ahead } from '../../values.ts'
import type { Connection } from '../connection.ts'

export const prepareAhead = ({ sqlite }: Connection) => {
  const prepare = (ofSender: string) =>
    sqlite
      .prepare(
        `SELECT count(*) FROM (SELECT 1 FROM jobs
           WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL
             AND group_key = +@groupKey AND priority = +@priority ${ofSender} AND place < +@place LIMIT +@most)`,
      )
      .pluck()
  const countOfSender = prepare('AND account = +@account AND sender = +@sender')
  const countOfLine = prepare('')

  return ({ groupKey, priority, place, of }: Ahead, most: number): number => {
    const asked = { groupKey, priority, place, most }
    return (of ? countOfSender.get({ ...asked, ...of }) : countOfLine.get(asked)) as number
  }
}

export const prepareQueued = ({ sqlite }: Connection) => {
  const count = sqlite.prepare(`SELECT count(*) FROM jobs WHERE state = 'queued'`).pluck()

  return (): number => count.get() as number
}

export const prepareDeadlinesUntil = ({ sqlite }: Connection) => {
  const count = sqlite
    .prepare(
      `SELECT count(*) FROM (SELECT 1 FROM jobs
         WHERE state = 'queued' AND deadline_at IS NOT NULL AND deadline_at <= +@at LIMIT +@most)`,
    )
    .pluck()

  return (at: number, most: number): number => count.get({ at, most }) as number
}

export const prepareEnded = ({ sqlite }: Connection) => {
  const count = sqlite.prepare('SELECT count(*) FROM jobs WHERE finished_at IS NOT NULL').pluck()

  return (): number => count.get() as number
}
