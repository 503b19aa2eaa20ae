import { localUrl } from '@foreman/process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemClock } from './clock.ts'
import { control } from './control.ts'
import { Faults } from './faults.ts'
import { type Model, type ProseModel, proseModel, recordedModels } from './model/catalogue.ts'
import { RequestLog } from './request-log.ts'
import { serves, type SimVersion } from './scheduler/load-options.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { createServer } from './server.ts'
import { indexModels } from './sim-context.ts'
import type { Sim } from './sim-handle.ts'

export interface SimOptions {
  /** The port to listen on. Default: 0, any free port. */
  readonly port?: number
  /** The address to listen on. Default: 127.0.0.1. */
  readonly host?: string
  /** How many models fit in memory. Default: 2. */
  readonly maxLoaded?: number
  /** How long a load takes in milliseconds, for all models or by name. Default: 0. */
  readonly loadMs?: number | Record<string, number>
  /** How fast an answer is generated. Default: 0, which is at once, as is Infinity. */
  readonly tokensPerSecond?: number
  /** How long it takes to read a prompt, in milliseconds. Default: 0. */
  readonly promptMs?: number
  /** How many requests a runner serves at a time. An embedder always serves one. Default: 1. */
  readonly parallel?: number
  /** How many requests may wait for a load. Default: 512. */
  readonly maxQueue?: number
  /** How long a model stays in memory if no request says. Default: 5 minutes. */
  readonly keepAliveMs?: number
  /** Which version it says that it is, and whose way of reloading a model it has. Default: 0.24.0. */
  readonly version?: SimVersion
  /** The names of the installed models of the recordings. Default: all ten. */
  readonly models?: readonly string[]
  /** Further models, which answer in prose. Default: none. */
  readonly proseModels?: readonly ProseModel[]
  /** The names of further models that accept tools; they call none. Default: none. */
  readonly acceptTools?: readonly string[]
}

/**
 * Starts a simulated Ollama.
 *
 * @throws the system's error when the port is taken
 * @example
 * const sim = await startSim({ maxLoaded: 1, loadMs: 300 })
 */
export const startSim = async (options: SimOptions = {}): Promise<Sim> => {
  const {
    host = '127.0.0.1',
    version = '0.24.0',
    loadMs = 0,
    tokensPerSecond = 0,
    promptMs = 0,
    models,
  } = options
  const clock = systemClock
  const log = new RequestLog()
  const faults = new Faults()
  const scheduler = new Scheduler({
    maxLoaded: options.maxLoaded ?? 2,
    maxQueue: options.maxQueue ?? 512,
    parallel: options.parallel ?? 1,
    keepAliveMs: options.keepAliveMs ?? 300_000,
    loadMs: ({ name }: Model) => (typeof loadMs === 'number' ? loadMs : (loadMs[name] ?? 0)),
    serves: serves[version],
    clock,
  })
  const installed = recordedModels()
    .filter(({ name }) => models?.includes(name) ?? true)
    .map(model =>
      options.acceptTools?.includes(model.name)
        ? { ...model, capabilities: [...model.capabilities, 'tools' as const] }
        : model,
    )
    .concat((options.proseModels ?? []).map(proseModel))
  const pace = { tokensPerSecond: tokensPerSecond === Infinity ? 0 : tokensPerSecond, promptMs }
  const server = createServer({
    context: { scheduler, clock, pace, models: indexModels(installed), version },
    faults,
    log,
    control: (request, response, body) => control(sim, request, response, body),
    loopback: ['127.0.0.1', 'localhost', '::1'].includes(host),
  })

  const listen = async (onPort: number): Promise<number> => {
    server.listen(onPort, host)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(options.port ?? 0)

  let closed = false
  const silence = () => {
    if (server.listening) server.close()
    server.closeAllConnections()
  }
  /** Listens while no `refuse` fault is on. */
  const settle = async () => {
    const refused = closed || faults.list().some(({ kind }) => kind === 'refuse')
    if (refused) silence()
    else if (!server.listening) await listen(port)
  }
  const clearFaults = (id?: number) => {
    faults.lift(id)
    return settle()
  }

  const sim: Sim = {
    url: localUrl({ host, port }),
    port,
    get loads() {
      return scheduler.loads
    },
    get loadsByModel() {
      return Object.fromEntries(scheduler.loadsByModel)
    },
    get loadsAbandoned() {
      return scheduler.loadsAbandoned
    },
    requests: log.seen,
    get inFlight() {
      return log.inFlight
    },
    get queued() {
      return scheduler.queued
    },
    resident: () => scheduler.resident().map(({ model }) => model.name),
    get faults() {
      return faults.list()
    },
    fault(fault) {
      const active = faults.add(fault)
      const lift = () => clearFaults(active.id)
      if (fault.kind === 'refuse') {
        silence()
        if (fault.forMs !== undefined) clock.after(fault.forMs, () => void lift())
      }
      return { ...active, lift }
    },
    clearFaults,
    async close() {
      if (closed) return
      closed = true
      scheduler.close()
      const gone = server.listening ? once(server, 'close') : undefined
      silence()
      await gone
    },
  }
  return sim
}
