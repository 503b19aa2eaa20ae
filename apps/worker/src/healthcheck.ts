import { readSettings, withEnvFile } from '@foreman/process'
import { openStore } from '@foreman/store'
import { workerSettings } from './settings.ts'

/** Beats are two seconds apart. */
const LATEST_BEAT_MS = 10_000

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
const worker = store.presence.activeWorker()
store.close()
process.exitCode = worker !== undefined && Date.now() - worker.heartbeatAt <= LATEST_BEAT_MS ? 0 : 1
