import { openStore } from '@foreman/store'
import Database from 'better-sqlite3'
import path from 'node:path'
import type { Commits } from './measured.ts'
import { newJob } from './new-job.ts'
import { spread } from './stats.ts'

/** An accepted job of ordinary size writes this many pages of 4 kB. */
const PAGES = 8
const PAGE_BYTES = 4096

export interface CommitCost {
  /** Times `count` commits of each kind. They take turns, so that other work on the disk slows all three. */
  sample(count: number): Commits
  close(): void
}

/** Times commits on the disk of a queue, in files beside the queue. */
export const commitCost = (directory: string): CommitCost => {
  const connection = new Database(path.join(directory, 'scratch.db'))
  connection.pragma('journal_mode = WAL')
  connection.exec('CREATE TABLE pages (id INTEGER PRIMARY KEY, bytes BLOB)')
  const insert = connection.prepare('INSERT INTO pages (bytes) VALUES (?)')
  const bytes = Buffer.alloc((PAGES - 1) * PAGE_BYTES, 1)
  const store = openStore(path.join(directory, 'scratch-queue.db'), { busyTimeoutMs: 1_000 })
  const job = newJob({
    path: '/api/chat',
    endpoint: '/api/chat',
    streaming: true,
    body: Buffer.from(JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'hi' }] })),
  })
  return {
    sample: count => {
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
    close: () => {
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
