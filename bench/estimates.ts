import type { Job } from '@foreman/jobs'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Foreman, queueDirectory, startForeman, startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { play } from './play.ts'
import recorded from './schedule/recorded.json' with { type: 'json' }
import { scatterPlot } from './schedule/scatter.ts'
import { batch, type Trace } from './schedule/trace.ts'
import { percentile } from './stats.ts'
import { figure, table } from './table.ts'

const file = path.join(import.meta.dirname, '../docs/estimates.svg')

/** The traces of docs/scheduling.md, ten times as fast. */
const FASTER = 10
const TOKENS_PER_SECOND = 100
const MS = 1_000
/** The bound and the half-life go as fast as everything else. */
const FASTER_VARIABLES = { FOREMAN_MAX_WAIT: '6s', FOREMAN_FAIR_HALFLIFE: '30s' }
const NAMES: Readonly<Record<string, string>> = { m0: 'alpha', m1: 'beta', m2: 'gamma' }

/** How often each job that waits is asked about. */
const ASK_EVERY_MS = 500
/** What waits for less is as good as started: the error in percent of it says nothing. */
const SHORTEST_MS = 200

interface Case {
  readonly name: string
  readonly trace: Trace
  readonly loadS: number
}

const cases: readonly Case[] = [
  { name: '60 jobs at once, 3 models', trace: batch(60, 3, 10)(1), loadS: 10 },
  { name: '3 people, 2 agents and 60 jobs at once', trace: { ...recorded, agents: [] }, loadS: 5 },
]

/** What was foretold of a job at one moment, and what came. */
interface Foretold {
  readonly foretoldMs: number
  readonly range: readonly [number, number]
  readonly waitedMs: number
}

/**
 * How well `GET /jobs/:id` foretells when jobs start, through the real processes: every job that waits is asked about again and
 * again. Writes the plot of docs/scheduling.md, unless it is quick.
 */
export const estimates = async (options: BenchOptions) => {
  const measured: { readonly name: string; readonly foretold: readonly Foretold[] }[] = []
  for (const { name, ...one } of options.quick ? cases.slice(0, 1) : cases)
    measured.push({ name, foretold: await measure(one, options) })
  const rows = measured.map(({ name, foretold }) => {
    const errors = foretold.map(({ foretoldMs, waitedMs }) => Math.abs(foretoldMs - waitedMs) / waitedMs)
    const inRange = foretold.filter(({ range, waitedMs }) => waitedMs >= range[0] && waitedMs <= range[1])
    return [
      name,
      foretold.length,
      figure(percentile(errors, 0.5) * 100, 0),
      figure(percentile(errors, 0.9) * 100, 0),
      figure((inRange.length / foretold.length) * 100, 0),
    ]
  })
  if (!options.quick) fs.writeFileSync(file, plotOf(measured))
  const header = ['', 'estimates', 'median error %', 'p90 error %', 'within the range %']
  return { measured, text: table(header, rows) }
}

const plotOf = (measured: readonly { readonly name: string; readonly foretold: readonly Foretold[] }[]) =>
  scatterPlot(
    'How long a job was to wait, and how long it waited, in seconds',
    measured.map(({ name, foretold }) => ({
      name,
      points: foretold.map(({ foretoldMs, waitedMs }) => [foretoldMs / MS, waitedMs / MS] as const),
    })),
  )

const measure = async (
  { trace, loadS }: Omit<Case, 'name'>,
  { directory, profileDirectory }: BenchOptions,
): Promise<Foretold[]> => {
  const simulation = await startSimulation({
    loadMs: (loadS / FASTER) * MS,
    tokensPerSecond: TOKENS_PER_SECOND,
  })
  const foreman = await startForeman({
    target: simulation.url,
    directory: queueDirectory(directory),
    variables: FASTER_VARIABLES,
    profileDirectory,
  })
  try {
    // Nothing is foretold of what was never measured.
    for (const model of ['m0', 'm1', 'm2', 'm0', 'm1', 'm2'])
      await run(foreman, { model, workS: 1, caller: 'warm-up' })
    await delay(3 * MS)
    const asked: Asked[] = []
    await play(trace, FASTER, async asking => void asked.push(...(await run(foreman, asking))))
    return asked.flatMap(({ estimate, at, startedAt }) => {
      const { estimated_wait_ms: foretoldMs, estimated_wait_range_ms: range } = estimate
      const waitedMs = startedAt - at
      return foretoldMs === undefined || range === undefined || waitedMs < SHORTEST_MS
        ? []
        : [{ foretoldMs, range, waitedMs }]
    })
  } finally {
    await foreman.stop()
    await simulation.stop()
  }
}

interface Asked {
  readonly estimate: Job
  readonly at: number
  readonly startedAt: number
}

/** Submits a job, and asks about it until it has ended. */
const run = async (
  { url }: Foreman,
  { model, workS, caller }: { readonly model: string; readonly workS: number; readonly caller: string },
): Promise<Asked[]> => {
  const request = {
    model: NAMES[model] ?? model,
    messages: [{ role: 'user', content: 'hi' }],
    options: { num_predict: Math.max(1, Math.round((workS / FASTER) * TOKENS_PER_SECOND)) },
  }
  const { id } = await json<Job>(`${url}/jobs`, {
    method: 'POST',
    headers: { 'X-Foreman-User': caller },
    body: JSON.stringify({ endpoint: '/api/chat', request }),
  })
  const seen: { estimate: Job; at: number }[] = []
  for (;;) {
    const job = await json<Job>(`${url}/jobs/${id}`)
    if (job.state === 'failed' || job.state === 'cancelled') throw new Error(`job ${id} has ${job.state}`)
    if (job.state === 'succeeded') {
      const startedAt = Date.parse(job.started_at ?? '')
      return seen.map(each => ({ ...each, startedAt }))
    }
    if (job.state === 'queued') seen.push({ estimate: job, at: Date.now() })
    await delay(ASK_EVERY_MS)
  }
}

const json = async <T>(
  url: string,
  {
    headers = {},
    ...init
  }: { method?: string; body?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<T> => {
  const answer = await fetch(url, { ...init, headers: { 'Content-Type': 'application/json', ...headers } })
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}
