import { onStopRequest, readSettings, runMain, foremanEnvironment } from '@foreman/process'
import { createLogger } from '@foreman/process/logger'
import { StoreUnusableError } from '@foreman/store'
import { createContext } from './context.ts'
import { workerSettings } from './settings.ts'

const main = async (argv: readonly string[]): Promise<void> => {
  const config = readSettings(workerSettings, {
    command: 'foreman worker',
    summary: 'Claims jobs model by model and runs them on the Ollama target.',
    argv,
    env: () => foremanEnvironment(process.env, workerSettings),
  })
  const logger = createLogger({ name: 'worker', level: config.logLevel, output: process.stdout })
  logger.info({ target: config.ollamaUrl, db: config.dbPath }, 'foreman worker')
  const context = await createContext(config, { logger, pid: process.pid })
  onStopRequest(process, cause => {
    logger.info({ cause }, 'stopping')
    void context.close().then(() => process.exit(0))
  })
  context.worker.start()
}

/** Makes this process a worker. */
export const runWorker = (argv: readonly string[]): Promise<void> =>
  runMain(
    () => main(argv),
    error => (error instanceof StoreUnusableError ? error.message : undefined),
  )
