import { foremanEnvironment, localUrl, readSettings, runMain, setting } from '@foreman/process'
import http from 'node:http'
import { text } from 'node:stream/consumers'

const settings = {
  addr: setting.address({ env: 'FOREMAN_ADDR', default: ':8080', describe: 'Where the gateway listens' }),
}

/** Less than the patience of a health check in a container. */
const PATIENCE_MS = 4_000

/** The reason why the gateway at a URL accepts no jobs; undefined when it does. */
const whyNotReady = async (url: string): Promise<string | undefined> => {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  // Not fetch, which takes twice as long to load: a container does this every few seconds.
  http
    .get(`${url}/readyz`, { timeout: PATIENCE_MS }, resolve)
    .once('error', reject)
    .once('timeout', () => reject(new Error('no answer')))
  try {
    const answer = await promise
    const body = await text(answer)
    if (answer.statusCode === 200) return undefined
    const { reasons = [] } = JSON.parse(body) as { readonly reasons?: readonly string[] }
    return reasons.join(', ') || `it answers with the status ${answer.statusCode}`
  } catch (error) {
    return error instanceof SyntaxError ? 'something else answers there' : (error as Error).message
  }
}

/** Exits with 0 if the gateway of this machine accepts jobs, else with one line and 1. The health check of a container runs it. */
export const checkGateway = (argv: readonly string[]): Promise<void> =>
  runMain(async () => {
    const { addr } = readSettings(settings, {
      command: 'foreman healthcheck gateway',
      summary: 'Exits with 0 if the gateway of this machine accepts jobs, else with one line and 1.',
      argv,
      env: () => foremanEnvironment(process.env, settings),
    })
    const url = localUrl(addr)
    const reason = await whyNotReady(url)
    if (reason !== undefined) console.error(`${url} is not ready: ${reason}`)
    process.exit(reason === undefined ? 0 : 1)
  })
