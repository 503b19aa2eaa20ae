import { execFile } from 'node:child_process'
import http from 'node:http'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kinds, type Kind } from './costly-requests.ts'
import { type Foreman, queueDirectory, startForeman } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { startProcess } from './processes.ts'
import type { Costly } from './sender.ts'
import { figure, table } from './table.ts'

const execute = promisify(execFile)

/** The target sends a piece so often. */
const PIECE_MS = 20
const SAMPLE_MS = 20
/** What a request leaves behind happens within this time after its answer. */
const SETTLE_MS = 1_500
const END_TIMEOUT_MS = 180_000
const MB = 1_000_000
const QUICK_KINDS = 3

type Way = 'foreman' | 'before'

interface Measured {
  readonly what: string
  readonly way: Way
  /** What the sender of the costly request was answered. */
  readonly answer: string
  /** How much longer than usual the stream stood still at the most. */
  readonly longestPauseMs: number
  readonly gatewayBytes: number
  readonly workerBytes: number
}

/** Measures how long the stream of one caller stands still while another caller sends what costs much. */
export const neighbours = async ({ quick, against, directory, profileDirectory }: BenchOptions) => {
  const target = await startProcess({ name: 'target', file: 'bench/even-target.ts', ready: /(http:\S+)/ })
  const start = (root?: string) =>
    startForeman({
      target: target.said,
      root,
      directory: queueDirectory(directory),
      // The stream and the costly request run at the same time.
      variables: { FOREMAN_CONCURRENCY: '4' },
      profileDirectory,
    })
  const ways: { way: Way; foreman: Foreman }[] = [{ way: 'foreman', foreman: await start() }]
  if (against !== undefined) ways.push({ way: 'before', foreman: await start(against) })
  const measured: Measured[] = []
  try {
    for (const kind of quick ? kinds.slice(0, QUICK_KINDS) : kinds)
      for (const { way, foreman } of ways) measured.push({ way, ...(await measure(kind, foreman)) })
  } finally {
    await Promise.all(ways.map(({ foreman }) => foreman.stop()))
    await target.stop()
  }
  return { measured, text: describe(measured) }
}

const measure = async ({ what, submit, costly }: Kind, foreman: Foreman): Promise<Omit<Measured, 'way'>> => {
  const { url } = foreman
  const id = submit && (await endedJob(url, submit))
  const stream = openStream(url)
  await stream.flows
  const memory = watchMemory(foreman)
  stream.reset()
  const answer = await sent(costly(url, id))
  await delay(SETTLE_MS)
  const longestPauseMs = Math.max(0, stream.longestGapMs() - PIECE_MS)
  stream.close()
  await queueIsEmpty(url)
  return { what, answer, longestPauseMs, ...memory.stop() }
}

/** A streaming answer that does not end. */
const openStream = (url: string) => {
  let last = 0
  let longest = 0
  const began = Promise.withResolvers<void>()
  const request = http.request(`${url}/api/generate`, { method: 'POST' }, response => {
    response.on('data', () => {
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
      began.resolve()
    })
    response.on('error', () => undefined)
  })
  request.on('error', began.reject)
  request.end('{"model":"m","prompt":"steady"}')
  return {
    flows: began.promise,
    reset: (): void => {
      longest = 0
    },
    /** Silence that goes on counts, too. */
    longestGapMs: () => Math.max(longest, performance.now() - last),
    close: (): void => void request.destroy(),
  }
}

const watchMemory = ({ gateway, worker }: Foreman) => {
  const most = { gatewayBytes: 0, workerBytes: 0 }
  const sample = () => {
    most.gatewayBytes = Math.max(most.gatewayBytes, gateway.residentBytes() ?? Number.NaN)
    most.workerBytes = Math.max(most.workerBytes, worker.residentBytes() ?? Number.NaN)
  }
  const timer = setInterval(sample, SAMPLE_MS)
  return {
    stop: () => {
      clearInterval(timer)
      return most
    },
  }
}

const sent = async (costly: Costly): Promise<string> => {
  const sender = path.join(import.meta.dirname, 'sender.ts')
  const running = execute(process.execPath, [...process.execArgv, sender])
  running.child.stdin?.end(JSON.stringify(costly))
  return (await running).stdout.trim()
}

const endedJob = async (url: string, submission: object): Promise<string> => {
  const accepted = await fetch(`${url}/jobs`, { method: 'POST', body: JSON.stringify(submission) })
  if (accepted.status !== 202) throw new Error(`POST /jobs was answered with ${accepted.status}`)
  const { id } = (await accepted.json()) as { id: string }
  await queueIsEmpty(url)
  return id
}

const queueIsEmpty = async (url: string): Promise<void> => {
  const deadline = performance.now() + END_TIMEOUT_MS
  for (const state of ['queued', 'running'])
    for (;;) {
      const { jobs } = (await (await fetch(`${url}/jobs?limit=1&state=${state}`)).json()) as {
        jobs: unknown[]
      }
      if (jobs.length === 0) break
      if (performance.now() > deadline) throw new Error(`jobs stay ${state}`)
      await delay(SAMPLE_MS)
    }
}

const describe = (measured: readonly Measured[]): string =>
  table(
    ['another caller sends', 'way', 'answer', 'longest pause ms', 'gateway MB', 'worker MB'],
    measured.map(({ what, way, answer, longestPauseMs, gatewayBytes, workerBytes }) => [
      what,
      way,
      answer,
      figure(longestPauseMs, 0),
      figure(gatewayBytes / MB, 0),
      figure(workerBytes / MB, 0),
    ]),
  )
