import { readSettings, withEnvFile } from '@foreman/process'
import { isAlive, openStore } from '@foreman/store'
import { workerSettings } from './settings.ts'

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
const store = openStore(dbPath, { busyTimeoutMs: 1000 })
const worker = store.workers.active()
store.close()
process.exitCode = isAlive(worker, Date.now()) ? 0 : 1
