import { type Sim, type SimOptions, startSim } from '@foreman/ollama-sim'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { passedOn, root } from '../harness/processes.ts'
import { until } from '../harness/until.ts'
import { inTerminal, type Terminal, type TerminalOptions } from './terminal.ts'

const MAIN = path.join(root, 'apps/cli/src/main.ts')

/** What a command has done, in pipes. */
interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A gateway and a worker as `foreman start` runs them, in front of a simulated Ollama, for all tests of a file. */
export interface Installation {
  readonly url: string
  readonly sim: Sim
  /** Where the commands run. */
  readonly directory: string
  /** What starts a command, and the variables with which it is an operator's. */
  command(args: readonly string[]): string[]
  readonly environment: Readonly<Record<string, string>>
  /** Runs a command in pipes, as an operator. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>
  /** Runs a command in a terminal, as an operator. */
  show(args: readonly string[], options?: TerminalOptions): Terminal
  /** Submits a job as the caller `ann`. */
  submit(submission: object): Promise<string>
  stop(): Promise<void>
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdin?: string
}

export const OPERATOR = 'operators-token'
const CALLERS = 'ann:token-of-ann,bob:token-of-bob'

export const startInstallation = async (
  variables: Readonly<Record<string, string>> = {},
  simulated: SimOptions = {},
): Promise<Installation> => {
  const sim = await startSim(simulated)
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-command-'))
  const base = {
    ...passedOn(),
    TERM: 'xterm-256color',
  }
  const node = ['-C', '@foreman/source', MAIN]
  const command = (args: readonly string[]) => [process.execPath, ...node, ...args]
  const keeper = spawn(process.execPath, [...node, 'start', '--addr', '127.0.0.1:0'], {
    cwd: directory,
    env: {
      ...base,
      FOREMAN_OLLAMA_URL: sim.url,
      FOREMAN_DB_PATH: path.join(directory, 'queue.db'),
      FOREMAN_MIN_FREE: '0B',
      FOREMAN_SHUTDOWN_GRACE: '0s',
      FOREMAN_OPERATOR_TOKEN: OPERATOR,
      FOREMAN_TOKENS: CALLERS,
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  keeper.stdout.on('data', (text: Buffer) => (output += text.toString()))
  const listening = () => /listening on (\S+), try/.exec(output)?.[1]
  await until(listening, 30_000)
  const url = listening() ?? ''
  const asOperator = { ...base, FOREMAN_URL: url, FOREMAN_OPERATOR_TOKEN: OPERATOR }

  const run: Installation['run'] = async (args, { env = {}, stdin = '' } = {}) => {
    const child = spawn(process.execPath, [...node, ...args], {
      cwd: directory,
      env: { ...asOperator, ...env },
    })
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (texts[name] += text))
    child.stdin.on('error', () => undefined).end(stdin)
    const [code] = (await once(child, 'close')) as [number]
    return { code, ...texts }
  }
  return {
    url,
    sim,
    directory,
    command,
    environment: asOperator,
    run,
    show: (args, options = {}) =>
      inTerminal(command(args), {
        ...options,
        cwd: directory,
        env: { ...asOperator, ...options.env },
      }),
    submit: async submission => {
      const headers = { authorization: 'Bearer token-of-ann' }
      const answer = await fetch(`${url}/jobs`, { method: 'POST', headers, body: JSON.stringify(submission) })
      return ((await answer.json()) as { id: string }).id
    },
    stop: async () => {
      keeper.kill('SIGTERM')
      await once(keeper, 'exit')
      await sim.close()
      fs.rmSync(directory, { recursive: true, force: true })
    },
  }
}
