import { readSettings, withEnvFile } from '@foreman/process'
import { isAlive, openReader, StoreUnusableError } from '@foreman/store'
import { workerSettings } from './settings.ts'

/** Whether a worker has written a recent heartbeat. A store that cannot be read has none. */
const isWorkerAlive = (dbPath: string): boolean => {
  try {
    const reader = openReader(dbPath)
    const worker = reader.workers.active()
    reader.close()
    return isAlive(worker, Date.now())
  } catch (error) {
    if (!(error instanceof StoreUnusableError)) throw error
    console.error(error.message)
    return false
  }
}

// Exits with 0 while the queue has a recent heartbeat of a worker, else with 1. The container's health check runs it.
const { dbPath } = readSettings(
  { dbPath: workerSettings.dbPath },
  {
    command: 'node -C @foreman/source apps/worker/src/healthcheck.ts',
    summary: 'Exits with 0 when a worker is alive, else with 1.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  },
)
process.exitCode = isWorkerAlive(dbPath) ? 0 : 1
