import Database from 'better-sqlite3'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { waitingCall } from './caller.ts'
import { build, type Foreman, queueDirectory, startForeman, startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import type { Process } from './processes.ts'
import { figure, ratio, table } from './table.ts'

const NEVER_MS = 3_600_000
/** How many callers connect at the same time. */
const AT_A_TIME = 50
const QUEUED_TIMEOUT_MS = 30_000

interface Observation {
  readonly waiting: number
  readonly seconds: number
  readonly processes: readonly {
    readonly name: string
    readonly cpuPercent: number | undefined
    readonly residentMB: number | undefined
  }[]
}

/** The foremen that are measured beside each other, by what is added to the names of their processes. */
const foremenOf = (against: string | undefined) => [
  { suffix: '' },
  { suffix: ' built', isBuilt: true },
  ...(against === undefined ? [] : [{ suffix: ' before', root: against }]),
]

/**
 * What gateway and worker cost without callers, and with callers who all wait, from source and as the image runs them. Nothing
 * happens meanwhile.
 */
export const idle = async ({ quick, against, directory, profileDirectory }: BenchOptions) => {
  // Node compiles code and collects garbage for some seconds after many callers have come. That is no cost of waiting.
  const [settleMs, windowMs, steps] = quick ? [1_000, 1_000, [0, 50]] : [15_000, 20_000, [0, 100, 1_000]]
  // The first job never ends, so all other jobs wait behind it.
  const simulation = await startSimulation({ promptMs: NEVER_MS })
  const measured: Observation[] = []
  const foremen: (Foreman & { readonly queue: string; readonly callers: (() => void)[] })[] = []
  const processes: Record<string, Process> = {}
  try {
    build()
    for (const { suffix, ...differing } of foremenOf(against)) {
      const queue = queueDirectory(directory)
      const options = { target: simulation.url, directory: queue, profileDirectory }
      const foreman = await startForeman({ ...options, ...differing })
      foremen.push({ ...foreman, queue, callers: [] })
      processes[`gateway${suffix}`] = foreman.gateway
      processes[`worker${suffix}`] = foreman.worker
    }
    for (const waiting of steps) {
      for (const { url, queue, callers } of foremen) {
        await addCallers(url, callers, waiting)
        await areQueued(path.join(queue, 'queue.db'), waiting)
      }
      await delay(settleMs)
      // All of them in the same window, so that whatever else the machine does disturbs all.
      measured.push(await observe(waiting, windowMs, processes))
    }
  } finally {
    await Promise.all(foremen.map(foreman => foreman.stop()))
    for (const leave of foremen.flatMap(({ callers }) => callers)) leave()
    await simulation.stop()
  }
  return { measured, text: describe(measured) }
}

const addCallers = async (url: string, callers: (() => void)[], count: number): Promise<void> => {
  const body = { model: 'alpha', messages: [{ role: 'user', content: 'hi' }] }
  while (callers.length < count) {
    const missing = Math.min(AT_A_TIME, count - callers.length)
    const more = Array.from({ length: missing }, () => waitingCall(url, '/api/chat', body))
    callers.push(...(await Promise.all(more)))
  }
}

/** Waits until the queue has `count` jobs that have not ended. */
const areQueued = async (file: string, count: number): Promise<void> => {
  const connection = new Database(file, { readonly: true })
  const open = connection.prepare(`SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')`).pluck()
  const deadline = performance.now() + QUEUED_TIMEOUT_MS
  try {
    while (open.get() !== count) {
      if (performance.now() > deadline) throw new Error(`${String(open.get())} of ${count} callers wait`)
      await delay(50)
    }
  } finally {
    connection.close()
  }
}

const observe = async (
  waiting: number,
  windowMs: number,
  processes: Record<string, Process>,
): Promise<Observation> => {
  const begin = performance.now()
  const before = Object.entries(processes).map(([name, process]) => ({
    name,
    process,
    cpuMs: process.cpuMs(),
  }))
  await delay(windowMs)
  const elapsedMs = performance.now() - begin
  return {
    waiting,
    seconds: elapsedMs / 1000,
    processes: before.map(({ name, process, cpuMs }) => {
      const now = process.cpuMs()
      const resident = process.residentBytes()
      return {
        name,
        cpuPercent: cpuMs === undefined || now === undefined ? undefined : ((now - cpuMs) / elapsedMs) * 100,
        residentMB: resident === undefined ? undefined : resident / 1e6,
      }
    }),
  }
}

const describe = (measured: readonly Observation[]): string => {
  const rows = measured.flatMap(({ waiting, seconds, processes }) =>
    processes.map(({ name, cpuPercent, residentMB }) => [
      name,
      waiting,
      figure(seconds, 0),
      figure(cpuPercent),
      figure(residentMB, 0),
    ]),
  )
  const absolute = table(['process', 'callers waiting', 'seconds', 'CPU % of a core', 'memory MB'], rows)
  return [absolute, ...comparison(measured)].join('\n')
}

/** Nothing without `--against`. */
const comparison = (measured: readonly Observation[]): string[] => {
  const rows = measured.flatMap(({ waiting, processes }) =>
    ['gateway', 'worker'].flatMap(name => {
      const now = processes.find(one => one.name === name)
      const before = processes.find(one => one.name === `${name} before`)
      if (!now || !before) return []
      const by = (key: 'cpuPercent' | 'residentMB') =>
        ratio((before[key] ?? Number.NaN) / (now[key] ?? Number.NaN), 3)
      return [[name, waiting, by('cpuPercent'), by('residentMB')]]
    }),
  )
  if (rows.length === 0) return []
  const header = ['process', 'callers waiting', 'CPU', 'memory']
  return ['', 'before / foreman (above 1: foreman needs less now)', table(header, rows)]
}
