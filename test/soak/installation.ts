import Database from 'better-sqlite3'
import fs from 'node:fs'
import type { Variables } from '../harness/foreman.ts'
import { type Process, startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { until } from '../harness/until.ts'

/** The resident memory of both processes. */
export interface Memory {
  readonly gatewayMb: number
  readonly workerMb: number
}

/** A gateway and a worker as processes, and what a soak asks of them. */
export interface Installation {
  readonly url: string
  readonly dbPath: string
  memory(): Memory
  /** Asks both processes to collect their garbage. */
  collectGarbage(): void
  /** The most memory since it was asked for the last time. */
  peak(): Memory
  /** Resolves when no job is queued or running any more, and no request is being written. */
  settled(timeoutMs: number): Promise<void>
  /** What went wrong: a process that ended, an error in a log, a damaged file. */
  faults(): readonly string[]
}

/** Linux tells here how much memory a process has. */
export const canMeasureMemory = fs.existsSync('/proc/self/status')

const COLLECT_GARBAGE = new URL('collect-garbage.ts', import.meta.url).href
const PEAK_INTERVAL_MS = 50
const START_TIMEOUT_MS = 60_000
const MAX_SHOWN_CHARACTERS = 400

const residentMb = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  } catch {
    return Number.NaN
  }
}

/** Lines that foreman logs when it meets an error that nobody has foreseen. */
const errorsIn = (name: string, output: string): string[] =>
  output
    .split('\n')
    .filter(line => /^\{"level":(50|60),/.test(line) || (line !== '' && !line.startsWith('{')))
    .map(line => `the ${name} logs: ${line.slice(0, MAX_SHOWN_CHARACTERS)}`)

export const startInstallation = async (target: string, more: Variables = {}): Promise<Installation> => {
  const variables = variablesFor(target, { NODE_OPTIONS: `--import=${COLLECT_GARBAGE}`, ...more })
  const processes: Readonly<Record<'gateway' | 'worker', Process>> & { gateway: { url: string } } = {
    gateway: await startGatewayProcess(variables),
    worker: startWorkerProcess(variables),
  }
  const { gateway, worker } = processes
  const ends: string[] = []
  for (const [name, { ended }] of Object.entries(processes))
    void ended.then(how => ends.push(`the ${name} has ended: ${how}`))
  await until(() => worker.output().includes('the target is there'), START_TIMEOUT_MS)
  const db = new Database(variables.FOREMAN_DB_PATH, { readonly: true })
  const unfinished = db
    .prepare(
      "SELECT (SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')) + (SELECT count(*) FROM arrivals)",
    )
    .pluck()
  const memory = (): Memory => ({ gatewayMb: residentMb(gateway.pid), workerMb: residentMb(worker.pid) })
  let most = memory()
  const watch = setInterval(() => {
    const { gatewayMb, workerMb } = memory()
    most = { gatewayMb: Math.max(most.gatewayMb, gatewayMb), workerMb: Math.max(most.workerMb, workerMb) }
  }, PEAK_INTERVAL_MS)
  watch.unref()
  return {
    url: gateway.url,
    dbPath: variables.FOREMAN_DB_PATH,
    memory,
    collectGarbage: () => {
      gateway.kill('SIGUSR2')
      worker.kill('SIGUSR2')
    },
    peak: () => {
      const peak = most
      most = memory()
      return peak
    },
    settled: timeoutMs => until(() => unfinished.get() === 0, timeoutMs),
    faults: () => [
      ...ends,
      ...errorsIn('gateway', gateway.output()),
      ...errorsIn('worker', worker.output()),
      ...damageIn(db),
    ],
  }
}

const damageIn = (db: Database.Database): string[] => {
  const verdict: unknown = db.pragma('quick_check', { simple: true })
  return verdict === 'ok' ? [] : [`quick_check says: ${String(verdict)}`]
}
