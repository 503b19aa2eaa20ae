import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { newPool, timedCall, type Timing } from './caller.ts'
import { commitCost } from './commit-cost.ts'
import { type Foreman, queueDirectory, startForeman, startSimulation } from './installation.ts'
import { describeLatency } from './latency-tables.ts'
import type { Commits, Load, Measured, Way } from './measured.ts'
import type { BenchOptions } from './options.ts'
import { medianSpread, spread } from './stats.ts'

/** On Linux this is a file system in memory, where a full commit waits for no disk. */
const MEMORY_DIRECTORY = '/dev/shm'
const SLOTS = 16
const TOKENS = 8
/** A new process still compiles its code during these calls. */
const WARM_UP_CALLS = 1_000
const COMMITS_PER_ROUND = 40

const loads: readonly Load[] = [
  { callers: 1, msPerToken: 0, maxPauseMs: 0, rounds: 9, calls: 150 },
  { callers: SLOTS, msPerToken: 20, maxPauseMs: 50, rounds: 5, calls: 10 },
  { callers: SLOTS, msPerToken: 0, maxPauseMs: 0, rounds: 5, calls: 25 },
]

const quickLoads: readonly Load[] = [
  { callers: 1, msPerToken: 0, maxPauseMs: 0, rounds: 1, calls: 30 },
  { callers: SLOTS, msPerToken: 2, maxPauseMs: 5, rounds: 1, calls: 3 },
]

/**
 * Measures the time to the first and to the last byte of an answer, sent to the simulated target directly and through
 * foreman. The ways take turns in rounds; every figure is the median of its rounds.
 */
export const latency = async ({ quick, against, directory, profileDirectory }: BenchOptions) => {
  const simulation = await startSimulation({ parallel: SLOTS })
  const start = (queue: string, root?: string) =>
    startForeman({
      target: simulation.url,
      root,
      directory: queue,
      variables: { FOREMAN_CONCURRENCY: String(SLOTS) },
      profileDirectory,
    })
  const queue = queueDirectory(directory)
  const foreman = await start(queue)
  const other = await startOther({ quick, against, directory }, start)
  const disk = await commitCost(queue)
  const ways: Ways = [
    { way: 'direct', url: simulation.url },
    { way: 'foreman', url: foreman.url },
    ...(other ? [{ way: other.way, url: other.foreman.url }] : []),
  ]
  const measured: Measured[] = []
  const commits: Commits[] = []
  try {
    const calls = (quick ? 50 : WARM_UP_CALLS) / SLOTS
    for (const { url } of ways) await callAll(url, { callers: SLOTS, calls, maxPauseMs: 0 }, true)
    for (const load of quick ? quickLoads : loads) {
      await simulation.pace(load.msPerToken)
      for (const streaming of [true, false]) {
        measured.push(
          ...(await measure(ways, load, streaming, async () => {
            commits.push(await disk.sample(COMMITS_PER_ROUND))
          })),
        )
      }
    }
  } finally {
    await disk.close()
    await Promise.all([foreman.stop(), other?.foreman.stop()])
    await simulation.stop()
  }
  const commit = {
    full: medianSpread(commits.map(({ full }) => full)),
    normal: medianSpread(commits.map(({ normal }) => normal)),
    accept: medianSpread(commits.map(({ accept }) => accept)),
  }
  return { measured, commit, text: describeLatency(measured, commit) }
}

/** The second foreman that is measured: the other checkout of `--against`, or else this one with its queue in memory. */
const startOther = async (
  { quick, against, directory }: Pick<BenchOptions, 'quick' | 'against' | 'directory'>,
  start: (queue: string, root?: string) => Promise<Foreman>,
): Promise<{ way: Way; foreman: Foreman } | undefined> => {
  if (against !== undefined)
    return { way: 'before', foreman: await start(queueDirectory(directory), against) }
  if (quick || !fs.existsSync(MEMORY_DIRECTORY)) return undefined
  return { way: 'foreman in memory', foreman: await start(queueDirectory(MEMORY_DIRECTORY)) }
}

type Ways = readonly { readonly way: Way; readonly url: string }[]

const measure = async (
  ways: Ways,
  load: Load,
  streaming: boolean,
  afterRound: () => Promise<void>,
): Promise<Measured[]> => {
  const rounds = ways.map(() => [] as Round[])
  for (let round = 0; round < load.rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      // Each round begins with another way.
      const at = (turn + round) % ways.length
      rounds[at]?.push(await callAll(ways[at]?.url ?? '', load, streaming))
    }
    await afterRound()
  }
  return ways.map(({ way }, at) => ({ load, streaming, way, ...middleOf(rounds[at] ?? []) }))
}

interface Round {
  readonly timings: readonly Timing[]
  readonly elapsedMs: number
}

/** Each caller sends its next call when the answer to the one before has ended. */
const callAll = async (
  url: string,
  load: Pick<Load, 'callers' | 'calls' | 'maxPauseMs'>,
  streaming: boolean,
): Promise<Round> => {
  const pool = newPool()
  const timings: Timing[] = []
  const begin = performance.now()
  const caller = async () => {
    for (let call = 0; call < load.calls; call++) {
      if (load.maxPauseMs > 0) await delay(Math.random() * load.maxPauseMs)
      timings.push(
        await timedCall(url, pool, '/api/chat', {
          model: 'story',
          messages: [{ role: 'user', content: 'hi' }],
          stream: streaming,
          options: { num_predict: TOKENS },
        }),
      )
    }
  }
  await Promise.all(Array.from({ length: load.callers }, caller))
  pool.destroy()
  return { timings, elapsedMs: performance.now() - begin }
}

const middleOf = (rounds: readonly Round[]) => ({
  firstByteMs: medianSpread(
    rounds.map(({ timings }) => spread(timings.map(({ sentAt, firstByteAt }) => firstByteAt - sentAt))),
  ),
  lastByteMs: medianSpread(
    rounds.map(({ timings }) => spread(timings.map(({ sentAt, lastByteAt }) => lastByteAt - sentAt))),
  ),
  callsPerSecond: spread(rounds.map(({ timings, elapsedMs }) => (timings.length / elapsedMs) * 1000)).p50,
})
