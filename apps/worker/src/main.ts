import { HelpShown, readSettings, SettingError, withEnvFile, onStopRequest } from '@foreman/process'
import { StoreUnusableError } from '@foreman/store'
import { createContext } from './context.ts'
import { createLogger } from './logger.ts'
import { workerSettings } from './settings.ts'

const EXIT_BAD_CONFIGURATION = 2

try {
  const config = readSettings(workerSettings, {
    command: 'npm run worker --',
    summary: 'Claims jobs model by model and runs them on the Ollama target.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  })
  const logger = createLogger(config.logLevel, process.stdout)
  logger.info({ target: config.ollamaUrl, db: config.dbPath }, 'foreman worker')
  const context = createContext(config, { logger, pid: process.pid })
  onStopRequest(process, cause => {
    logger.info({ cause }, 'stopping')
    void context.close().then(() => process.exit(0))
  })
  context.worker.start()
} catch (error) {
  if (error instanceof HelpShown) console.log(error.message)
  else if (error instanceof SettingError || error instanceof StoreUnusableError) {
    console.error(error.message)
    process.exitCode = EXIT_BAD_CONFIGURATION
  } else throw error
}
