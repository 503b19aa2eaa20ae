import { newPool, timedCall } from './caller.ts'
import { queueDirectory, startForeman, startSimulation } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { play } from './play.ts'
import {
  agents,
  bulk,
  independent,
  type MakeTrace,
  people,
  toolAgents,
  type Trace,
} from './schedule/trace.ts'
import { percentile } from './stats.ts'
import { figure, table } from './table.ts'

/** The traces of docs/scheduling.md take 15 minutes. Here everything goes ten times as fast. */
const FASTER = 10
const TOKENS_PER_SECOND = 100
const QUICK_S = 3
/** The bound and the half-life go as fast as everything else. A heartbeat would pass for the first byte of an answer. */
const FASTER_VARIABLES = {
  FOREMAN_MAX_WAIT: '6s',
  FOREMAN_FAIR_HALFLIFE: '30s',
  FOREMAN_HEARTBEAT: '10m',
}
const MS = 1_000

/** A foreman with these variables. Undefined: the target alone. */
type Variables = Readonly<Record<string, string>> | undefined

interface Case {
  readonly name: string
  readonly make: MakeTrace
  readonly loadS: number
  /** How many models are in memory at a time. Default: 1. */
  readonly room?: number
  readonly ways: Readonly<Record<string, Variables>>
  /** Whose waits are shown. */
  readonly shown: string
}

const expecting = { foreman: {}, 'FOREMAN_EXPECT=off': { FOREMAN_EXPECT: 'off' }, direct: undefined }
const sharing = {
  foreman: {},
  'FOREMAN_FAIR_HALFLIFE=0': { FOREMAN_FAIR_HALFLIFE: '0' },
  direct: undefined,
}

const cases: readonly Case[] = [
  { name: '2 agents on 2 models', make: agents(2, 2, 10, 2, 3), loadS: 10, ways: expecting, shown: 'agent' },
  {
    name: '2 agents that call tools, 2 models',
    make: toolAgents(2, 2, 10, 5),
    loadS: 10,
    ways: expecting,
    shown: 'step',
  },
  {
    name: '2 people with a chat application, 2 models',
    make: people(2, 2, 5, 20),
    loadS: 5,
    ways: expecting,
    shown: 'what follows',
  },
  {
    name: '500 jobs of one caller beside 5 people, one model',
    make: bulk(10, true),
    loadS: 10,
    ways: sharing,
    shown: 'people, same model',
  },
  {
    name: '600 independent jobs, 4 models of which 2 fit into memory',
    make: independent(600, 4, 10, 0.6),
    loadS: 10,
    room: 2,
    ways: { foreman: {}, direct: undefined },
    shown: 'all',
  },
]

/** The names of the models of a trace in the simulated Ollama. */
const NAMES: Readonly<Record<string, string>> = { m0: 'alpha', m1: 'beta', m2: 'gamma', m3: 'story' }

interface Outcome {
  readonly case: string
  readonly way: string
  readonly answers: number
  readonly loads: number
  readonly seconds: number
  /** How long the shown requests waited for their first byte. */
  readonly wait: { readonly meanMs: number; readonly p99Ms: number }
}

/**
 * Callers who come back for their model, and callers with many jobs, through real processes: what foreman makes of them, what it
 * does without that, and what the target makes of them by itself. The ways run beside each other: most of the time they wait.
 */
export const fair = async (options: BenchOptions) => {
  const measured: Outcome[] = []
  for (const one of options.quick ? cases.slice(0, 1) : cases) {
    const ways = Object.entries(one.ways)
    measured.push(
      ...(await Promise.all(ways.map(([way, variables]) => measure(one, way, variables, options)))),
    )
  }
  const rows = measured.map(({ case: name, way, answers, loads, seconds, wait }) => [
    name,
    way,
    answers,
    loads,
    figure(seconds, 0),
    figure(wait.meanMs, 0),
    figure(wait.p99Ms, 0),
  ])
  return { measured, text: table(['', 'way', 'answers', 'loads', 's', 'wait: mean ms', 'p99'], rows) }
}

const measure = async (
  one: Case,
  way: string,
  variables: Variables,
  { quick, directory, profileDirectory }: BenchOptions,
): Promise<Outcome> => {
  const trace = quick ? shortened(one.make(1)) : one.make(1)
  const simulation = await startSimulation({
    loadMs: (one.loadS / FASTER) * MS,
    tokensPerSecond: TOKENS_PER_SECOND,
    maxLoaded: one.room ?? 1,
  })
  const start = () =>
    startForeman({
      target: simulation.url,
      directory: queueDirectory(directory),
      variables: { ...FASTER_VARIABLES, ...variables },
      profileDirectory,
    })
  const foreman = variables && (await start())
  try {
    const before = await simulation.loads()
    const begin = performance.now()
    const waits = await run(trace, foreman?.url ?? simulation.url)
    const shown = waits.filter(({ kind }) => kind === one.shown).map(({ ms }) => ms)
    return {
      case: one.name,
      way,
      answers: waits.length,
      loads: (await simulation.loads()) - before,
      seconds: (performance.now() - begin) / MS,
      wait: {
        meanMs: shown.reduce((sum, ms) => sum + ms, 0) / shown.length,
        p99Ms: percentile(shown, 0.99),
      },
    }
  } finally {
    await foreman?.stop()
    await simulation.stop()
  }
}

const shortened = (trace: Trace): Trace => ({
  ...trace,
  agents: trace.agents.map(agent => ({ ...agent, untilS: QUICK_S * FASTER })),
})

interface Wait {
  readonly kind: string
  readonly ms: number
}

/** Sends what comes to the target. Each caller is another user of the same token. */
const run = async (trace: Trace, url: string): Promise<Wait[]> => {
  const waits: Wait[] = []
  const pool = newPool()
  await play(trace, FASTER, async ({ caller, model, workS, kind }) => {
    const { sentAt, firstByteAt } = await timedCall(
      url,
      pool,
      '/api/chat',
      {
        model: NAMES[model],
        messages: [{ role: 'user', content: 'hi' }],
        options: { num_predict: Math.max(1, Math.round((workS / FASTER) * TOKENS_PER_SECOND)) },
      },
      { 'X-Foreman-User': caller },
    )
    waits.push({ kind, ms: firstByteAt - sentAt })
  })
  pool.destroy()
  return waits
}
