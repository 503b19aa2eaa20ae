import { describe, expect, test } from 'vitest'
import { startProcess } from '../harness/processes.ts'
import { until } from '../harness/until.ts'
import { Dice } from './dice.ts'
import { fire, nextShot } from './fuzz-bodies.ts'
import { startInnocent } from './innocent.ts'
import { canMeasureMemory, type Installation, startInstallation } from './installation.ts'
import { isBack, memoryBack, neededMemory, shownMemory } from './memory.ts'
import { isSoak, roundsOr, sayHowToRepeat, seed } from './options.ts'

const CALLERS = ['ann', 'bob', 'cid', 'dan']
const INNOCENT = 'innocent'
const ROUNDS = roundsOr(isSoak ? 5 : 1)
const SHOTS_PER_CALLER = isSoak ? 150 : 25
const MB = 1_000_000
const MAX_BODY_MB = isSoak ? 100 : 4
const MAX_VALUES_MB = 4
/** An answer waits for its turn behind all others, on a machine that may be busy. */
const PATIENCE_MS = isSoak ? 120_000 : 60_000
const SETTLE_MS = 120_000
/** The short form has no warm-up that fills all caches. */
const ALLOWED_MB = isSoak ? 50 : 150
const MEMORY_TIMEOUT_MS = 15_000
const TEST_TIMEOUT_MS = isSoak ? 1_800_000 : 240_000

const variables = {
  FOREMAN_TOKENS: [...CALLERS, INNOCENT].map(name => `${name}:token-${name}`).join(),
  FOREMAN_MAX_BODY: `${MAX_BODY_MB}MB`,
  FOREMAN_CONCURRENCY: '4',
  FOREMAN_MAX_ATTEMPTS: '2',
  FOREMAN_MAX_WAIT: '1s',
  FOREMAN_JOB_TIMEOUT: '30s',
}

const startSimProcess = async (): Promise<string> => {
  const sim = startProcess('packages/ollama-sim/src/main.ts', {
    FOREMAN_SIM_ADDR: '127.0.0.1:0',
    FOREMAN_SIM_PARALLEL: '4',
    FOREMAN_SIM_MAX_LOADED: '4',
  })
  const listening = /listening on (http:\S+)/
  await until(() => listening.test(sim.output()), PATIENCE_MS)
  return listening.exec(sim.output())?.[1] ?? ''
}

const tokenOf = (name: string) => `Bearer token-${name}`

/** All callers send at once what their dice say. */
const fuzz = async ({ url }: Installation, dice: Dice, statuses: Map<number, number>): Promise<string[]> => {
  const faults: string[] = []
  await Promise.all(
    CALLERS.map(async name => {
      const own = dice.fork()
      for (let at = 0; at < SHOTS_PER_CALLER; at++) {
        const shot = nextShot(own, {
          maxBytes: MAX_BODY_MB * MB,
          maxBytesOfValues: MAX_VALUES_MB * MB,
          caller: [['Authorization', tokenOf(name)]],
        })
        const outcome = await fire(url, shot, PATIENCE_MS)
        for (const status of outcome.statuses) statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (outcome.fault !== undefined) faults.push(`${name} ${at}: ${shot.what}: ${outcome.fault}`)
      }
    }),
  )
  return faults
}

describe('requests with mutated bodies, by several callers at once', () => {
  test.runIf(canMeasureMemory)(
    'crash nothing, fail no innocent job, get right answers, stay in no queue and keep no memory',
    { timeout: TEST_TIMEOUT_MS },
    async () => {
      sayHowToRepeat('bodies')
      const foreman = await startInstallation(await startSimProcess(), variables)
      const innocent = startInnocent({
        url: foreman.url,
        model: 'plain',
        headers: { authorization: tokenOf(INNOCENT) },
      })
      const dice = new Dice(seed)
      const statuses = new Map<number, number>()
      const faults = await fuzz(foreman, dice, statuses)
      await foreman.settled(SETTLE_MS)
      const before = await neededMemory(foreman)
      console.log(`bodies: warm: ${shownMemory(before)}; peak: ${shownMemory(foreman.peak())}`)
      for (let round = 1; round <= ROUNDS; round++) {
        faults.push(...(await fuzz(foreman, dice, statuses)))
        await foreman.settled(SETTLE_MS)
        console.log(
          `bodies: round ${round}: ${shownMemory(foreman.memory())}; peak: ${shownMemory(foreman.peak())}`,
        )
      }
      const after = await memoryBack(foreman, { before, allowedMb: ALLOWED_MB, timeoutMs: MEMORY_TIMEOUT_MS })
      const { jobs, failures } = await innocent.stop()
      console.log(`bodies: afterwards: ${shownMemory(after)}; ${jobs} innocent jobs; statuses`, statuses)
      expect(faults).toEqual([])
      expect(failures).toEqual([])
      expect(jobs).toBeGreaterThan(0)
      expect(foreman.faults()).toEqual([])
      expect([...statuses.keys()]).toContain(200)
      expect(isBack(before, after, ALLOWED_MB), `from ${shownMemory(before)} to ${shownMemory(after)}`).toBe(
        true,
      )
    },
  )
})
