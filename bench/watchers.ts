import { ForemanClient } from '@foreman/foreman-client'
import type http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Audience, gather } from './audience.ts'
import { newPool, timedCall } from './caller.ts'
import { fillFile } from './fill.ts'
import { type Foreman, queueDirectory, startForeman, startSimulation } from './installation.ts'
import { learnModels } from './learn-models.ts'
import type { BenchOptions } from './options.ts'
import { medianSpread, spread } from './stats.ts'
import { figure, ratio, table } from './table.ts'

/** Nobody, a few screens on walls, and as many as there will hardly ever be. */
const AUDIENCES: readonly Audience[] = [
  { what: 'nobody', streams: 0, arePages: false },
  { what: '10 streams', streams: 10, arePages: false },
  { what: '50 streams', streams: 50, arePages: false },
  { what: '50 open pages', streams: 50, arePages: true },
]
const ACCOUNTS = 100
/** The processes get used to the many jobs during these calls. */
const WARM_UP_CALLS = 500
const REST_MS = 3_000
const IDLE_MS = 10_000

interface Effort {
  readonly queued: number
  readonly rounds: number
  readonly calls: number
}

interface Measured {
  readonly audience: string
  readonly first: { readonly p50: number; readonly p99: number }
  /** Of the gateway with nothing to do, in percent of a core. */
  readonly idleCpuPercent: number | undefined
}

/** Measures what watchers of the queue cost a caller, behind many jobs that are held back. */
export const watchers = async ({ quick, directory, profileDirectory }: BenchOptions) => {
  const effort: Effort = quick
    ? { queued: 5_000, rounds: 1, calls: 20 }
    : { queued: 1_000_000, rounds: 15, calls: 300 }
  const queue = queueDirectory(directory)
  const simulation = await startSimulation()
  await learnModels({ target: simulation.url, directory: queue })
  // Of low priority, of many callers in many groups.
  await fillFile(path.join(queue, 'queue.db'), effort.queued, at => ({
    account: `caller ${at % ACCOUNTS}`,
    priority: 'low',
  }))
  const foreman = await startForeman({ target: simulation.url, directory: queue, profileDirectory })
  try {
    // None of the many jobs starts: only what is measured runs.
    await new ForemanClient({ url: foreman.url }).queue.hold({ kind: 'priority', subject: 'low' })
    const measured = await measure(foreman, effort)
    return { measured, text: describe(measured, effort) }
  } finally {
    await foreman.stop()
    await simulation.stop()
  }
}

const measure = async (foreman: Foreman, { rounds, calls }: Effort): Promise<Measured[]> => {
  const pool = newPool()
  await callAll(foreman.url, pool, WARM_UP_CALLS)
  const firsts = AUDIENCES.map(() => [] as { readonly p50: number; readonly p99: number }[])
  for (let round = 0; round < rounds; round++)
    for (const place of AUDIENCES.keys()) {
      // Each is the first one in its turn.
      const at = (place + round) % AUDIENCES.length
      const leave = await gather(foreman.url, AUDIENCES[at]!)
      firsts[at]!.push(spread(await callAll(foreman.url, pool, calls)))
      leave()
    }
  pool.destroy()
  const measured: Measured[] = []
  for (const [at, audience] of AUDIENCES.entries()) {
    const leave = await gather(foreman.url, audience)
    await delay(REST_MS)
    const before = foreman.gateway.cpuMs()
    await delay(IDLE_MS)
    const after = foreman.gateway.cpuMs()
    leave()
    const idleCpuPercent =
      before === undefined || after === undefined ? undefined : ((after - before) / IDLE_MS) * 100
    measured.push({ audience: audience.what, first: middle(firsts[at]!), idleCpuPercent })
  }
  return measured
}

/** @returns the times to the first byte, in ms */
const callAll = async (url: string, pool: http.Agent, calls: number): Promise<number[]> => {
  const times: number[] = []
  for (let call = 0; call < calls; call++) {
    const body = { model: 'plain', prompt: 'hi', options: { num_predict: 3 } }
    const { sentAt, firstByteAt } = await timedCall(url, pool, '/api/generate', body)
    times.push(firstByteAt - sentAt)
  }
  return times
}

const middle = (rounds: readonly { readonly p50: number; readonly p99: number }[]) => ({
  p50: medianSpread(rounds).p50,
  p99: medianSpread(rounds).p99,
})

const describe = (measured: readonly Measured[], { queued }: Effort): string => {
  const [none] = measured
  return [
    `Watchers of the queue, behind ${queued} jobs that are held back: the first byte of an answer (ms)`,
    table(
      ['watching', 'p50', 'p99', 'p50 to none', 'p99 to none', 'gateway idle, % of a core'],
      measured.map(({ audience, first, idleCpuPercent }) => [
        audience,
        figure(first.p50, 2),
        figure(first.p99, 2),
        ratio(first.p50 / (none?.first.p50 ?? Number.NaN)),
        ratio(first.p99 / (none?.first.p99 ?? Number.NaN)),
        idleCpuPercent === undefined ? '' : figure(idleCpuPercent, 2),
      ]),
    ),
  ].join('\n')
}
