import { gatewaySettings } from '@foreman/gateway/settings'
import { startGateway } from '@foreman/gateway/testing'
import { readAndShow, readSettings } from '@foreman/process'
import { openStore, type Store } from '@foreman/store'
import { workerSettings } from '@foreman/worker/settings'
import { createContext, type GatewayPatience } from '@foreman/worker/testing'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { until } from './until.ts'

/** `FOREMAN_*` variables. */
export type Variables = Record<string, string>

/** Set to see what gateway and worker log. */
const logger = pino(
  { level: process.env['TEST_LOG'] ?? 'silent' },
  pino.destination({ dest: process.env['TEST_LOG_FILE'] ?? 1, sync: true }),
)

/** Where a gateway listens. */
interface Entrances {
  readonly url: string
  /** The URL of a caller's door (`FOREMAN_DOORS`). */
  doorOf(caller: string): string
}

export interface Foreman extends Entrances {
  readonly dbPath: string
  /** A connection of the test's own to the queue. */
  readonly store: Store
  /** Begins to start one more worker. `stop` waits until it has started. */
  startWorker(variables?: Variables): { stop(): Promise<void> }
  /** Starts one more gateway on the same file. */
  startGateway(): Promise<Entrances>
  stopGateway(): Promise<void>
  stopWorker(): Promise<void>
  healthReasons(): Promise<string[]>
}

export interface ForemanOptions {
  readonly target: string
  readonly variables?: Variables
  /** Default: true. */
  readonly worker?: boolean
  readonly now?: () => number
  /** So that a test need not wait 30 s until a gateway counts as dead. */
  readonly gateways?: { readonly heartbeatMs: number; readonly patience: GatewayPatience }
  /** Default: true. Wait until the target has been seen. */
  readonly awaitTarget?: boolean
  /** How gateway and worker open the store. Default: as they do. */
  readonly openStore?: typeof openStore
}

export const temporaryDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-test-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

const entrancesOf = ({ url, doors }: Awaited<ReturnType<typeof startGateway>>): Entrances => ({
  url,
  doorOf: caller => doors.find(door => door.caller === caller)!.url,
})

/** A gateway and a worker in this process, on a file of their own; gone when the test is. */
export const startForeman = async ({
  target,
  variables = {},
  worker = true,
  now,
  gateways,
  awaitTarget = true,
  openStore: open = openStore,
}: ForemanOptions): Promise<Foreman> => {
  const dbPath = path.join(temporaryDirectory(), 'queue.db')
  const env: Variables = {
    FOREMAN_ADDR: '127.0.0.1:0',
    FOREMAN_OLLAMA_URL: target,
    FOREMAN_DB_PATH: dbPath,
    FOREMAN_MIN_FREE: '0B',
    FOREMAN_SHUTDOWN_GRACE: '0s',
    ...variables,
  }
  const collaborators = { logger, openStore: open, ...(now && { now }) }
  const read = { command: 'test', summary: '', argv: [] }
  const openGateway = async () => {
    const heartbeat = gateways && { heartbeatMs: gateways.heartbeatMs }
    const { values, shown } = readAndShow(gatewaySettings, { ...read, env })
    const opened = await startGateway(values, { ...collaborators, ...heartbeat, shownSettings: shown })
    onTestFinished(() => opened.stop())
    return opened
  }
  const gateway = await openGateway()
  const store = await openStore(dbPath, { role: 'worker' })
  const openWorker = async (more: Variables) => {
    const config = readSettings(workerSettings, { ...read, env: { ...env, ...more } })
    const patience = gateways && { gatewayPatience: gateways.patience }
    const context = await createContext(config, { ...collaborators, ...patience, pid: process.pid })
    context.worker.start()
    return context
  }
  const workers = new Set<ReturnType<typeof openWorker>>()
  const startWorker = (more: Variables = {}) => {
    const started = openWorker(more)
    workers.add(started)
    const stop = async () => {
      if (workers.delete(started)) await (await started).close()
    }
    return { stop }
  }
  const stopWorker = async () => {
    const running = [...workers]
    workers.clear()
    await Promise.all(running.map(async started => (await started).close()))
  }
  onTestFinished(async () => {
    await Promise.all([gateway.stop(), stopWorker()])
    await store.close()
  })
  const healthReasons = async () => {
    const answer = (await (await fetch(`${gateway.url}/healthz`)).json()) as { reasons?: string[] }
    return answer.reasons ?? []
  }
  if (worker) {
    startWorker()
    if (awaitTarget) await until(async () => (await store.target.read()).state === 'up')
  }
  return {
    ...entrancesOf(gateway),
    dbPath,
    store,
    startWorker,
    startGateway: async () => entrancesOf(await openGateway()),
    stopWorker,
    stopGateway: () => gateway.stop(),
    healthReasons,
  }
}
