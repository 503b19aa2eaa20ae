import { setTimeout as delay } from 'node:timers/promises'
import { bestOrder, type Job } from './best-order.ts'
import { newPool, timedCall, type Timing } from './caller.ts'
import { queueDirectory, startForeman, startSimulation, type Simulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { spread, type Spread } from './stats.ts'
import { difference, figure, table } from './table.ts'

const MODELS = ['alpha', 'beta', 'gamma']

interface Case {
  readonly jobs: number
  readonly jobMs: number
  /** How many jobs take as long as one load. */
  readonly loadJobs: number
  /** The time between two arrivals. */
  readonly everyMs: number
}

interface Outcome {
  readonly way: string
  readonly loads: number
  readonly makespanMs: number
  /** The time from the arrival of a job to the end of its answer, less the time of the job itself. */
  readonly waitMs: Spread & { readonly max: number }
}

/** Interleaved jobs for three models: sent to the target directly, through foreman, and in the best order. */
export const swaps = async ({ quick, directory, profileDirectory }: BenchOptions) => {
  const [jobs, jobMs] = quick ? [18, 10] : [60, 50]
  const cases: Case[] = [3, 10].flatMap(loadJobs =>
    [0, jobMs].map(everyMs => ({ jobs, jobMs, loadJobs, everyMs })),
  )
  const measured: { case: Case; outcomes: Outcome[] }[] = []
  for (const one of quick ? cases.filter(({ loadJobs }) => loadJobs === 3) : cases) {
    measured.push({ case: one, outcomes: await compare(one, queueDirectory(directory), profileDirectory) })
  }
  return { measured, text: describe(measured) }
}

const compare = async (
  one: Case,
  directory: string,
  profileDirectory: string | undefined,
): Promise<Outcome[]> => {
  const { jobMs, loadJobs, everyMs } = one
  const loadMs = loadJobs * jobMs
  const simulation = await startSimulation({ loadMs, promptMs: jobMs })
  const foreman = await startForeman({ target: simulation.url, directory, profileDirectory })
  const jobs = Array.from({ length: one.jobs }, (_, at) => ({
    model: MODELS[at % MODELS.length] ?? '',
    arrivesAt: at * everyMs,
    takes: jobMs,
  }))
  const best = bestOrder(jobs, () => loadMs)
  try {
    const onArrival = (url: string) => () => sendOnArrival(url, jobs)
    return [
      await measure('direct', simulation, jobMs, onArrival(simulation.url)),
      await measure('foreman', simulation, jobMs, onArrival(foreman.url)),
      await measure('best order', simulation, jobMs, () => sendInOrder(simulation.url, best.order)),
      computed(best.order, { loadMs, jobMs }),
    ]
  } finally {
    await foreman.stop()
    await simulation.stop()
  }
}

/** When a job arrived and when its answer ended, in ms since the start of the run. */
interface Answered {
  readonly arrivedMs: number
  readonly answeredMs: number
}

const measure = async (
  way: string,
  simulation: Simulation,
  jobMs: number,
  run: () => Promise<Answered[]>,
): Promise<Outcome> => {
  await simulation.unload(MODELS)
  const before = await simulation.loads()
  const answered = await run()
  return outcome(way, (await simulation.loads()) - before, jobMs, answered)
}

const outcome = (way: string, loads: number, jobMs: number, answered: readonly Answered[]): Outcome => {
  const waits = answered.map(({ arrivedMs, answeredMs }) => answeredMs - arrivedMs - jobMs)
  const makespanMs = Math.max(...answered.map(({ answeredMs }) => answeredMs))
  return { way, loads, makespanMs, waitMs: { ...spread(waits), max: Math.max(...waits) } }
}

const ask = (url: string, pool: ReturnType<typeof newPool>, model: string): Promise<Timing> =>
  timedCall(url, pool, '/api/generate', {
    model,
    prompt: 'go on',
    stream: false,
    options: { num_predict: 1 },
  })

const sendOnArrival = async (url: string, jobs: readonly Job[]): Promise<Answered[]> => {
  const pool = newPool()
  const start = performance.now()
  const answered = await Promise.all(
    jobs.map(async ({ model, arrivesAt }) => {
      await delay(Math.max(0, start + arrivesAt - performance.now()))
      const { sentAt, lastByteAt } = await ask(url, pool, model)
      return { arrivedMs: sentAt - start, answeredMs: lastByteAt - start }
    }),
  )
  pool.destroy()
  return answered
}

const sendInOrder = async (url: string, jobs: readonly Job[]): Promise<Answered[]> => {
  const pool = newPool()
  const start = performance.now()
  const answered: Answered[] = []
  for (const { model, arrivesAt } of jobs) {
    await delay(Math.max(0, start + arrivesAt - performance.now()))
    const { lastByteAt } = await ask(url, pool, model)
    answered.push({ arrivedMs: arrivesAt, answeredMs: lastByteAt - start })
  }
  pool.destroy()
  return answered
}

/** The best order, computed: without the costs of requests and processes. */
const computed = (order: readonly Job[], { loadMs, jobMs }: { loadMs: number; jobMs: number }): Outcome => {
  let [at, loads, resident] = [0, 0, '']
  const answered = order.map(({ model, arrivesAt }) => {
    const isLoad = model !== resident
    at = Math.max(at, arrivesAt) + (isLoad ? loadMs : 0) + jobMs
    loads += isLoad ? 1 : 0
    resident = model
    return { arrivedMs: arrivesAt, answeredMs: at }
  })
  return outcome('best, computed', loads, jobMs, answered)
}

const describe = (measured: readonly { case: Case; outcomes: readonly Outcome[] }[]): string => {
  const sections = measured.map(({ case: { jobs, jobMs, loadJobs, everyMs }, outcomes }) => {
    const best = outcomes.find(({ way }) => way === 'best order')?.makespanMs ?? Number.NaN
    const rows = outcomes.map(({ way, loads, makespanMs, waitMs }) => [
      way,
      loads,
      figure(makespanMs / 1000),
      `${difference((makespanMs / best - 1) * 100, 1)} %`,
      figure(waitMs.p50 / 1000),
      figure(waitMs.p99 / 1000),
      figure(waitMs.max / 1000),
    ])
    const arrival = everyMs === 0 ? 'all at once' : `one every ${everyMs} ms`
    return [
      `${jobs} jobs of ${jobMs} ms over ${MODELS.length} models, ${arrival}; a load takes as long as ${loadJobs} jobs`,
      table(['', 'loads', 'makespan s', 'to best', 'wait p50 s', 'p99 s', 'max s'], rows),
    ].join('\n')
  })
  return sections.join('\n\n')
}
