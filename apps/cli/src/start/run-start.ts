import { ensureConsistent, type GatewayConfig } from '@foreman/gateway/settings'
import {
  type Address,
  flagsAsEnvironment,
  formatAddress,
  localUrl,
  onStopRequest,
  readSettings,
  runMain,
  foremanEnvironment,
} from '@foreman/process'
import type { ChildCommand } from './child-process.ts'
import { asker, becomesReady, curlLine, firstChatModel } from './first-request.ts'
import { LOCAL_OLLAMA, startSettings as settings } from './settings.ts'
import { supervise } from './supervise.ts'
import { answersAsOllama, freePort } from './target.ts'

/** A process of foreman, which this command starts by starting itself again. */
const foreman = (...words: string[]): string[] => [process.argv[1] ?? '', ...words]
const say = (line: string) => console.log(`foreman: ${line}`)

const main = async (argv: readonly string[]): Promise<number> => {
  const command = {
    command: 'foreman start',
    summary: 'Runs a gateway and a worker for one Ollama server, and starts either again when it dies.',
    argv,
  }
  const flags = flagsAsEnvironment(settings, command)
  const env = foremanEnvironment(process.env, settings)
  const config = readSettings(settings, { ...command, env })
  ensureConsistent(config)
  say(`pid ${process.pid}`)

  const simulatedPort = await portOfSimulation(config.ollamaUrl)
  const target =
    config.ollamaUrl ?? (simulatedPort === undefined ? LOCAL_OLLAMA : `http://127.0.0.1:${simulatedPort}`)
  say(callersLine(config))
  const addr = await withPort(config.addr)
  const doors = []
  for (const { caller, address } of config.doors) {
    const written = formatAddress(await withPort(address))
    say(`${written} is the door of ${caller}: callers need no token there`)
    doors.push(`${caller}=${written}`)
  }

  const childEnv: Record<string, string | undefined> = {
    // As in run.sh, which says why.
    UV_THREADPOOL_SIZE: '8',
    ...process.env,
    ...flags,
    [settings.ollamaUrl.env]: target,
    [settings.addr.env]: formatAddress(addr),
    [settings.doors.env]: doors.join(),
  }
  // They are stopped in this order: the gateway first, while the worker still runs the jobs whose callers wait.
  const children: ChildCommand[] = [
    {
      name: 'gateway',
      args: foreman('gateway'),
      env: { MALLOC_MMAP_THRESHOLD_: '65536', ...childEnv },
    },
    { name: 'worker', args: foreman('worker'), env: childEnv },
  ]
  if (simulatedPort !== undefined) {
    const args = foreman('sim', '--addr', `127.0.0.1:${simulatedPort}`)
    // Slow enough that a reader sees the answer stream.
    children.push({ name: 'simulated Ollama', args, env: { FOREMAN_SIM_RATE: '20', ...env } })
  }
  const supervisor = supervise({ children, log: say })
  const stopping = new AbortController()
  void supervisor.finished.then(() => stopping.abort())
  onStopRequest(
    process,
    reason => {
      say(`stopping (${reason})`)
      stopping.abort()
      supervisor.stop()
    },
    supervisor.kill,
  )

  const url = localUrl(addr)
  if (await becomesReady(url, stopping.signal)) {
    say(`listening on ${url}, try:`)
    const { name, token } = tokenFor(config)
    const model = simulatedPort === undefined ? await firstChatModel(asker(url, token)) : 'plain'
    console.log(curlLine(url, model ?? 'MODEL', token === undefined ? undefined : name))
    if (config.dashboard !== 'off') say(`the dashboard is at ${url}/dashboard/`)
  }
  return supervisor.finished
}

/** A port is chosen here, not by the gateway, so that it stays the same when the gateway is started again. */
const withPort = async (address: Address): Promise<Address> => ({
  ...address,
  port: address.port || (await freePort(address.host)),
})

/**
 * Chooses the target, and prints which it is.
 *
 * @returns a free port for a simulated Ollama; undefined when a real one is used
 */
const portOfSimulation = async (configured: string | undefined): Promise<number | undefined> => {
  if (configured !== undefined) say(`target: ${configured}, as configured`)
  else if (await answersAsOllama(LOCAL_OLLAMA)) say(`target: the Ollama that answers on ${LOCAL_OLLAMA}`)
  else {
    const port = await freePort()
    say(
      `target: a simulated Ollama on http://127.0.0.1:${port}, as ${settings.ollamaUrl.env} is not set and nothing answers on ${LOCAL_OLLAMA}`,
    )
    return port
  }
  return undefined
}

/** The token for the first request, and the variable that it is in. */
const tokenFor = ({ token, operatorToken }: Pick<GatewayConfig, 'token' | 'operatorToken'>) =>
  token === undefined
    ? { name: settings.operatorToken.env, token: operatorToken }
    : { name: settings.token.env, token }

/** A token that does not reach foreman would leave it open to everybody. */
const callersLine = ({
  token,
  tokens,
  operatorToken,
}: Pick<GatewayConfig, 'token' | 'tokens' | 'operatorToken'>): string => {
  const given = [
    ...(token === undefined ? [] : [settings.token.env]),
    ...(tokens.length === 0 ? [] : [settings.tokens.env]),
    ...(operatorToken === undefined ? [] : [settings.operatorToken.env]),
  ]
  return given.length === 0
    ? `callers need no token, as ${settings.token.env} is not set`
    : `callers need a token, as ${given.join(' and ')} ${given.length === 1 ? 'is' : 'are'} set`
}

/** Makes this process the keeper of a gateway and a worker. */
export const runStart = (argv: readonly string[]): Promise<void> =>
  runMain(async () => process.exit(await main(argv)))
