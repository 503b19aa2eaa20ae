import { readUpTo } from '@foreman/ollama-client'
import {
  type Address,
  foremanEnvironment,
  localUrl,
  onStopRequest,
  readSettings,
  runMain,
  setting,
  SettingError,
} from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import http, { type IncomingMessage } from 'node:http'
import { safeLine, safeText } from '../output/safe-text.ts'
import { forward } from './tail-forward.ts'
import { lineOf, verdictOn } from './tail-message.ts'

const MAX_BODY_BYTES = 1024 * 1024

const settings = {
  addr: setting.address({
    env: 'FOREMAN_TAIL_ADDR',
    default: '127.0.0.1:9099',
    describe: 'Where to listen',
  }),
  forward: setting.url({
    env: 'FOREMAN_TAIL_FORWARD',
    optional: true,
    describe:
      'Where messages are handed on to, whose signature is not wrong: the app under development, which answers them',
  }),
  status: setting.integer({
    env: 'FOREMAN_TAIL_STATUS',
    default: '204',
    min: 200,
    max: 599,
    describe: 'The status of the answer to a message whose signature is right',
  }),
  body: setting.choice({
    env: 'FOREMAN_TAIL_BODY',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'Whether to print the bodies of messages',
  }),
  secret: sharedSettings.webhookSecret,
}

/**
 * @returns the port, which the system chose if the setting says 0
 * @throws SettingError when the address cannot be used, or its name is not known
 */
const listen = async (server: http.Server, { host, port }: Address): Promise<number> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      reject(new SettingError(`${settings.addr.env} cannot be used: ${error.message}`, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
  const listening = server.address()
  return listening !== null && typeof listening === 'object' ? listening.port : port
}

const main = async (argv: readonly string[]): Promise<void> => {
  const config = readSettings(settings, {
    command: 'foreman webhook tail',
    summary: 'Receives webhooks, verifies their signatures, and prints a line for each.',
    argv,
    env: () => foremanEnvironment(process.env, settings),
  })
  const { addr, status, secret: secrets, forward: app } = config
  const receive = async (request: IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const { headers } = request
    const body = await readUpTo(MAX_BODY_BYTES, request).catch(() => undefined)
    if (!body) return void response.writeHead(413, { Connection: 'close' }).end()
    const verdict = verdictOn(secrets, headers, body)
    const isRefused = verdict.startsWith('refused')
    console.log(lineOf(verdict, headers, body))
    if (config.body === 'on') console.log(safeText(body.toString()))
    if (isRefused || app === undefined) return void response.writeHead(isRefused ? 401 : status).end()
    const answer = await forward(app, headers, body)
    console.log(
      safeLine(`  ${app} answered ${answer.status}${answer.error === undefined ? '' : `: ${answer.error}`}`),
    )
    response.writeHead(answer.status).end()
  }
  const server = http.createServer((request, response) => void receive(request, response))
  const port = await listen(server, addr)
  onStopRequest(process, () => {
    server.closeAllConnections()
    server.close(() => process.exit(0))
  })
  console.log(`webhooks may go to ${localUrl({ ...addr, port })}/`)
  console.log('foreman sends here only if FOREMAN_WEBHOOK_ALLOW lists this address, such as 127.0.0.1')
  if (secrets.length === 0) console.log('without FOREMAN_WEBHOOK_SECRET nothing is verified')
}

/** Makes this process a receiver of webhooks. */
export const tailWebhooks = (argv: readonly string[]): Promise<void> => runMain(() => main(argv))
