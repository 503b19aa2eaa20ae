import { onStopRequest, readSettings, runMain, foremanEnvironment } from '@foreman/process'
import { createLogger } from '@foreman/process/logger'
import { StoreUnusableError } from '@foreman/store'
import { createContext } from './context.ts'
import { workerSettings } from './settings.ts'

const main = async (): Promise<void> => {
  const config = readSettings(workerSettings, {
    command: 'npm run worker --',
    summary: 'Claims jobs model by model and runs them on the Ollama target.',
    argv: process.argv.slice(2),
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

await runMain(main, error => (error instanceof StoreUnusableError ? error.message : undefined))
