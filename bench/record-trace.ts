import type { SeenRequest } from '@foreman/ollama-sim'
import fs from 'node:fs'
import path from 'node:path'
import { startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { play } from './play.ts'
import { type Answered, arrivalsOf, type Recording, rounded, textOf } from './schedule/recording.ts'
import { agents, people, type Trace } from './schedule/trace.ts'
import { figure, table } from './table.ts'

const file = path.join(import.meta.dirname, 'schedule/recorded.json')

/** What takes 15 minutes in the recording takes 90 s. */
const FASTER = 10
const QUICK_S = 30
const LOAD_S = 5
const TOKENS_PER_SECOND = 100
const MS = 1_000
const NS_PER_S = 1e9

/** A name of the simulated Ollama for each model of a trace. */
const NAMES: Readonly<Record<string, string>> = { m0: 'alpha', m1: 'beta', m2: 'gamma' }

/** A person with a chat application on each of three models, an agent on two of them, and 60 jobs for the third one. */
const scenario: Trace = {
  loadS: {},
  agents: [...people(3, 3, LOAD_S, 20)(1).agents, ...agents(2, 2, LOAD_S, 2, 3)(1).agents],
  jobs: Array.from({ length: 60 }, (_, at) => ({
    at: 300 + at * 0.1,
    caller: 'bulk',
    model: 'm2',
    workS: 1,
    kind: 'bulk',
  })),
}

const quickScenario: Trace = {
  ...scenario,
  agents: scenario.agents.map(agent => ({ ...agent, untilS: QUICK_S })),
  jobs: [],
}

/**
 * Records what arrives at a simulated Ollama while callers of several kinds use it: the trace of `schedule`. The callers get their
 * answers in order of arrival. Writes the file, unless it is quick.
 */
export const recordTrace = async ({ quick }: Pick<BenchOptions, 'quick'>) => {
  const recording = await record(quick ? quickScenario : scenario)
  const kinds = Map.groupBy(recording.jobs, ({ kind }) => kind)
  const rows = [...kinds].map(([kind, jobs]) => [
    kind,
    jobs.length,
    figure(jobs.reduce((sum, { workS }) => sum + workS, 0) / jobs.length),
  ])
  if (!quick) fs.writeFileSync(file, textOf(recording))
  return { measured: recording, text: table(['', 'requests', 'work s'], rows) }
}

const record = async (trace: Trace): Promise<Recording> => {
  const simulation = await startSimulation({
    loadMs: (LOAD_S / FASTER) * MS,
    tokensPerSecond: TOKENS_PER_SECOND,
  })
  const { url } = simulation
  try {
    const loadS = await loadsOf(url)
    const answered: Answered[] = []
    const beganAtMs = Date.now()
    await play(trace, FASTER, async ({ caller, model: its, kind, workS }) => {
      const model = NAMES[its] ?? its
      const sentAtMs = performance.now()
      const { prompt_eval_duration, eval_duration } = await ask(`${url}/api/chat`, {
        model,
        messages: [{ role: 'user', content: 'hi' }],
        options: { num_predict: Math.max(1, Math.round((workS / FASTER) * TOKENS_PER_SECOND)) },
      })
      const tookS = (prompt_eval_duration + eval_duration) / NS_PER_S
      answered.push({ caller, model, kind, workS: tookS, sentAtMs })
    })
    const { requests } = (await (await fetch(`${url}/sim/state`)).json()) as { requests: SeenRequest[] }
    const seen = requests.filter(request => request.path === '/api/chat')
    return { loadS, jobs: arrivalsOf(seen, answered, { beganAtMs, faster: FASTER }) }
  } finally {
    await simulation.stop()
  }
}

/** How long each model takes to load, when nothing else happens. */
const loadsOf = async (url: string): Promise<Record<string, number>> => {
  const loads: Record<string, number> = {}
  for (const model of Object.values(NAMES)) {
    const { load_duration } = await ask(`${url}/api/generate`, {
      model,
      prompt: 'hi',
      options: { num_predict: 1 },
    })
    loads[model] = rounded((load_duration / NS_PER_S) * FASTER)
  }
  return loads
}

/** The times of an answer, in ns. */
interface Durations {
  readonly load_duration: number
  readonly prompt_eval_duration: number
  readonly eval_duration: number
}

const ask = async (url: string, body: object): Promise<Durations> => {
  const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ ...body, stream: false }) })
  if (answer.status !== 200) throw new Error(`${url} was answered with ${answer.status}`)
  return (await answer.json()) as Durations
}
