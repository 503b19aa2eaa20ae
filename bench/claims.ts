import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import type { Claiming } from './claimer.ts'
import { queueDirectory } from './installation.ts'
import type { BenchOptions } from './options.ts'
import { GROUPS } from './rates.ts'
import { median } from './stats.ts'
import { figure, ratio, table } from './table.ts'

const CALLERS = 100
const CLAIMS_PER_ROUND = 50

/** What was measured of a queue in which `queued` jobs of 100 callers wait in 50 groups. */
interface Measured {
  readonly queued: number
  readonly way: 'foreman' | 'before'
  /** The median time of choosing and claiming a job, in ms. */
  readonly claimMs: number
}

/**
 * Measures how long the worker takes to choose and to claim a job. Each checkout has a process and a queue of its own; they take
 * turns.
 */
export const claims = async ({ quick, against, directory }: BenchOptions) => {
  const effort = quick
    ? { sizes: [1_000, 5_000], rounds: 1 }
    : { sizes: [1_000, 5_000, 100_000, 1_000_000], rounds: 12 }
  const ways = [
    { way: 'foreman', root: path.join(import.meta.dirname, '..') },
    ...(against === undefined ? [] : [{ way: 'before', root: against } as const]),
  ] as const
  const measured: Measured[] = []
  for (const queued of effort.sizes) {
    const queue = queueDirectory(directory)
    const claimers = await Promise.all(
      ways.map(async ({ way, root }) => ({
        way,
        ...(await startClaimer({ root, file: path.join(queue, `${way}.db`), queued, callers: CALLERS })),
        times: [] as number[],
      })),
    )
    // The first round is a rehearsal: a new process still compiles its code.
    for (let round = 0; round <= effort.rounds; round++)
      for (const claimer of round % 2 === 0 ? claimers : claimers.toReversed()) {
        const times = await claimer.claim(CLAIMS_PER_ROUND)
        if (round > 0) claimer.times.push(...times)
      }
    measured.push(...claimers.map(({ way, times }) => ({ queued, way, claimMs: median(times) })))
    await Promise.all(claimers.map(({ stop }) => stop()))
    fs.rmSync(queue, { recursive: true })
  }
  return { measured, text: describe(measured) }
}

const startClaimer = async (claiming: Claiming) => {
  const child = fork(path.join(import.meta.dirname, 'claimer.ts'), [JSON.stringify(claiming)])
  const gone = once(child, 'exit')
  const failed = gone.then(([code]) => {
    throw new Error(`the process that claims jobs ended with ${code}`)
  })
  failed.catch(() => undefined)
  const answered = async (): Promise<number[]> =>
    (await Promise.race([once(child, 'message'), failed]))[0] as number[]
  await answered()
  return {
    claim: (count: number): Promise<number[]> => {
      const answer = answered()
      child.send(count)
      return answer
    },
    stop: async (): Promise<void> => {
      child.disconnect()
      await gone
    },
  }
}

const describe = (measured: readonly Measured[]): string => {
  const of = (queued: number, way: Measured['way']) =>
    measured.find(each => each.queued === queued && each.way === way)?.claimMs ?? Number.NaN
  const [least] = measured
  return [
    `Choosing and claiming a job, of ${CALLERS} callers in ${GROUPS} groups`,
    table(
      ['queued', 'way', 'claim ms', `to ${least?.queued}`, 'before / foreman'],
      measured.map(({ queued, way, claimMs }) => [
        queued,
        way,
        figure(claimMs, 3),
        ratio(claimMs / of(least?.queued ?? 0, way)),
        way === 'foreman' ? ratio(of(queued, 'before') / claimMs) : '',
      ]),
    ),
  ].join('\n')
}
