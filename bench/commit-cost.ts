import { openStore } from '@foreman/store'
import Database from 'better-sqlite3'
import path from 'node:path'
import { type Spread, spread } from './stats.ts'

/** What an accepted job of ordinary size writes: so many pages of 4 kB. */
const PAGES = 8
const PAGE_BYTES = 4096

/** In ms. */
export interface Commits {
  /** Of a commit that is on the disk when it returns. */
  readonly full: Spread
  /** Of the same commit when it is only handed to the system. */
  readonly normal: Spread
  /** Of taking a job over: the store's own verb, its full commit included. */
  readonly accept: Spread
}

/** Times commits on a queue's disk, beside the queue and not in it; in ms. */
export const commitCost = (directory: string) => {
  const connection = new Database(path.join(directory, 'scratch.db'))
  connection.pragma('journal_mode = WAL')
  connection.exec('CREATE TABLE pages (id INTEGER PRIMARY KEY, bytes BLOB)')
  const insert = connection.prepare('INSERT INTO pages (bytes) VALUES (?)')
  const bytes = Buffer.alloc((PAGES - 1) * PAGE_BYTES, 1)
  const store = openStore(path.join(directory, 'scratch-queue.db'), { busyTimeoutMs: 1_000 })
  const job = {
    path: '/api/chat',
    endpoint: '/api/chat',
    model: 'plain',
    modelName: 'plain:latest',
    loadOptions: '{}',
    groupKey: 'plain',
    streaming: true,
    headers: [['Content-Type', 'application/json']] as const,
    body: Buffer.from(JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'hi' }] })),
    caller: 'default',
    priority: 'normal' as const,
  }
  return {
    /** Interleaved, so that whatever else the disk does hits all three. */
    sample: (count: number): Commits => {
      const times = { full: [] as number[], normal: [] as number[], accept: [] as number[] }
      for (let at = 0; at < count; at++) {
        for (const level of ['full', 'normal'] as const) {
          connection.pragma(`synchronous = ${level}`)
          times[level].push(timed(() => insert.run(bytes)))
        }
        times.accept.push(timed(() => store.submissions.enqueue(job, Date.now())))
      }
      return { full: spread(times.full), normal: spread(times.normal), accept: spread(times.accept) }
    },
    close: (): void => {
      connection.close()
      store.close()
    },
  }
}

const timed = (work: () => void): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}
