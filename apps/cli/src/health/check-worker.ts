import { readSettings, runMain, withEnvFile } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { isAlive, openReader, StoreUnusableError } from '@foreman/store'

/**
 * Why no worker counts as alive; undefined when one does. It has written a recent heartbeat into the file that the path leads
 * to now: a worker that can no longer write, or whose file was deleted or replaced, writes none there.
 */
const whyNotAlive = async (dbPath: string): Promise<string | undefined> => {
  try {
    const reader = await openReader(dbPath)
    try {
      return isAlive(await reader.workers.active(), reader.now())
        ? undefined
        : `${dbPath}: no worker has updated its heartbeat`
    } finally {
      await reader.close()
    }
  } catch (error) {
    const { message } = error as Error
    return error instanceof StoreUnusableError ? message : `${dbPath}: ${message}`
  }
}

/** Exits with 0 if a worker is alive, else with one line and 1. The health check of a container runs it. */
export const checkWorker = (argv: readonly string[]): Promise<void> =>
  runMain(async () => {
    const { dbPath } = readSettings(
      { dbPath: sharedSettings.dbPath },
      {
        command: 'foreman healthcheck worker',
        summary: 'Exits with 0 if a worker is alive, else with one line and 1.',
        argv,
        env: () => withEnvFile(process.env),
      },
    )
    const reason = await whyNotAlive(dbPath)
    if (reason !== undefined) console.error(reason)
    process.exit(reason === undefined ? 0 : 1)
  })
