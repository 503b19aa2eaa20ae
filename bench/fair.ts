import { setTimeout as delay } from 'node:timers/promises'
import { newPool, timedCall } from './caller.ts'
import {
  type Foreman,
  queueDirectory,
  type Simulation,
  startForeman,
  startSimulation,
} from './installation.ts'
import type { BenchOptions } from './options.ts'
import { randomOf } from './schedule/random.ts'
import {
  type Agent,
  agents,
  firstAt,
  type MakeTrace,
  pauseBefore,
  people,
  toolAgents,
} from './schedule/trace.ts'
import { percentile } from './stats.ts'
import { figure, table } from './table.ts'

/** The traces of docs/scheduling.md take 15 minutes. Here everything goes ten times as fast. */
const FASTER = 10
const TOKENS_PER_SECOND = 100
const MS = 1_000

interface Case {
  readonly name: string
  readonly make: MakeTrace
  readonly loadS: number
}

const cases: readonly Case[] = [
  { name: '2 agents on 2 models', make: agents(2, 2, 10, 2, 3), loadS: 10 },
  { name: '2 agents that call tools, 2 models', make: toolAgents(2, 2, 10, 5), loadS: 10 },
  { name: '2 people with a chat application, 2 models', make: people(2, 2, 5, 20), loadS: 5 },
]

interface Outcome {
  readonly case: string
  readonly way: string
  readonly answers: number
  readonly loads: number
  /** How long the callers waited for the first byte of those requests that followed an answer at once. */
  readonly followingMs: number
}

const ways = ['foreman', 'expecting nobody', 'direct'] as const

/**
 * Callers who come back for their model, through real processes: what foreman makes of them when it expects them, when it does
 * not, and what the target makes of them by itself. The three run beside each other: most of the time they wait.
 */
export const fair = async (options: BenchOptions) => {
  const measured: Outcome[] = []
  for (const one of options.quick ? cases.slice(0, 1) : cases)
    measured.push(...(await Promise.all(ways.map(way => measure(one, way, options)))))
  const rows = measured.map(({ case: name, way, answers, loads, followingMs }) => [
    name,
    way,
    answers,
    loads,
    figure(followingMs, 0),
  ])
  return { measured, text: table(['', 'way', 'answers', 'loads', 'what follows an answer: p50 ms'], rows) }
}

const measure = async (
  one: Case,
  way: (typeof ways)[number],
  { quick, directory, profileDirectory }: BenchOptions,
): Promise<Outcome> => {
  const sessionS = quick ? 3 : (one.make(1).agents[0]?.untilS ?? 0) / FASTER
  const simulation = await startSimulation({
    loadMs: (one.loadS / FASTER) * MS,
    tokensPerSecond: TOKENS_PER_SECOND,
  })
  const start = () =>
    startForeman({
      target: simulation.url,
      directory: queueDirectory(directory),
      variables: { FOREMAN_EXPECT: way === 'foreman' ? 'on' : 'off' },
      profileDirectory,
    })
  const foreman = way === 'direct' ? undefined : await start()
  try {
    return { case: one.name, way, ...(await run(one, sessionS, simulation, foreman)) }
  } finally {
    await foreman?.stop()
    await simulation.stop()
  }
}

const run = async (
  { make }: Case,
  sessionS: number,
  simulation: Simulation,
  foreman: Foreman | undefined,
): Promise<Omit<Outcome, 'case' | 'way'>> => {
  const url = foreman?.url ?? simulation.url
  const before = await simulation.loads()
  const end = performance.now() + sessionS * MS
  const following: number[] = []
  let answers = 0
  const live = async (agent: Agent, seed: number) => {
    const random = randomOf(seed)
    const pool = newPool()
    await delay((firstAt(agent, random) / FASTER) * MS)
    for (let step = 0; performance.now() < end; step = (step + 1) % agent.steps.length) {
      const workS = (agent.steps[step]?.workS ?? 0) * (0.5 + random())
      const { sentAt, firstByteAt } = await timedCall(url, pool, '/api/chat', {
        model: agent.model === 'm0' ? 'alpha' : 'beta',
        messages: [{ role: 'user', content: 'hi' }],
        options: { num_predict: Math.max(1, Math.round((workS / FASTER) * TOKENS_PER_SECOND)) },
      })
      answers += 1
      if (step > 0) following.push(firstByteAt - sentAt)
      const next = (step + 1) % agent.steps.length
      await delay((pauseBefore(agent, next, random) / FASTER) * MS)
    }
    pool.destroy()
  }
  await Promise.all(make(1).agents.map((agent, at) => live(agent, at + 1)))
  return { answers, loads: (await simulation.loads()) - before, followingMs: percentile(following, 0.5) }
}
