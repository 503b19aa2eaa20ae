import { listenRefusal, onStopRequest, readSettings, runMain, foremanEnvironment } from '@foreman/process'
import { createLogger } from '@foreman/process/logger'
import { StoreUnusableError } from '@foreman/store'
import { isLoopback } from './access/loopback.ts'
import { startGateway } from './gateway.ts'
import { ensureOneCallerPerToken, gatewaySettings } from './settings.ts'

const main = async (): Promise<void> => {
  const config = readSettings(gatewaySettings, {
    command: 'npm run gateway --',
    summary: 'Accepts requests, stores them as jobs and sends the answers back.',
    argv: process.argv.slice(2),
    env: () => foremanEnvironment(process.env, gatewaySettings),
  })
  ensureOneCallerPerToken(config)
  const logger = createLogger({ name: 'gateway', level: config.logLevel, output: process.stdout })
  logger.info({ target: config.ollamaUrl, db: config.dbPath }, 'foreman gateway')
  if (config.token === undefined && config.tokens.length === 0 && !isLoopback(config.addr.host)) {
    logger.warn(
      'listening beyond loopback without FOREMAN_TOKEN: everybody who can reach this address can use it',
    )
  }
  const gateway = await startGateway(config, { logger })
  onStopRequest(process, cause => {
    logger.info({ cause }, 'stopping')
    void gateway.stop().then(() => process.exit(0))
  })
  // Whoever reads this line may ask for a stop at once.
  logger.info({ url: gateway.url }, 'listening')
}

const addressRefusal = listenRefusal(gatewaySettings.addr.env)

await runMain(main, error => (error instanceof StoreUnusableError ? error.message : addressRefusal(error)))
