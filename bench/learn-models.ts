import Database from 'better-sqlite3'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type ForemanOptions, startForeman } from './installation.ts'

const TIMEOUT_MS = 20_000
const POLL_MS = 20

/**
 * Lets a worker ask the target about its models while the queue is empty. Otherwise the worker that is measured would ask, and
 * then spend seconds on moving the jobs that wait into other groups.
 */
export const learnModels = async (
  options: Pick<ForemanOptions, 'target' | 'root' | 'directory'>,
): Promise<void> => {
  const foreman = await startForeman(options)
  const queue = new Database(path.join(options.directory, 'queue.db'), { readonly: true })
  const unknown = queue.prepare('SELECT count(*) = 0 OR count(*) > count(loading) FROM models').pluck()
  const deadline = performance.now() + TIMEOUT_MS
  while (unknown.get() === 1) {
    if (performance.now() > deadline) throw new Error('the worker does not learn the models')
    await delay(POLL_MS)
  }
  queue.close()
  await foreman.stop()
}
