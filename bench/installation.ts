import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Command, type Process, startProcess } from './processes.ts'

const READY_TIMEOUT_MS = 20_000
const POLL_MS = 20

const directories = new Set<string>()

process.on('exit', () => {
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true })
})

/** A new directory for one queue. It is deleted when this process exits. */
export const queueDirectory = (parent: string): string => {
  fs.mkdirSync(parent, { recursive: true })
  const directory = fs.mkdtempSync(path.resolve(parent, 'queue-'))
  directories.add(directory)
  return directory
}

export interface SimOptions {
  readonly loadMs?: number
  readonly promptMs?: number
  /** 0: all at once. */
  readonly tokensPerSecond?: number
  /** How many requests of a model it serves at a time. */
  readonly parallel?: number
  /** How many models are in memory at a time. Default: 1. */
  readonly maxLoaded?: number
}

export interface Simulation {
  readonly process: Process
  readonly url: string
  /** The number of model loads so far. */
  loads(): Promise<number>
  /** Sets how long each piece of an answer takes from now on. */
  pace(msPerPiece: number): Promise<void>
  /** Unloads the models. */
  unload(models: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** Starts a simulated Ollama in its own process. */
export const startSimulation = async (options: SimOptions = {}): Promise<Simulation> => {
  const { loadMs = 0, promptMs = 0, tokensPerSecond = 0, parallel = 1, maxLoaded = 1 } = options
  const flags = {
    addr: '127.0.0.1:0',
    'max-loaded': maxLoaded,
    load: `${loadMs}ms`,
    prompt: `${promptMs}ms`,
    ...(tokensPerSecond > 0 && { rate: tokensPerSecond }),
    parallel,
  }
  const process = await startProcess({
    name: 'sim',
    file: 'packages/ollama-sim/src/main.ts',
    args: Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    ready: /(http:\/\/127\.0\.0\.1:\d+)/,
  })
  const url = process.said
  return {
    process,
    url,
    loads: async () => ((await (await fetch(`${url}/sim/state`)).json()) as { loads: number }).loads,
    pace: async msPerPiece => {
      await send(`${url}/sim/faults`, 'DELETE')
      if (msPerPiece > 0) await send(`${url}/sim/faults`, 'POST', { kind: 'slow', delayMs: msPerPiece })
    },
    unload: async models => {
      for (const model of models) await send(`${url}/api/generate`, 'POST', { model, keep_alive: 0 })
    },
    stop: () => process.stop(),
  }
}

const send = async (url: string, method: string, body?: object): Promise<void> => {
  const answer = await fetch(url, { method, body: body ? JSON.stringify(body) : null })
  if (!answer.ok) throw new Error(`${method} ${url} was answered with ${answer.status}`)
  await answer.text()
}

export interface Foreman {
  readonly gateway: Process
  readonly worker: Process
  readonly url: string
  stop(): Promise<void>
}

export interface ForemanOptions {
  readonly target: string
  /** The checkout whose gateway and worker are started. Default: this one. */
  readonly root?: string | undefined
  /** Start the JavaScript that `build` has made, as the image does, and not the sources. */
  readonly isBuilt?: boolean | undefined
  /** The directory of the queue. */
  readonly directory: string
  /** More `FOREMAN_*` variables. */
  readonly variables?: Readonly<Record<string, string>>
  readonly profileDirectory?: string | undefined
}

type Started = Pick<Command, 'root' | 'env' | 'profileDirectory'> & Pick<ForemanOptions, 'isBuilt'>

const mainOf = (app: string, isBuilt = false): string =>
  isBuilt ? `build/apps/${app}/src/main.js` : `apps/${app}/src/main.ts`

/** Makes JavaScript of this checkout. */
export const build = (): void => runFile('scripts/build.mjs')

/** Builds the page that the gateway serves. */
export const buildDashboard = (): void => runFile('apps/dashboard/scripts/build.ts')

const runFile = (file: string): void => {
  execFileSync(process.execPath, [path.join(import.meta.dirname, '..', file)], { stdio: 'inherit' })
}

/** Starts a gateway as scripts/run.sh does. What it says is its URL. */
export const startGateway = ({ env, isBuilt, ...started }: Started): Promise<Process> =>
  startProcess({
    ...started,
    name: 'gateway',
    file: mainOf('gateway', isBuilt),
    env: { MALLOC_MMAP_THRESHOLD_: '65536', ...env },
    ready: /"url":"([^"]+)"/,
  })

export const startWorker = ({ isBuilt, ...started }: Started): Promise<Process> =>
  startProcess({
    ...started,
    name: 'worker',
    file: mainOf('worker', isBuilt),
    ready: /(foreman worker)/,
  })

/** Starts a gateway and a worker in their own processes, and waits until they accept jobs. */
export const startForeman = async (options: ForemanOptions): Promise<Foreman> => {
  const { target, root, isBuilt, directory, variables = {}, profileDirectory } = options
  const env = {
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_OLLAMA_URL: target,
    FOREMAN_DB_PATH: path.join(directory, 'queue.db'),
    FOREMAN_SHUTDOWN_GRACE: '0s',
    ...variables,
  }
  const started = { root, isBuilt, env, profileDirectory }
  const [gateway, worker] = await Promise.all([startGateway(started), startWorker(started)])
  const url = gateway.said
  await becomesHealthy(url)
  return {
    gateway,
    worker,
    url,
    stop: async () => {
      await Promise.all([gateway.stop(), worker.stop()])
    },
  }
}

const becomesHealthy = async (url: string): Promise<void> => {
  const deadline = performance.now() + READY_TIMEOUT_MS
  for (;;) {
    const health = (await (await fetch(`${url}/healthz`)).json()) as { degraded: boolean; reasons?: string[] }
    if (!health.degraded) return
    if (performance.now() > deadline) throw new Error(`foreman stays degraded: ${health.reasons?.join(', ')}`)
    await delay(POLL_MS)
  }
}
