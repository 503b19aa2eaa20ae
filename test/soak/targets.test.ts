import { describe, expect, test } from 'vitest'
import { until } from '../harness/until.ts'
import { Dice } from './dice.ts'
import { startInnocent } from './innocent.ts'
import { canMeasureMemory, type Installation, startInstallation } from './installation.ts'
import { isBack, memoryBack, neededMemory, shownMemory } from './memory.ts'
import { MAX_ATTEMPTS } from './odd-answer.ts'
import { ask, askDirectly, askUnknownModel, jobFaults, type Run, runOf, runsOf } from './odd-jobs.ts'
import { type OddTarget, startOddTarget } from './odd-target.ts'
import { isSoak, roundsOr, sayHowToRepeat, seed } from './options.ts'
import { targetKinds } from './target-kinds.ts'

const RUNS_PER_KIND = roundsOr(isSoak ? 6 : 1)
const PROBED_KINDS = isSoak ? targetKinds.length : 6
const DIRECT_KINDS = isSoak ? targetKinds.length : 10
const WARM_RUNS = isSoak ? targetKinds.length : 10
const AT_ONCE = 16
const DIRECT = [
  { method: 'POST', path: '/api/embed' },
  { method: 'POST', path: '/v1/embeddings' },
  { method: 'POST', path: '/api/show' },
  { method: 'GET', path: '/api/tags' },
  { method: 'GET', path: '/v1/models' },
]
const PROBE_MS = 400
const SETTLE_MS = 120_000
const CLOSE_MS = 20_000
/** The short form has no warm-up that fills all caches. */
const ALLOWED_MB = isSoak ? 50 : 150
const MEMORY_TIMEOUT_MS = 15_000
const TEST_TIMEOUT_MS = isSoak ? 1_800_000 : 240_000

const variables = {
  FOREMAN_CONCURRENCY: String(AT_ONCE),
  FOREMAN_MAX_ATTEMPTS: String(MAX_ATTEMPTS),
  // In the short form no job waits for the end of these. In the other, a busy machine may need some seconds for a large answer.
  FOREMAN_JOB_TIMEOUT: isSoak ? '10s' : '30s',
  FOREMAN_STALL: isSoak ? '5s' : '10s',
  FOREMAN_POLL_INTERVAL: '100ms',
  FOREMAN_SHUTDOWN_GRACE: '1s',
}

/** Does this with each of a list, some at a time. @returns what was wrong */
const withEach = async <T>(
  list: readonly T[],
  atOnce: number,
  use: (item: T) => Promise<string | undefined>,
): Promise<string[]> => {
  const faults: string[] = []
  const rest = [...list]
  const work = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      const fault = await use(item)
      if (fault !== undefined) faults.push(fault)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return faults
}

const generate = (foreman: Installation, runs: readonly Run[]) =>
  withEach(runs, AT_ONCE, run => ask(foreman, run))

const direct = (foreman: Installation, kinds: readonly number[], round: string) =>
  withEach(
    kinds.flatMap(kind => DIRECT.map((route, at) => ({ ...route, kind, run: `${round}${kind}x${at}` }))),
    AT_ONCE,
    request => askDirectly(foreman, request),
  )

/** Lets these paths answer oddly until foreman has asked each of them twice, or seems not to ask. */
const makeOdd = async (target: OddTarget, paths: readonly string[], kind: number): Promise<void> => {
  const odd = paths.map(path => target.makeOdd(path, targetKinds[kind]![1]))
  await until(() => odd.every(({ asked }) => asked() >= 2), PROBE_MS).catch(() => undefined)
  for (const { end } of odd) end()
}

/** Each kind in the place of what foreman asks for itself: whether the target is there, its models, and what loads them. */
const probe = async (foreman: Installation, target: OddTarget, kinds: readonly number[]): Promise<void> => {
  for (const kind of kinds) {
    await makeOdd(target, ['/api/version'], kind)
    const show = target.makeOdd('/api/show', targetKinds[kind]![1])
    const unknown = askUnknownModel(foreman, kind)
    await makeOdd(target, ['/api/tags', '/api/ps'], kind)
    show.end()
    await unknown
  }
}

/** Their time is over after seconds; the short form does not wait for that. */
const isSlow = (kind: number): boolean => targetKinds[kind]![1].allowed.isSlow === true

const someOf = (count: number, dice: Dice): number[] => {
  const first = dice.below(targetKinds.length)
  return Array.from({ length: count }, (_, at) => (first + at) % targetKinds.length)
}

describe('a target that answers oddly', () => {
  test('has sixty kinds of answers, at the least', () => {
    expect(targetKinds.length).toBeGreaterThanOrEqual(60)
  })

  test.runIf(canMeasureMemory)(
    'crashes nothing, fails no innocent job, is not asked too often and costs no memory',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      sayHowToRepeat('targets')
      const target = await startOddTarget(targetKinds.map(([, kind]) => kind))
      const foreman = await startInstallation(target.url, variables)
      const dice = new Dice(seed)
      const innocent = startInnocent({ url: foreman.url, model: 'plain', headers: {} })
      const allKinds = targetKinds.map((_, kind) => kind)
      const faults = await direct(foreman, isSoak ? allKinds : someOf(DIRECT_KINDS, dice), 'warm')
      const warm = someOf(WARM_RUNS, dice)
        .filter(kind => isSoak || !isSlow(kind))
        .map(kind => runOf(dice, kind, 'warm'))
      faults.push(...(await generate(foreman, warm)))
      await foreman.settled(SETTLE_MS)
      const before = await neededMemory(foreman)
      console.log(`targets: warm: ${shownMemory(before)}; peak: ${shownMemory(foreman.peak())}`)
      const runs = runsOf(dice, RUNS_PER_KIND).filter(({ kind }) => isSoak || !isSlow(kind))
      faults.push(...(await generate(foreman, runs)))
      await foreman.settled(SETTLE_MS)
      console.log(
        `targets: generated: ${shownMemory(foreman.memory())}; peak: ${shownMemory(foreman.peak())}`,
      )
      faults.push(...(await direct(foreman, someOf(DIRECT_KINDS, dice), 'direct')))
      console.log(`targets: direct: ${shownMemory(foreman.memory())}; peak: ${shownMemory(foreman.peak())}`)
      await probe(foreman, target, someOf(PROBED_KINDS, dice))
      console.log(`targets: probed: ${shownMemory(foreman.memory())}; peak: ${shownMemory(foreman.peak())}`)
      await foreman.settled(SETTLE_MS)
      faults.push(...jobFaults(foreman, target, [...warm, ...runs]))
      const after = await memoryBack(foreman, { before, allowedMb: ALLOWED_MB, timeoutMs: MEMORY_TIMEOUT_MS })
      const { jobs, failures } = await innocent.stop()
      console.log(
        `targets: afterwards: ${shownMemory(after)}; ${jobs} innocent jobs, ${runs.length} odd ones`,
      )
      expect(faults).toEqual([])
      expect(failures).toEqual([])
      expect(jobs).toBeGreaterThan(0)
      expect(foreman.faults()).toEqual([])
      await until(() => target.openRequests().length === 0, CLOSE_MS).catch(() => undefined)
      expect(target.openRequests()).toEqual([])
      expect(isBack(before, after, ALLOWED_MB), `from ${shownMemory(before)} to ${shownMemory(after)}`).toBe(
        true,
      )
    },
  )
})
