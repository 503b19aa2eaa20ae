import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { newPool, timedCall, type Timing } from './caller.ts'
import { type Commits, commitCost } from './commit-cost.ts'
import { queueDirectory, startForeman, startSimulation } from './installation.ts'
import { describeLatency } from './latency-tables.ts'
import type { BenchOptions } from './options.ts'
import { medianSpread, type Spread, spread } from './stats.ts'

/** On Linux a file system in memory, where a full commit waits for no disk. */
const MEMORY_DIRECTORY = '/dev/shm'
const SLOTS = 16
const TOKENS = 8
/** Until then a fresh process is still compiling what it runs. */
const WARM_UP_CALLS = 1_000
const COMMITS_PER_ROUND = 40

interface Load {
  readonly callers: number
  /** Between two tokens; 0: the whole answer at once. */
  readonly msPerToken: number
  /** Between two calls of a caller at most so much, by chance: callers in step would come in bursts. */
  readonly longestPauseMs: number
  readonly rounds: number
  /** Of each caller, in each round, each way. */
  readonly calls: number
}

const loads: readonly Load[] = [
  { callers: 1, msPerToken: 0, longestPauseMs: 0, rounds: 9, calls: 150 },
  { callers: SLOTS, msPerToken: 20, longestPauseMs: 50, rounds: 5, calls: 10 },
  { callers: SLOTS, msPerToken: 0, longestPauseMs: 0, rounds: 5, calls: 25 },
]

const quickLoads: readonly Load[] = [
  { callers: 1, msPerToken: 0, longestPauseMs: 0, rounds: 1, calls: 30 },
  { callers: SLOTS, msPerToken: 2, longestPauseMs: 5, rounds: 1, calls: 3 },
]

/** Where calls are sent. `foreman in memory`: a foreman whose queue lies where a commit waits for no disk. */
type Way = 'direct' | 'foreman' | 'foreman in memory'

export interface Measured {
  readonly load: Load
  readonly streams: boolean
  readonly way: Way
  readonly firstByteMs: Spread
  readonly lastByteMs: Spread
  readonly callsPerSecond: number
}

/**
 * The time to an answer's first and last byte, through foreman and straight from the simulated target, in rounds
 * that take turns; every figure is the median of its rounds'.
 */
export const latency = async ({ quick, directory, profileDirectory }: BenchOptions) => {
  const simulation = await startSimulation({ parallel: SLOTS })
  const start = (queue: string) =>
    startForeman({
      target: simulation.url,
      directory: queue,
      variables: { FOREMAN_CONCURRENCY: String(SLOTS) },
      profileDirectory,
    })
  const queue = queueDirectory(directory)
  const foreman = await start(queue)
  const inMemory =
    !quick && fs.existsSync(MEMORY_DIRECTORY) ? await start(queueDirectory(MEMORY_DIRECTORY)) : undefined
  const disk = commitCost(queue)
  const ways: Ways = [
    { way: 'direct', url: simulation.url },
    { way: 'foreman', url: foreman.url },
    ...(inMemory ? [{ way: 'foreman in memory' as const, url: inMemory.url }] : []),
  ]
  const measured: Measured[] = []
  const commits: Commits[] = []
  try {
    const calls = (quick ? 50 : WARM_UP_CALLS) / SLOTS
    for (const { url } of ways) await callAll(url, { callers: SLOTS, calls, longestPauseMs: 0 }, true)
    for (const load of quick ? quickLoads : loads) {
      await simulation.pace(load.msPerToken)
      for (const streams of [true, false]) {
        measured.push(
          ...(await measure(ways, load, streams, () => commits.push(disk.sample(COMMITS_PER_ROUND)))),
        )
      }
    }
  } finally {
    disk.close()
    await Promise.all([foreman.stop(), inMemory?.stop()])
    await simulation.stop()
  }
  const commit = {
    full: medianSpread(commits.map(({ full }) => full)),
    normal: medianSpread(commits.map(({ normal }) => normal)),
    accept: medianSpread(commits.map(({ accept }) => accept)),
  }
  return { measured, commit, text: describeLatency(measured, commit) }
}

type Ways = readonly { readonly way: Way; readonly url: string }[]

const measure = async (
  ways: Ways,
  load: Load,
  streams: boolean,
  afterRound: () => void,
): Promise<Measured[]> => {
  const rounds = ways.map(() => [] as Round[])
  for (let round = 0; round < load.rounds; round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      // No way always comes after the same other one.
      const at = (turn + round) % ways.length
      rounds[at]?.push(await callAll(ways[at]?.url ?? '', load, streams))
    }
    afterRound()
  }
  return ways.map(({ way }, at) => ({ load, streams, way, ...middleOf(rounds[at] ?? []) }))
}

interface Round {
  readonly timings: readonly Timing[]
  readonly elapsedMs: number
}

/** Each caller sends its next call when it has had the answer to the one before. */
const callAll = async (
  url: string,
  load: Pick<Load, 'callers' | 'calls' | 'longestPauseMs'>,
  streams: boolean,
): Promise<Round> => {
  const pool = newPool()
  const timings: Timing[] = []
  const begin = performance.now()
  const caller = async () => {
    for (let call = 0; call < load.calls; call++) {
      if (load.longestPauseMs > 0) await delay(Math.random() * load.longestPauseMs)
      timings.push(
        await timedCall(url, pool, '/api/chat', {
          model: 'story',
          messages: [{ role: 'user', content: 'hi' }],
          stream: streams,
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
