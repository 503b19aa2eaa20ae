import { readSettings, withEnvFile } from '@foreman/process'
import { isAlive, openStore } from '@foreman/store'
import { workerSettings } from './settings.ts'

// Exit code 0 while a worker says in the file that it lives: what a container's health check asks.
const { dbPath } = readSettings(
  { dbPath: workerSettings.dbPath },
  {
    command: 'node -C @foreman/source apps/worker/src/healthcheck.ts',
    summary: 'Tells by its exit code whether a worker lives.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  },
)
const store = openStore(dbPath, { busyTimeoutMs: 1000 })
const worker = store.workers.active()
store.close()
process.exitCode = isAlive(worker, Date.now()) ? 0 : 1
