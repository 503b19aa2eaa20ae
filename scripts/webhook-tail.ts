import { HelpShown, readSettings, setting, SettingError, withEnvFile, onStopRequest } from '@foreman/process'
import { parseSecrets, VerificationError, verify } from '@foreman/webhooks'
import http, { type IncomingMessage } from 'node:http'
import { localUrl } from './first-request.ts'

const EXIT_BAD_CONFIGURATION = 2
const MOST_BYTES = 1024 * 1024
/** Messages that are remembered, to tell one that comes again. */
const MOST_IDS = 10_000

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
    describe: 'What to answer to a message that is in order',
  }),
  body: setting.choice({
    env: 'FOREMAN_TAIL_BODY',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'Whether to print whole messages',
  }),
  secret: {
    env: 'FOREMAN_WEBHOOK_SECRET',
    default: '',
    secret: true as const,
    describe: 'What messages are signed with; several are separated by spaces',
    allowed: 'secrets separated by spaces, each whsec_ and base64 or any other text',
    parse: parseSecrets,
  },
}

const seen = new Set<string>()

/** Whether it comes again. */
const remember = (id: string): boolean => {
  if (seen.has(id)) return true
  seen.add(id)
  const [oldest] = seen
  if (seen.size > MOST_IDS && oldest !== undefined) seen.delete(oldest)
  return false
}

const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.byteLength
    if (bytes > MOST_BYTES) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** In which way a message is signed, in a word. */
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

interface Shown {
  type?: string
  data?: { job?: { id?: string; state?: string } }
}

const parse = (body: Buffer): Shown => {
  try {
    return (JSON.parse(body.toString()) as Shown | null) ?? {}
  } catch {
    return {}
  }
}

try {
  const {
    addr,
    status,
    body: showsBodies,
    secret: secrets,
  } = readSettings(settings, {
    command: 'npm run webhook-tail --',
    summary: 'Receives webhooks, verifies them, and prints what arrives.',
    argv: process.argv.slice(2),
    env: withEnvFile(process.env),
  })
  const receive = async (request: IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = await readBody(request).catch(() => undefined)
    if (!body) return void response.writeHead(413, { Connection: 'close' }).end()
    const verdict = verdictOn(secrets, request, body)
    const id = String(request.headers['webhook-id'] ?? '-')
    const { type = '-', data } = parse(body)
    const words = [new Date().toISOString(), verdict, id, type, data?.job?.id ?? '-', data?.job?.state ?? '-']
    console.log([...words, ...(remember(id) ? ['again'] : [])].join('  '))
    if (showsBodies === 'on') console.log(body.toString())
    response.writeHead(verdict.startsWith('refused') ? 401 : status).end()
  }
  const server = http.createServer((request, response) => void receive(request, response))
  server.on('error', error => {
    console.error(`${settings.addr.env} cannot be listened on: ${error.message}`)
    process.exit(EXIT_BAD_CONFIGURATION)
  })
  server.listen(addr.port, addr.host, () => {
    const listening = server.address()
    const port = listening !== null && typeof listening === 'object' ? listening.port : addr.port
    console.log(`webhooks may go to ${localUrl({ ...addr, port })}/`)
    console.log('foreman sends here only if FOREMAN_WEBHOOK_ALLOW lists this address, such as 127.0.0.1')
    if (secrets.length === 0) console.log('without FOREMAN_WEBHOOK_SECRET nothing is verified')
  })
  onStopRequest(process, () => {
    server.closeAllConnections()
    server.close(() => process.exit(0))
  })
} catch (error) {
  if (error instanceof HelpShown) console.log(error.message)
  else if (error instanceof SettingError) console.error(error.message)
  else throw error
  process.exitCode = error instanceof HelpShown ? 0 : EXIT_BAD_CONFIGURATION
}
