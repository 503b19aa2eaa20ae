import { localUrl } from '@foreman/process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { systemClock } from './clock.ts'
import { control } from './control.ts'
import { Faults, type ActiveFault, type Fault } from './faults.ts'
import { recordedModels, type Model } from './model/catalogue.ts'
import { RequestLog, type SeenRequest } from './request-log.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { createServer } from './server.ts'
import { indexModels } from './sim-context.ts'

export interface SimOptions {
  /** Default: 0, any free port. */
  port?: number
  /** Default: 127.0.0.1. */
  host?: string
  /** Models resident at a time. Default: 2. */
  maxLoaded?: number
  /** What a load costs, for all models or by name; in milliseconds. Default: 0. */
  loadMs?: number | Record<string, number>
  /** 0 or Infinity: at once, the default. */
  tokensPerSecond?: number
  /** Time to read a prompt, in milliseconds. Default: 0. */
  promptMs?: number
  /** Requests that a runner serves at a time; an embedder always serves one. Default: 1. */
  parallel?: number
  /** Requests that may wait for a load. Default: 512. */
  maxQueue?: number
  /** Keep-alive where no request names one. Default: 5 minutes. */
  keepAliveMs?: number
  /** Names of the models that are installed. Default: all ten. */
  models?: readonly string[]
}

export interface Sim {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Loads begun so far, thrown-away ones included. */
  readonly loads: number
  readonly loadsByModel: Readonly<Record<string, number>>
  /** Loads thrown away because the caller left. */
  readonly loadsAbandoned: number
  /** Requests so far, in order of arrival; of a long run the last ten thousand. */
  readonly requests: readonly SeenRequest[]
  /** Requests that need a model and are not answered yet. */
  readonly inFlight: number
  /** Requests that wait for a load or an eviction. */
  readonly queued: number
  /** Names of the models that runners were loaded for, the longest-lived first. */
  resident(): string[]
  /** Faults that are on. */
  readonly faults: readonly ActiveFault[]
  /** Makes something go wrong from now on; `lift` ends it. */
  fault(fault: Fault): ActiveFault & { lift(): Promise<void> }
  /** Lifts one fault, or all. Resolves when it listens, if that was the fault. */
  clearFaults(id?: number): Promise<void>
  /** Stops at once and cuts every connection. Harmless when repeated. */
  close(): Promise<void>
}

/** Starts a simulated Ollama. Rejects when the port is taken. */
export const startSim = async (options: SimOptions = {}): Promise<Sim> => {
  const { host = '127.0.0.1', loadMs = 0, tokensPerSecond = 0, promptMs = 0, models } = options
  const clock = systemClock
  const log = new RequestLog()
  const faults = new Faults()
  const scheduler = new Scheduler({
    maxLoaded: options.maxLoaded ?? 2,
    maxQueue: options.maxQueue ?? 512,
    parallel: options.parallel ?? 1,
    keepAliveMs: options.keepAliveMs ?? 300_000,
    loadMs: ({ name }: Model) => (typeof loadMs === 'number' ? loadMs : (loadMs[name] ?? 0)),
    clock,
  })
  const installed = recordedModels().filter(({ name }) => models?.includes(name) ?? true)
  const pace = { tokensPerSecond: tokensPerSecond === Infinity ? 0 : tokensPerSecond, promptMs }
  const server = createServer({
    context: { scheduler, clock, pace, models: indexModels(installed) },
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
