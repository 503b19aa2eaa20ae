import { readSettings, withEnvFile } from '@foreman/process'
import { isAlive, openReader, StoreUnusableError } from '@foreman/store'
import path from 'node:path'
import { workerSettings } from './settings.ts'

/**
 * Whether a worker has written a recent heartbeat into the file that the path leads to now. A worker that can no longer
 * write, or whose file was deleted or replaced, writes none there. A file that cannot be read has none.
 */
const isWorkerAlive = async (dbPath: string): Promise<boolean> => {
  try {
    const reader = await openReader(dbPath)
    try {
      return isAlive(await reader.workers.active(), reader.now())
    } finally {
      await reader.close()
    }
  } catch (error) {
    const { message } = error as Error
    console.error(error instanceof StoreUnusableError ? message : `${dbPath}: ${message}`)
    return false
  }
}

// Exits with 0 while the queue has a recent heartbeat of a worker, else with 1. The container's health check runs it.
const { dbPath } = readSettings(
  { dbPath: workerSettings.dbPath },
  {
    command: `node -C @foreman/source ${path.relative(process.cwd(), import.meta.filename)}`,
    summary: 'Exits with 0 when a worker is alive, else with 1.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  },
)
process.exitCode = (await isWorkerAlive(dbPath)) ? 0 : 1
