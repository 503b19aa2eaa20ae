import Database from 'better-sqlite3'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { waitingCall } from './caller.ts'
import { queueDirectory, startForeman, startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import type { Process } from './processes.ts'
import { figure, table } from './table.ts'

const NEVER_MS = 3_600_000
/** Starting up leaves work behind: compiling, collecting. */
const SETTLE_MS = 1_000
const AT_A_TIME = 50
const QUEUED_TIMEOUT_MS = 30_000

interface Observation {
  readonly waiting: number
  readonly seconds: number
  readonly processes: readonly {
    name: string
    cpuPercent: number | undefined
    residentMB: number | undefined
  }[]
}

/** What gateway and worker cost while nothing happens: without callers, and with callers who all wait. */
export const idle = async ({ quick, directory, profileDirectory }: BenchOptions) => {
  const [windowMs, steps] = quick ? [1_000, [0, 50]] : [10_000, [0, 100, 1_000]]
  // The first job never ends, and so all the others wait behind it.
  const simulation = await startSimulation({ promptMs: NEVER_MS })
  const queue = queueDirectory(directory)
  const foreman = await startForeman({ target: simulation.url, directory: queue, profileDirectory })
  const measured: Observation[] = []
  const callers: (() => void)[] = []
  try {
    for (const waiting of steps) {
      while (callers.length < waiting) {
        const missing = Math.min(AT_A_TIME, waiting - callers.length)
        const more = Array.from({ length: missing }, () =>
          waitingCall(foreman.url, '/api/chat', {
            model: 'alpha',
            messages: [{ role: 'user', content: 'hi' }],
          }),
        )
        callers.push(...(await Promise.all(more)))
      }
      await areQueued(path.join(queue, 'queue.db'), waiting)
      await delay(SETTLE_MS)
      measured.push(await observe(waiting, windowMs, { gateway: foreman.gateway, worker: foreman.worker }))
    }
  } finally {
    await foreman.stop()
    for (const leave of callers) leave()
    await simulation.stop()
  }
  return { measured, text: describe(measured) }
}

/** Waits until so many jobs are taken and none of them has ended. */
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
  return table(['process', 'callers waiting', 'seconds', 'CPU % of a core', 'memory MB'], rows)
}
