import { readUpTo } from '@foreman/ollama-client'
import {
  type Address,
  localUrl,
  onStopRequest,
  readSettings,
  runMain,
  setting,
  SettingError,
  foremanEnvironment,
} from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { VerificationError, verify } from '@foreman/webhooks'
import http, { type IncomingMessage } from 'node:http'

const MAX_BODY_BYTES = 1024 * 1024
/** How many webhook ids are remembered, so that a repeated message is recognised. */
const MAX_IDS = 10_000

const settings = {
  addr: setting.address({
    env: 'FOREMAN_TAIL_ADDR',
    default: '127.0.0.1:9099',
    describe: 'Where to listen',
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

const seen = new Set<string>()

/** Whether a message with this id has come before. Remembers the id. */
const isRepeated = (id: string): boolean => {
  if (seen.has(id)) return true
  seen.add(id)
  const [oldest] = seen
  if (seen.size > MAX_IDS && oldest !== undefined) seen.delete(oldest)
  return false
}

/** Whether the signature of a message is right, as the first word of its line. */
const verdictOn = (secrets: readonly string[], { headers }: IncomingMessage, body: Buffer): string => {
  if (secrets.length === 0) return 'unverified'
  try {
    verify({ secrets, headers, body })
    return 'verified'
  } catch (error) {
    if (error instanceof VerificationError) return `refused: ${error.code}`
    throw error
  }
}

/** The fields of a message that its line shows. */
interface Shown {
  readonly type?: string
  readonly data?: { readonly job?: { readonly id?: string; readonly state?: string } }
}

const parse = (body: Buffer): Shown => {
  try {
    return (JSON.parse(body.toString()) as Shown | null) ?? {}
  } catch {
    return {}
  }
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
  const {
    addr,
    status,
    body: printsBodies,
    secret: secrets,
  } = readSettings(settings, {
    command: 'foreman webhook tail',
    summary: 'Receives webhooks, verifies their signatures, and prints a line for each.',
    argv,
    env: () => foremanEnvironment(process.env, settings),
  })
  const receive = async (request: IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = await readUpTo(MAX_BODY_BYTES, request).catch(() => undefined)
    if (!body) return void response.writeHead(413, { Connection: 'close' }).end()
    const verdict = verdictOn(secrets, request, body)
    const id = String(request.headers['webhook-id'] ?? '-')
    const { type = '-', data } = parse(body)
    const words = [new Date().toISOString(), verdict, id, type, data?.job?.id ?? '-', data?.job?.state ?? '-']
    console.log([...words, ...(isRepeated(id) ? ['again'] : [])].join('  '))
    if (printsBodies === 'on') console.log(body.toString())
    response.writeHead(verdict.startsWith('refused') ? 401 : status).end()
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
