import type { Line } from '@foreman/scheduling'
import type { Claim } from '@foreman/store'
import { claimNext, listJobs, submitJob, type TestJob, unavailableError } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { claimJobs, type ClaimSituation } from './claim-jobs.ts'
import { newJob, openTempStore, startReasons, withoutAnswer } from './testing/fixtures.ts'

const START = 1_000_000
const MAX_WAIT_MS = 60_000

const [HIGH, NORMAL] = [0, 1]

/** Loads take no time, and nobody is expected. */
const PLAIN = {
  maxWaitMs: MAX_WAIT_MS,
  maxWaitLowMs: 600_000,
  isResident: () => false,
  models: 1,
  loadMs: () => 0,
  servedAt: () => 0,
  expect: () => Promise.resolve(undefined),
  shares: () => undefined,
  steering: { mayStart: async (lines: readonly Line[]) => lines, heldAccounts: new Set<string>() },
}

/** A store with jobs, of which each is named by its group and a number. */
const setUp = async () => {
  const store = await openTempStore()
  const submit = async (groupKey: string, differing: TestJob = {}, now = START) =>
    (await submitJob(store, newJob({ groupKey, ...differing }), now)).seq
  const claim = store.queue.claim.bind(store.queue)
  const spy = vi.spyOn(store.queue, 'claim')
  /** Which lines were asked for how many jobs. */
  const asked = () => spy.mock.calls.map(([{ groupKey, priority, upTo }]) => ({ groupKey, priority, upTo }))
  const claimIn = (differing: Partial<ClaimSituation> = {}) =>
    claimJobs(store, {
      running: [],
      turn: undefined,
      awaited: undefined,
      turnModel: undefined,
      concurrency: 3,
      ...PLAIN,
      now: START,
      ...differing,
    })
  return { store, submit, claim, spy, asked, claimIn }
}

const seqsOf = (claims: readonly Claim[]): number[] => claims.map(({ seq }) => seq)
const turnOf = (groupKey: string, startedAt = START) => ({ groupKey, startedAt, isOver: false })

describe('several free slots', () => {
  test('are filled by one claim of one line, the oldest job first', async () => {
    const { submit, asked, claimIn } = await setUp()
    const [first, second, third] = [
      await submit('a'),
      await submit('a'),
      await submit('a'),
      await submit('a'),
    ]
    const { claims, turn } = await claimIn({ turn: turnOf('a') })
    expect(seqsOf(claims)).toEqual([first, second, third])
    expect(asked()).toEqual([{ groupKey: 'a', priority: NORMAL, upTo: 3 }])
    expect(turn).toEqual(turnOf('a'))
  })

  test('are filled by as many jobs as are free beside those that run', async () => {
    const { submit, asked, claimIn } = await setUp()
    await submit('a')
    const { claims: running, turn } = await claimIn({ concurrency: 1 })
    const more = [await submit('a'), await submit('a')]
    await submit('a')
    const { claims } = await claimIn({ running, turn })
    expect(seqsOf(claims)).toEqual(more)
    expect(asked().at(-1)).toMatchObject({ upTo: 2 })
  })

  test('are filled from the next line of the group when the most urgent one has too few jobs', async () => {
    const { submit, asked, claimIn } = await setUp()
    const normal = [await submit('a'), await submit('a')]
    await submit('a')
    const high = await submit('a', { priority: 'high' })
    const { claims } = await claimIn({ turn: turnOf('a') })
    expect(seqsOf(claims)).toEqual([high, ...normal])
    expect(asked()).toEqual([
      { groupKey: 'a', priority: HIGH, upTo: 3 },
      { groupKey: 'a', priority: NORMAL, upTo: 2 },
    ])
  })

  test('are filled at the beginning of a turn as well, and only its first job is recorded with the reason for the turn', async () => {
    const { store, submit, claimIn } = await setUp()
    const seqs = [await submit('a'), await submit('a'), await submit('a')]
    const { claims, turn } = await claimIn()
    expect(seqsOf(claims)).toEqual(seqs)
    expect(turn).toEqual(turnOf('a'))
    expect(await startReasons(store, seqs)).toEqual([['first'], ['resident'], ['resident']])
  })

  test('that no job of the group is left for stay free', async () => {
    const { submit, claimIn } = await setUp()
    const [own] = [await submit('a'), await submit('b')]
    const { claims, turn } = await claimIn()
    expect(seqsOf(claims)).toEqual([own])
    expect(turn).toEqual(turnOf('a'))
  })

  test('cost no write when nothing is ready', async () => {
    const { spy, claimIn } = await setUp()
    expect(await claimIn({ turn: turnOf('a') })).toEqual({
      claims: [],
      awaited: undefined,
      turn: { ...turnOf('a'), isOver: true },
    })
    expect(spy).not.toHaveBeenCalled()
  })
})

describe('one job is claimed where the turn ends with it', () => {
  test('as the turn of an overdue group does while a more urgent one waits', async () => {
    const { store, submit, asked, claimIn } = await setUp()
    const overdue = await submit('low', { priority: 'low' })
    await submit('low', { priority: 'low' })
    const now = START + MAX_WAIT_MS + 1
    const urgent = await submit('high', { priority: 'high' }, now)
    const { claims, turn } = await claimIn({ turn: turnOf('a'), now })
    expect(seqsOf(claims)).toEqual([overdue])
    expect(asked()).toEqual([{ groupKey: 'low', priority: 2, upTo: 1 }])
    expect(await startReasons(store, [overdue])).toEqual([['drained']])
    const next = await claimIn({ turn, now })
    expect(seqsOf(next.claims)).toEqual([urgent])
    expect(await startReasons(store, [urgent])).toEqual([['priority']])
  })

  test('and while it runs nothing else is', async () => {
    const { submit, claimIn } = await setUp()
    await submit('low', { priority: 'low' })
    await submit('low', { priority: 'low' })
    const now = START + MAX_WAIT_MS + 1
    await submit('high', { priority: 'high' }, now)
    const { claims: running, turn } = await claimIn({ turn: turnOf('a'), now })
    expect((await claimIn({ running, turn, now })).claims).toEqual([])
  })
})

describe('a store that fails', () => {
  test.each(['waitingLines', 'claim'] as const)(
    'at %s after something was claimed takes none of that back',
    async verb => {
      const { store, submit, claim, spy, claimIn } = await setUp()
      const high = await submit('a', { priority: 'high' })
      const normal = await submit('a')
      const error = unavailableError()
      if (verb === 'claim') spy.mockImplementationOnce(claim).mockRejectedValueOnce(error)
      else {
        const waitingLines = store.queue.waitingLines.bind(store.queue)
        vi.spyOn(store.queue, verb).mockImplementationOnce(waitingLines).mockRejectedValueOnce(error)
      }
      const { claims, turn, failure } = await claimIn()
      expect(seqsOf(claims)).toEqual([high])
      expect(turn).toEqual(turnOf('a'))
      expect(failure?.error).toBe(error)
      // Only of a claim nobody knows whether it took effect.
      expect(failure?.unanswered !== undefined).toBe(verb === 'claim')
      expect(await listJobs(store, { state: 'queued' })).toMatchObject([{ seq: normal }])
    },
  )

  test('tells by which token the jobs of the lost answer are found, and whose turn it is then', async () => {
    const { store, submit, claim, spy, claimIn } = await setUp()
    const seqs = [await submit('b'), await submit('b')]
    spy.mockImplementationOnce(withoutAnswer(claim))
    const before = { ...turnOf('b', START - 1), isOver: true }
    const { claims, turn, failure } = await claimIn({ turn: before })
    expect(claims).toEqual([])
    expect(turn).toEqual(before)
    expect(failure?.unanswered?.turn).toEqual(turnOf('b'))
    expect(seqsOf(await store.queue.claimed(failure!.unanswered!.token))).toEqual(seqs)
  })
})

describe('the order of the jobs', () => {
  /** Numbers that look random, and are the same in each run. */
  const randomOf = (seed: number) => {
    let state = seed
    return (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor((state / 2_147_483_648) * below)
    }
  }

  /**
   * Plays one course of jobs that arrive and end, and says which jobs started when and why.
   *
   * @param most how many jobs one claim may get
   */
  const play = async (seed: number, most: number) => {
    const store = await openTempStore()
    const random = randomOf(seed)
    // Two jobs were lost together, and run alone from now on.
    for (let job = 0; job < 3; job++) await submitJob(store, newJob({ groupKey: 'a' }), START)
    await claimNext(store, 'a', START, { upTo: 2 })
    await store.runs.requeueLost({ now: START, ttlMs: 1_000 })
    const claim = store.queue.claim.bind(store.queue)
    vi.spyOn(store.queue, 'claim').mockImplementation((request, at) =>
      claim({ ...request, upTo: Math.min(request.upTo, most) }, at),
    )
    let now = START
    const arrive = () => {
      const groupKey = 'abc'[random(3)]!
      const priority = (['high', 'normal', 'normal', 'low'] as const)[random(4)]!
      return submitJob(store, newJob({ groupKey, priority }), now)
    }
    for (let job = 0; job < 12; job++) await arrive()
    const running: Claim[] = []
    let situation: Pick<ClaimSituation, 'turn' | 'awaited'> = { turn: undefined, awaited: undefined }
    const started: { seqs: number[]; turn: ClaimSituation['turn'] }[] = []
    while (running.length > 0 || (await store.records.queued()) > 0) {
      const { claims, turn, awaited } = await claimJobs(store, {
        ...situation,
        turnModel: undefined,
        running: [...running],
        concurrency: 3,
        ...PLAIN,
        maxWaitLowMs: 50_000,
        now,
      })
      situation = { turn, awaited }
      running.push(...claims)
      started.push({ seqs: seqsOf(claims), turn })
      now += random(25_000)
      if (running.length > 0) {
        const [ended] = running.splice(random(running.length), 1)
        await store.runs.finish(ended!, { state: 'succeeded', answerAttempt: null }, { now, ttlMs: 1_000 })
      }
      if (started.length < 12) await arrive()
    }
    const reasons = await startReasons(
      store,
      started.flatMap(({ seqs }) => seqs),
    )
    return { started, reasons: reasons.map(all => all.at(-1)) }
  }

  test.each([1, 2, 3, 4, 5, 6])(
    'is the same whether one claim gets one job or all, and so are the turns and the reasons (%i)',
    async seed => {
      const oneByOne = await play(seed, 1)
      const batched = await play(seed, Infinity)
      expect(batched.started).toEqual(oneByOne.started)
      expect(batched.reasons).toEqual(oneByOne.reasons)
    },
  )
})
