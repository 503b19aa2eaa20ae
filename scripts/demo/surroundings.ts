import type { ChildCommand } from '@foreman/cli/start/child-process'
import { freePort } from '@foreman/cli/start/target'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { CALLERS } from './callers.ts'

/** A gateway, a worker and a simulated Ollama that have nothing to do with any other on this machine. */
export interface Surroundings {
  readonly url: string
  readonly operatorToken: string
  readonly tokenOf: (caller: string) => string
  /** The settings of gateway and worker. */
  readonly env: Readonly<Record<string, string>> & { readonly FOREMAN_DB_PATH: string }
  /** In the order in which they are stopped. */
  readonly children: readonly ChildCommand[]
}

const inCheckout = (file: string): string => path.join(import.meta.dirname, '../..', file)
const newToken = (): string => randomBytes(12).toString('hex')

/**
 * The children get no variable of the environment, and are to be started in `directory`, where no .env lies: so a real
 * queue or a real Ollama that is set there is none of theirs.
 *
 * @param port 0: a free one
 */
export const surroundingsIn = async (
  directory: string,
  { port, speed }: { readonly port: number; readonly speed: number },
): Promise<Surroundings> => {
  const host = `127.0.0.1:${port || (await freePort())}`
  const targetPort = await freePort()
  const operatorToken = newToken()
  const tokens = new Map(CALLERS.map(({ name }) => [name, newToken()]))
  const shorter = (ms: number) => `${Math.max(1, Math.round(ms / speed))}ms`
  const env = {
    UV_THREADPOOL_SIZE: '8',
    FOREMAN_ADDR: host,
    FOREMAN_DB_PATH: path.join(directory, 'queue.db'),
    FOREMAN_OLLAMA_URL: `http://127.0.0.1:${targetPort}`,
    FOREMAN_OPERATOR_TOKEN: operatorToken,
    FOREMAN_TOKENS: CALLERS.map(({ name, priority }) =>
      [name, tokens.get(name), ...(priority === undefined ? [] : [priority])].join(':'),
    ).join(),
    FOREMAN_MAX_WAIT: shorter(60_000),
    FOREMAN_MAX_WAIT_LOW: shorter(600_000),
    FOREMAN_FAIR_HALFLIFE: shorter(300_000),
    FOREMAN_MIN_FREE: '0',
    // It may run for days.
    FOREMAN_JOB_TTL: '1h',
    FOREMAN_HISTORY: '6h',
    FOREMAN_SHUTDOWN_GRACE: '1s',
    FOREMAN_LOG_LEVEL: 'error',
  }
  return {
    url: `http://${host}`,
    operatorToken,
    env,
    tokenOf: caller => tokens.get(caller)!,
    children: [
      {
        name: 'gateway',
        args: [inCheckout('apps/gateway/src/main.ts')],
        env: { ...env, MALLOC_MMAP_THRESHOLD_: '65536' },
      },
      { name: 'worker', args: [inCheckout('apps/worker/src/main.ts')], env },
      {
        name: 'simulated Ollama',
        args: [inCheckout('scripts/demo/ollama.ts'), `${targetPort}`, `${speed}`],
        env: {},
      },
    ],
  }
}
