import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryDirectory, type Variables } from './foreman.ts'
import { until } from './until.ts'

export const root = path.join(import.meta.dirname, '../..')

/** What a process that a test starts has of the environment of the tests. */
export const passedOn = (): Variables => {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env
  return NODE_COMPILE_CACHE === undefined ? { PATH } : { PATH, NODE_COMPILE_CACHE }
}

/** A real process of foreman's, as an operator starts it. */
export interface Process {
  readonly pid: number
  /** What it printed so far, both streams. */
  output(): string
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  kill(signal: NodeJS.Signals): void
  /** Closes the pipes of both streams, so that nobody reads what it prints from now on. */
  stopReading(): void
}

/**
 * @param file relative to the checkout
 * @param cwd default: not where a developer's own .env lies
 */
export const startProcess = (
  file: string,
  variables: Variables,
  args: readonly string[] = [],
  cwd = temporaryDirectory(),
): Process => {
  const child = spawn(process.execPath, ['-C', '@foreman/source', path.join(root, file), ...args], {
    cwd,
    env: { ...passedOn(), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  child.stderr.on('data', (text: Buffer) => (output += text.toString()))
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  if (child.pid === undefined) throw new Error(`${file} could not be started`)
  const stopReading = () => {
    child.stdout.destroy()
    child.stderr.destroy()
  }
  return { pid: child.pid, output: () => output, ended, kill: signal => child.kill(signal), stopReading }
}

/** What both processes need, on a queue of their own. */
export const variablesFor = (
  target: string,
  more: Variables = {},
): Variables & { FOREMAN_DB_PATH: string } => ({
  FOREMAN_OLLAMA_URL: target,
  FOREMAN_DB_PATH: path.join(temporaryDirectory(), 'queue.db'),
  FOREMAN_ADDR: '127.0.0.1:0',
  FOREMAN_MIN_FREE: '0B',
  ...more,
})

export const startWorkerProcess = (variables: Variables) => startProcess('apps/worker/src/main.ts', variables)

/** Starts a gateway and waits until it answers. */
export const startGatewayProcess = async (variables: Variables): Promise<Process & { url: string }> => {
  const gateway = startProcess('apps/gateway/src/main.ts', variables)
  let url: string | undefined
  await until(() => {
    url = /"url":"([^"]+)"/.exec(gateway.output())?.[1]
    return url
  })
  return { ...gateway, url: url ?? '' }
}
