import { describe, expect, test } from 'vitest'
import { type Choice, decide, type Line, type Situation, type Standstill, type Turn } from './decide.ts'
import { UNKNOWN_HABIT } from './habits.ts'

const MAX_WAIT_MS = 60_000
const MAX_WAIT_LOW_MS = 600_000
const NOW = 1_000_000
const [HIGH, NORMAL, LOW] = [0, 1, 2]

/** A line whose oldest job has waited for `waitedMs`. Without `seq`, a job that has waited longer arrived earlier. */
const waiting = (groupKey: string, waitedMs: number, seq = NOW - waitedMs): Line => ({
  groupKey,
  priority: NORMAL,
  oldestSeq: seq,
  oldestCreatedAt: NOW - waitedMs,
})

const turnOf = (groupKey: string, lastedMs: number, isOver = false): Turn => ({
  groupKey,
  startedAt: NOW - lastedMs,
  isOver,
})

/** Nothing but the turn is in memory, loads take no time, no group was served before, and nobody is expected. */
const plain = {
  isResident: () => false,
  loadMs: () => 0,
  servedAt: () => 0,
  expectation: undefined,
  maxWaitMs: MAX_WAIT_MS,
  maxWaitLowMs: MAX_WAIT_LOW_MS,
} satisfies Partial<Situation>

const choose = (turn: Turn | undefined, ...lines: Line[]) => decide({ ...plain, turn, lines, now: NOW })

const a = (waitedMs: number) => waiting('a', waitedMs)
const b = (waitedMs: number) => waiting('b', waitedMs)
const c = (waitedMs: number) => waiting('c', waitedMs)

const high = (line: Line): Line => ({ ...line, priority: HIGH })
const low = (line: Line): Line => ({ ...line, priority: LOW })

const begun = (groupKey: string, reason: Choice['reason']): Choice => ({
  groupKeys: [groupKey],
  reason,
  turnStartedAt: NOW,
})
const keepsTurn = (groupKey: string, lastedMs: number): Choice => ({
  groupKeys: [groupKey],
  reason: 'resident',
  turnStartedAt: NOW - lastedMs,
})

test.each<[what: string, turn: Turn | undefined, lines: Line[], choice: Choice | undefined]>([
  ['without lines there is no choice', undefined, [], undefined],
  ['without lines there is no choice, even if a group has the turn', turnOf('a', 10), [], undefined],
  [
    'without a turn, the group of the oldest job is first',
    undefined,
    [a(10), b(30), c(20)],
    begun('b', 'first'),
  ],
  [
    'without a turn, the order of arrival decides, and not the clock',
    undefined,
    [waiting('a', 500, 2), waiting('b', 10, 1)],
    begun('b', 'first'),
  ],
  [
    'without a turn, the most urgent job is first, however short it has waited',
    undefined,
    [a(10), b(30), high(c(5))],
    begun('c', 'first'),
  ],
  ['the group that has the turn keeps it', turnOf('a', 10), [a(0)], keepsTurn('a', 10)],
  [
    'a more urgent job of another group takes the turn',
    turnOf('a', 10),
    [a(50), high(b(0))],
    begun('b', 'priority'),
  ],
  [
    'a job that is only as urgent as the most urgent own job does not take the turn',
    turnOf('a', 10),
    [low(a(50)), high(a(0)), high(b(40))],
    keepsTurn('a', 10),
  ],
  [
    'an older but less urgent job of another group does not take the turn',
    turnOf('a', 10),
    [a(0), low(b(40))],
    keepsTurn('a', 10),
  ],
  [
    'a normal job of another group takes the turn from jobs of low priority',
    turnOf('a', 10),
    [low(a(50)), b(0)],
    begun('b', 'priority'),
  ],
  [
    'an overdue job comes before a more urgent job',
    turnOf('a', 2 * MAX_WAIT_MS),
    [a(0), low(b(MAX_WAIT_MS + 1)), high(c(0))],
    begun('b', 'overdue'),
  ],
  [
    'when the group that has the turn has no job, the most urgent other job is next',
    turnOf('a', 10),
    [b(9), high(c(1))],
    begun('c', 'drained'),
  ],
  [
    'when the group that has the turn has no job, an overdue job comes before a more urgent one',
    turnOf('a', 2 * MAX_WAIT_MS),
    [b(MAX_WAIT_MS + 1), high(c(1))],
    begun('b', 'drained'),
  ],
  [
    'a group that ran out of jobs loses the turn to a more urgent job',
    turnOf('a', 10, true),
    [a(1), high(b(0))],
    begun('b', 'priority'),
  ],
  [
    'the group that has the turn keeps it although jobs of others are older',
    turnOf('a', 10),
    [b(50_000), a(0), c(40_000)],
    keepsTurn('a', 10),
  ],
  [
    'the group that has the turn keeps it when another has waited exactly as long as it may',
    turnOf('a', MAX_WAIT_MS),
    [b(MAX_WAIT_MS), a(0)],
    keepsTurn('a', MAX_WAIT_MS),
  ],
  [
    'the group that has the turn loses it when another has waited longer than it may',
    turnOf('a', MAX_WAIT_MS + 1),
    [b(MAX_WAIT_MS + 1), a(0)],
    begun('b', 'overdue'),
  ],
  [
    'of two overdue groups, the one that has waited longest gets the turn',
    turnOf('a', 100_000),
    [c(61_000), a(99_000), b(62_000)],
    begun('b', 'overdue'),
  ],
  [
    'a group that is alone keeps the turn for any time',
    turnOf('a', 10 * MAX_WAIT_MS),
    [a(5 * MAX_WAIT_MS)],
    keepsTurn('a', 10 * MAX_WAIT_MS),
  ],
  [
    'the wait of an old job counts from the start of the turn',
    turnOf('a', 1_000),
    [b(3_600_000), a(3_600_000)],
    keepsTurn('a', 1_000),
  ],
  [
    'the wait of a job that arrived during the turn counts from its arrival',
    turnOf('a', 100_000),
    [b(59_000), a(0)],
    keepsTurn('a', 100_000),
  ],
  [
    'a group that has no job loses the turn to the oldest other job',
    turnOf('a', 10),
    [c(5), b(8)],
    begun('b', 'drained'),
  ],
  [
    'a group that has no job loses the turn to an overdue job, with the same reason',
    turnOf('a', 100_000),
    [b(90_000)],
    begun('b', 'drained'),
  ],
  [
    'a group that ran out of jobs starts a new turn while its model is in memory',
    turnOf('a', 100_000, true),
    [a(0)],
    begun('a', 'resident'),
  ],
  [
    'a group that ran out of jobs starts a new turn although the job of another group is older',
    turnOf('a', 100_000, true),
    [b(5), a(0)],
    begun('a', 'resident'),
  ],
  [
    'a group that ran out of jobs and has none loses the turn to another',
    turnOf('a', 100_000, true),
    [b(5)],
    begun('b', 'drained'),
  ],
  // Clocks that were set back
  [
    'a turn that started in the future counts as started now',
    turnOf('a', -3_600_000),
    [b(3_600_000), a(0)],
    keepsTurn('a', 0),
  ],
  [
    'the wait of a job that arrived in the future counts from the start of the turn',
    turnOf('a', MAX_WAIT_MS + 1),
    [waiting('b', -3_600_000, 1), a(0)],
    begun('b', 'overdue'),
  ],
  [
    'a job that arrived in the future is not overdue in a short turn',
    turnOf('a', 1_000),
    [waiting('b', -3_600_000, 1), a(0)],
    keepsTurn('a', 1_000),
  ],
])('%s', (_what, turn, groups, choice) => {
  expect(choose(turn, ...groups)).toEqual(choice)
})

test('the example of the README holds', () => {
  const situation = {
    turn: { groupKey: 'llama', startedAt: 1_000, isOver: false },
    isResident: () => false,
    lines: [
      { groupKey: 'llama', priority: 1, oldestSeq: 7, oldestCreatedAt: 2_000 },
      { groupKey: 'qwen', priority: 1, oldestSeq: 3, oldestCreatedAt: 1_500 },
    ],
    maxWaitMs: 60_000,
    maxWaitLowMs: 600_000,
    loadMs: () => 3_000,
    servedAt: () => 0,
    expectation: undefined,
  }
  expect(decide({ ...situation, now: 5_000 })).toEqual({
    groupKeys: ['llama'],
    reason: 'resident',
    turnStartedAt: 1_000,
  })
  expect(decide({ ...situation, now: 61_600 })).toEqual({
    groupKeys: ['qwen'],
    reason: 'overdue',
    turnStartedAt: 61_600,
  })
})

describe('a group whose load takes long', () => {
  const withLoads = (turn: Turn, loadMs: number, ...lines: Line[]) =>
    decide({ ...plain, turn, lines, now: NOW, loadMs: group => (group === 'b' ? loadMs : 1_000_000) })

  test('gets its turn after four of its loads', () => {
    const turn = turnOf('a', 1_000_000)
    expect(withLoads(turn, 40_000, a(0), b(160_000))).toEqual(keepsTurn('a', 1_000_000))
    expect(withLoads(turn, 40_000, a(0), b(160_001))).toEqual(begun('b', 'overdue'))
  })

  test('does not get it before it has waited as long as any group', () => {
    const turn = turnOf('a', 1_000_000)
    expect(withLoads(turn, 1_000, a(0), b(60_000))).toEqual(keepsTurn('a', 1_000_000))
    expect(withLoads(turn, 1_000, a(0), b(60_001))).toEqual(begun('b', 'overdue'))
  })
})

describe('of several groups that are overdue', () => {
  /** A turn that has lasted for ten minutes, and groups that were served before it. */
  const afterTen = (servedMsAgo: Record<string, number>, ...lines: Line[]) =>
    decide({
      ...plain,
      turn: turnOf('a', 600_000),
      lines,
      now: NOW,
      servedAt: group => NOW - (servedMsAgo[group] ?? NOW),
    })

  test('the one that was served longest ago is next, and not the one with the older backlog', () => {
    expect(afterTen({ b: 650_000 }, a(0), b(900_000), c(700_000))).toEqual(begun('c', 'overdue'))
    expect(afterTen({ b: 650_000, c: 640_000 }, a(0), b(900_000), c(700_000))).toEqual(begun('b', 'overdue'))
  })

  test('the one with the oldest job is next, if none of them was served since its arrival', () => {
    expect(afterTen({ b: 950_000 }, a(0), b(900_000), c(700_000))).toEqual(begun('b', 'overdue'))
    expect(afterTen({}, a(0), b(700_000), c(900_000))).toEqual(begun('c', 'overdue'))
  })
})

describe('an overdue group', () => {
  const served = (servedMsAgo: Record<string, number>, turn: Turn, ...lines: Line[]) =>
    decide({
      ...plain,
      turn,
      lines,
      now: NOW,
      loadMs: group => (group === 'b' ? 40_000 : 0),
      servedAt: group => NOW - (servedMsAgo[group] ?? NOW),
    })

  test('leaves the turn of another group as long as the bound', () => {
    expect(served({}, turnOf('a', 160_000), a(0), b(170_000))).toEqual(keepsTurn('a', 160_000))
    expect(served({}, turnOf('a', 160_001), a(0), b(170_000))).toEqual(begun('b', 'overdue'))
  })

  test('gets the next turn, although the present one was too short for its load', () => {
    const turn = turnOf('a', MAX_WAIT_MS + 1)
    expect(served({}, turn, a(0), b(160_001), c(100_000))).toEqual(begun('b', 'overdue'))
    expect(served({}, turn, a(0), b(160_000), c(100_000))).toEqual(begun('c', 'overdue'))
  })

  test('goes before a more urgent job that takes the turn', () => {
    expect(served({}, turnOf('a', 10), a(0), high(b(0)), c(MAX_WAIT_MS + 1))).toEqual(begun('c', 'overdue'))
    expect(served({}, turnOf('a', 10), a(0), high(b(0)), c(MAX_WAIT_MS))).toEqual(begun('b', 'priority'))
  })

  test('goes before an older backlog that was served meanwhile', () => {
    const lines = [b(900_000), c(MAX_WAIT_MS + 1)]
    expect(served({ b: 160_000 }, turnOf('a', 10), ...lines)).toEqual(begun('c', 'drained'))
    expect(served({ b: 160_001 }, turnOf('a', 10), ...lines)).toEqual(begun('b', 'drained'))
  })

  test('is one that has waited in the present turn, if the clock was set back since it was served', () => {
    const since = { c: -3_600_000 }
    expect(served(since, turnOf('a', MAX_WAIT_MS), a(0), c(900_000))).toEqual(keepsTurn('a', MAX_WAIT_MS))
    expect(served(since, turnOf('a', MAX_WAIT_MS + 1), a(0), c(900_000))).toEqual(begun('c', 'overdue'))
  })
})

describe('groups that are in memory together', () => {
  const together = (turn: Turn, ...lines: Line[]) =>
    decide({ ...plain, turn, lines, now: NOW, isResident: groupKey => ['a', 'b'].includes(groupKey) })

  test('are one pool: the next job comes from any of them, and no turn begins', () => {
    expect(together(turnOf('a', 10), b(5), a(1), c(50))).toEqual({
      groupKeys: ['b', 'a'],
      reason: 'resident',
      turnStartedAt: NOW - 10,
    })
    expect(together(turnOf('a', 10), b(5))).toMatchObject({ groupKeys: ['b'], reason: 'resident' })
  })

  test('are never overdue for each other', () => {
    expect(together(turnOf('a', 100_000), b(90_000), a(0))).toMatchObject({ reason: 'resident' })
    expect(together(turnOf('a', 100_000), c(90_000), b(90_000), a(0))).toEqual(begun('c', 'overdue'))
  })
})

describe('a turn that an operator has ended', () => {
  const ended = (turn: Turn, ...lines: Line[]) =>
    decide({
      ...plain,
      turn,
      lines,
      now: NOW,
      turnIsEnded: true,
      loadMs: () => 10_000,
      expectation: {
        awaited: [{ habit: UNKNOWN_HABIT.map((_, at) => (at === 3 ? 9 : 0)), goneMs: 0 }],
        waiting: 1,
        standingMs: 0,
      },
    })

  test('goes to the group that would be next, although it has jobs, however short it was', () => {
    expect(ended(turnOf('a', 10), a(50_000), b(5), high(c(1)))).toEqual(begun('c', 'ended'))
    expect(ended(turnOf('a', 10), high(a(50_000)), b(5), c(7))).toEqual(begun('c', 'ended'))
    expect(ended(turnOf('a', 10), a(0), b(MAX_WAIT_MS + 1), high(c(1)))).toEqual(begun('b', 'ended'))
  })

  test('is begun anew when no other group waits', () => {
    expect(ended(turnOf('a', 10), a(5))).toEqual(begun('a', 'resident'))
  })

  test('waits for nobody', () => {
    expect(ended(turnOf('a', 10), b(5))).toEqual(begun('b', 'drained'))
  })
})

describe('a job of low priority', () => {
  test('counts as a normal one once it has waited for long', () => {
    const turn = turnOf('a', 10)
    expect(choose(turn, a(0), low(b(MAX_WAIT_LOW_MS + 1)))).toEqual(keepsTurn('a', 10))
    expect(choose(turn, low(a(0)), low(b(MAX_WAIT_LOW_MS)))).toEqual(keepsTurn('a', 10))
    // Nor does it take the turn: the next one that has waited for so long would take it back.
    expect(choose(turn, low(a(0)), low(b(MAX_WAIT_LOW_MS + 1)))).toEqual(keepsTurn('a', 10))
    const urgent = [high(c(9)), low(b(MAX_WAIT_LOW_MS + 1))]
    const patient = { ...plain, maxWaitMs: MAX_WAIT_LOW_MS + 1 }
    expect(decide({ ...patient, turn, lines: urgent, now: NOW })).toEqual(begun('c', 'drained'))
    const dry = [low(b(MAX_WAIT_LOW_MS + 1)), c(9)]
    expect(choose(turn, ...dry)).toEqual(begun('b', 'drained'))
  })
})

describe('a caller who is likely to come back', () => {
  /** Comes back within a step that ends at 400 ms, nine times in ten. */
  const habit = UNKNOWN_HABIT.map((_, step) => (step === 3 ? 9 : step === 14 ? 1 : 0))
  const expecting = (
    { goneMs = 0, elsewhere = 1, standingMs = 0, loadMs = 10_000, lastedMs = 1_000 },
    ...lines: Line[]
  ): Choice | Standstill | undefined =>
    decide({
      ...plain,
      turn: turnOf('a', lastedMs),
      lines,
      now: NOW,
      loadMs: () => loadMs,
      expectation: { awaited: [{ habit, goneMs }], waiting: elsewhere, standingMs },
    })

  test('is waited for, until its step has passed', () => {
    expect(expecting({}, b(10))).toEqual({ waitMs: 400 })
    expect(expecting({ goneMs: 300 }, b(10))).toEqual({ waitMs: 100 })
    expect(expecting({ goneMs: 400 }, b(10))).toEqual(begun('b', 'drained'))
  })

  test('is not waited for when the wait costs more than a load', () => {
    expect(expecting({ loadMs: 400 }, b(10))).toEqual(begun('b', 'drained'))
    expect(expecting({ elsewhere: 30 }, b(10))).toEqual(begun('b', 'drained'))
  })

  test('is waited for no longer in a row than a load takes', () => {
    expect(expecting({ standingMs: 9_900 }, b(10))).toEqual({ waitMs: 100 })
    expect(expecting({ standingMs: 10_000 }, b(10))).toEqual(begun('b', 'drained'))
  })

  test('is not waited for when somebody is overdue or very urgent, or nobody else waits', () => {
    expect(expecting({ lastedMs: 2 * MAX_WAIT_MS }, b(MAX_WAIT_MS + 1))).toEqual(begun('b', 'drained'))
    expect(expecting({}, high(b(10)))).toEqual(begun('b', 'drained'))
    expect(expecting({})).toBeUndefined()
  })

  test('is waited for no longer than until somebody is overdue', () => {
    const lastedMs = 2 * MAX_WAIT_MS
    expect(expecting({ lastedMs }, b(MAX_WAIT_MS - 500))).toEqual({ waitMs: 400 })
    expect(expecting({ lastedMs }, c(10), b(MAX_WAIT_MS - 300))).toEqual({ waitMs: 301 })
    expect(expecting({ lastedMs }, b(MAX_WAIT_MS))).toEqual({ waitMs: 1 })
  })

  test('is not waited for while what is in memory has jobs', () => {
    expect(expecting({}, a(0), b(10))).toEqual(keepsTurn('a', 1_000))
  })
})

interface Job {
  readonly seq: number
  readonly groupKey: string
  readonly createdAt: number
}

/** Runs jobs one at a time on a simulated clock, as the worker does. */
class SimulatedWorker {
  now = 0
  loads = 0
  readonly started: { job: Job; at: number; reason: Choice['reason'] }[] = []
  readonly #jobMs: number
  readonly #loadMs: number
  readonly #maxWaitMs: number
  #seq = 0
  #queue: Job[] = []
  #turn: Turn | undefined

  constructor({ jobMs, loadMs, maxWaitMs }: { jobMs: number; loadMs: number; maxWaitMs: number }) {
    this.#jobMs = jobMs
    this.#loadMs = loadMs
    this.#maxWaitMs = maxWaitMs
  }

  arrive(groupKey: string, createdAt = this.now): Job {
    const job = { seq: ++this.#seq, groupKey, createdAt }
    this.#queue.push(job)
    return job
  }

  /** Runs one job. Returns false when none is queued. */
  step(): boolean {
    const oldest = new Map<string, Job>()
    for (const job of this.#queue) if (!oldest.has(job.groupKey)) oldest.set(job.groupKey, job)
    const lines = [...oldest.values()].map(({ groupKey, seq, createdAt }) => ({
      groupKey,
      priority: NORMAL,
      oldestSeq: seq,
      oldestCreatedAt: createdAt,
    }))
    const situation = { ...plain, turn: this.#turn, lines, now: this.now, maxWaitMs: this.#maxWaitMs }
    const choice = decide(situation)
    if (!choice || 'waitMs' in choice) return false
    const [groupKey] = choice.groupKeys
    const job = oldest.get(groupKey!)!
    if (this.started.at(-1)?.job.groupKey !== groupKey) {
      this.loads++
      this.now += this.#loadMs
    }
    this.#turn = { groupKey: groupKey!, startedAt: choice.turnStartedAt, isOver: false }
    this.#queue = this.#queue.filter(other => other !== job)
    this.started.push({ job, at: this.now, reason: choice.reason })
    this.now += this.#jobMs
    return true
  }
}

describe('on a simulated clock', () => {
  test('60 jobs that arrive interleaved need one load for each of three models', () => {
    const worker = new SimulatedWorker({ jobMs: 300, loadMs: 3_000, maxWaitMs: MAX_WAIT_MS })
    for (let job = 0; job < 60; job++) worker.arrive('abc'[job % 3]!)
    while (worker.step());
    expect(worker.loads).toBe(3)
    expect(worker.started).toHaveLength(60)
  })

  test('300 old jobs need one load per turn, not one per job', () => {
    const worker = new SimulatedWorker({ jobMs: 1_000, loadMs: 10_000, maxWaitMs: MAX_WAIT_MS })
    worker.now = 10_000_000
    for (let job = 0; job < 300; job++) worker.arrive('abc'[job % 3]!, job)
    while (worker.step());
    expect(worker.started).toHaveLength(300)
    // After its load, a turn has time for 50 jobs. So each of the three groups needs two turns.
    expect(worker.loads).toBeLessThanOrEqual(9)
  })

  test('300 old jobs need no more loads after the clock was set back', () => {
    const worker = new SimulatedWorker({ jobMs: 1_000, loadMs: 10_000, maxWaitMs: MAX_WAIT_MS })
    for (let job = 0; job < 300; job++) worker.arrive('abc'[job % 3]!, 3_600_000 + job)
    while (worker.step());
    expect(worker.loads).toBeLessThanOrEqual(9)
  })

  test('next to a group that always has jobs, another starts within the bound plus one job and one load', () => {
    const [jobMs, loadMs, maxWaitMs] = [300, 3_000, 2_000]
    const worker = new SimulatedWorker({ jobMs, loadMs, maxWaitMs })
    const busy = () => {
      worker.arrive('a')
      worker.step()
    }
    for (let job = 0; job < 20; job++) busy()
    for (let round = 0; round < 10; round++) {
      const other = worker.arrive('b')
      const isStarted = () => worker.started.some(({ job }) => job === other)
      for (let job = 0; job < 100 && !isStarted(); job++) busy()
      const start = worker.started.find(({ job }) => job === other)!
      expect(start.reason).toBe('overdue')
      expect(start.at - other.createdAt).toBeLessThanOrEqual(maxWaitMs + jobMs + loadMs)
      // The backlog of the busy group gets the turn back.
      for (let job = 0; job < 30; job++) busy()
      expect(worker.started.at(-1)?.job.groupKey).toBe('a')
    }
  })

  test('three groups that always have jobs take turns, each as long as the bound allows', () => {
    const [jobMs, loadMs, maxWaitMs] = [300, 1_000, 5_000]
    const worker = new SimulatedWorker({ jobMs, loadMs, maxWaitMs })
    for (let job = 0; job < 1_000; job++) {
      for (const group of 'abc') worker.arrive(group)
      worker.step()
    }
    const turns: string[] = []
    for (const { job } of worker.started) if (turns.at(-1) !== job.groupKey) turns.push(job.groupKey)
    expect(turns.slice(0, 9).join('')).toBe('abcabcabc')
    const shares = ['a', 'b', 'c'].map(
      group => worker.started.filter(({ job }) => job.groupKey === group).length,
    )
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2 * (maxWaitMs / jobMs))
  })

  test('jobs of a group start in the order of arrival', () => {
    const worker = new SimulatedWorker({ jobMs: 300, loadMs: 1_000, maxWaitMs: 2_000 })
    for (let job = 0; job < 100; job++) {
      worker.arrive('abc'[(job * 7) % 3]!)
      if (job % 3 === 0) worker.step()
    }
    while (worker.step());
    for (const group of 'abc') {
      const seqs = worker.started.filter(({ job }) => job.groupKey === group).map(({ job }) => job.seq)
      expect(seqs).toEqual(seqs.toSorted((x, y) => x - y))
    }
    expect(worker.started).toHaveLength(100)
  })
})
