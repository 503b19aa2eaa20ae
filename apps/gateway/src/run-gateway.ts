import { formatAddress, onStopRequest, readAndShow, runMain, foremanEnvironment } from '@foreman/process'
import { createLogger } from '@foreman/process/logger'
import { StoreUnusableError } from '@foreman/store'
import { identitiesOf } from './access/identities.ts'
import { isLoopback } from './access/loopback.ts'
import { startGateway } from './gateway.ts'
import { ensureConsistent, gatewaySettings } from './settings.ts'

const main = async (argv: readonly string[]): Promise<void> => {
  const { values: config, shown } = readAndShow(gatewaySettings, {
    command: 'foreman gateway',
    summary: 'Accepts requests, stores them as jobs and sends the answers back.',
    argv,
    env: () => foremanEnvironment(process.env, gatewaySettings),
  })
  ensureConsistent(config)
  const logger = createLogger({ name: 'gateway', level: config.logLevel, output: process.stdout })
  logger.info({ target: config.ollamaUrl, db: config.dbPath }, 'foreman gateway')
  if (identitiesOf(config).length === 0 && !isLoopback(config.addr.host)) {
    logger.warn(
      'listening beyond loopback without FOREMAN_TOKEN: everybody who can reach this address can use it',
    )
  }
  for (const { caller, address } of config.doors.filter(door => !isLoopback(door.address.host))) {
    logger.warn(
      { caller, address: formatAddress(address) },
      'a door beyond loopback: everybody who can reach this address is this caller, without a token',
    )
  }
  const gateway = await startGateway(config, { logger, shownSettings: shown })
  onStopRequest(process, cause => {
    logger.info({ cause }, 'stopping')
    void gateway.stop().then(() => process.exit(0))
  })
  // Whoever reads this line may ask for a stop at once.
  const page = config.dashboard === 'off' ? {} : { dashboard: `${gateway.url}/dashboard/` }
  logger.info({ url: gateway.url, ...page }, 'listening')
  for (const { caller, url } of gateway.doors) logger.info({ caller, url }, 'listening at a door')
}

/** Makes this process a gateway. */
export const runGateway = (argv: readonly string[]): Promise<void> =>
  runMain(
    () => main(argv),
    error => (error instanceof StoreUnusableError ? error.message : undefined),
  )
