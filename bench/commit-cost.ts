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
  sample(count: number): Promise<Commits>
  close(): Promise<void>
}

/** Times commits on the disk of a queue, in files beside the queue. */
export const commitCost = async (directory: string): Promise<CommitCost> => {
  const connection = new Database(path.join(directory, 'scratch.db'))
  connection.pragma('journal_mode = WAL')
  connection.exec('CREATE TABLE pages (id INTEGER PRIMARY KEY, bytes BLOB)')
  const insert = connection.prepare('INSERT INTO pages (bytes) VALUES (?)')
  const bytes = Buffer.alloc((PAGES - 1) * PAGE_BYTES, 1)
  const store = await openStore(path.join(directory, 'scratch-queue.db'), { role: 'worker' })
  const body = Buffer.from(JSON.stringify({ model: 'plain', messages: [{ role: 'user', content: 'hi' }] }))
  const accept = async () => {
    const job = newJob({ path: '/api/chat', endpoint: '/api/chat', streaming: true, body })
    return store.submissions.enqueue({ jobs: [job], groupKeyOf: () => 'plain', now: Date.now() })
  }
  return {
    sample: async count => {
      const times = { full: [] as number[], normal: [] as number[], accept: [] as number[] }
      for (let at = 0; at < count; at++) {
        for (const level of ['full', 'normal'] as const) {
          connection.pragma(`synchronous = ${level}`)
          times[level].push(await timed(() => insert.run(bytes)))
        }
        times.accept.push(await timed(accept))
      }
      return { full: spread(times.full), normal: spread(times.normal), accept: spread(times.accept) }
    },
    close: async () => {
      connection.close()
      await store.close()
    },
  }
}

const timed = async (work: () => unknown): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}
