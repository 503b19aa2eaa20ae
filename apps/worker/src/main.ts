import { HelpShown, readSettings, SettingError, withEnvFile } from '@foreman/flags'
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
  let stopping = false
  const stop = (cause: string) => {
    if (stopping) process.exit(1)
    stopping = true
    logger.info({ cause }, 'stopping')
    void context.close().then(() => process.exit(0))
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // Started by a parent over an IPC channel: when that closes, the parent is gone.
  process.on('disconnect', () => stop('disconnect'))
  context.worker.start()
} catch (error) {
  if (error instanceof HelpShown) console.log(error.message)
  else if (error instanceof SettingError || error instanceof StoreUnusableError) {
    console.error(error.message)
    process.exitCode = EXIT_BAD_CONFIGURATION
  } else throw error
}
