import { HelpShown, readSettings, SettingError, withEnvFile, onStopRequest } from '@foreman/process'
import { StoreUnusableError } from '@foreman/store'
import { isLoopback } from './access/loopback.ts'
import { startGateway } from './gateway.ts'
import { createLogger } from './logger.ts'
import { gatewaySettings } from './settings.ts'

const EXIT_BAD_CONFIGURATION = 2

try {
  const config = readSettings(gatewaySettings, {
    command: 'npm run gateway --',
    summary: 'Takes requests, queues them as jobs and relays their answers.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  })
  const logger = createLogger(config.logLevel, process.stdout)
  logger.info({ target: config.ollamaUrl, db: config.dbPath }, 'foreman gateway')
  if (config.token === undefined && config.tokens.length === 0 && !isLoopback(config.addr.host)) {
    logger.warn(
      'listening beyond loopback without FOREMAN_TOKEN: everybody who can reach this address can use it',
    )
  }
  const gateway = await startGateway(config, { logger })
  logger.info({ url: gateway.url }, 'listening')
  onStopRequest(process, cause => {
    logger.info({ cause }, 'stopping')
    void gateway.stop().then(() => process.exit(0))
  })
} catch (error) {
  if (error instanceof HelpShown) console.log(error.message)
  else if (error instanceof SettingError || error instanceof StoreUnusableError) {
    console.error(error.message)
    process.exitCode = EXIT_BAD_CONFIGURATION
  } else if ((error as NodeJS.ErrnoException).syscall === 'listen') {
    console.error(`FOREMAN_ADDR cannot be listened on: ${(error as Error).message}`)
    process.exitCode = EXIT_BAD_CONFIGURATION
  } else throw error
}
