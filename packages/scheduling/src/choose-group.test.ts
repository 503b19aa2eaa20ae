import type { WaitingLine } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { type Choice, chooseGroup, type Turn } from './choose-group.ts'

const MAX_WAIT_MS = 60_000
const NOW = 1_000_000
const [HIGH, NORMAL, LOW] = [0, 1, 2]

/** A group whose oldest job has waited so long; of two, the one that has waited longer came first. */
const waiting = (groupKey: string, waitedMs: number, seq = NOW - waitedMs): WaitingLine => ({
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

const choose = (turn: Turn | undefined, ...lines: WaitingLine[]): Choice | undefined =>
  chooseGroup({ turn, lines, now: NOW, maxWaitMs: MAX_WAIT_MS })

const a = (waitedMs: number) => waiting('a', waitedMs)
const b = (waitedMs: number) => waiting('b', waitedMs)
const c = (waitedMs: number) => waiting('c', waitedMs)

const high = (line: WaitingLine): WaitingLine => ({ ...line, priority: HIGH })
const low = (line: WaitingLine): WaitingLine => ({ ...line, priority: LOW })

const begun = (groupKey: string, reason: Choice['reason']): Choice => ({
  groupKey,
  reason,
  turnStartedAt: NOW,
})
const goesOn = (groupKey: string, lastedMs: number): Choice => ({
  groupKey,
  reason: 'resident',
  turnStartedAt: NOW - lastedMs,
})

test.each<[what: string, turn: Turn | undefined, lines: WaitingLine[], choice: Choice | undefined]>([
  ['nothing is chosen from nothing', undefined, [], undefined],
  ['nothing is chosen from nothing, whoever has the turn', turnOf('a', 10), [], undefined],
  ['the first is the one that has waited longest', undefined, [a(10), b(30), c(20)], begun('b', 'first')],
  [
    'the first is not the one with the oldest clock but the one that came first',
    undefined,
    [waiting('a', 500, 2), waiting('b', 10, 1)],
    begun('b', 'first'),
  ],
  [
    'the first is the most urgent one, however short it has waited',
    undefined,
    [a(10), b(30), high(c(5))],
    begun('c', 'first'),
  ],
  ['the resident group goes on', turnOf('a', 10), [a(0)], goesOn('a', 10)],
  [
    'the resident group makes way for a more urgent job',
    turnOf('a', 10),
    [a(50), high(b(0))],
    begun('b', 'priority'),
  ],
  [
    'the resident group does not make way for a job as urgent as its own most urgent one',
    turnOf('a', 10),
    [low(a(50)), high(a(0)), high(b(40))],
    goesOn('a', 10),
  ],
  [
    'the resident group goes on before less urgent jobs that came first',
    turnOf('a', 10),
    [a(0), low(b(40))],
    goesOn('a', 10),
  ],
  [
    'less urgent work of the resident group waits for a normal job elsewhere',
    turnOf('a', 10),
    [low(a(50)), b(0)],
    begun('b', 'priority'),
  ],
  [
    'a less urgent job that has waited too long comes before a more urgent one',
    turnOf('a', 2 * MAX_WAIT_MS),
    [a(0), low(b(MAX_WAIT_MS + 1)), high(c(0))],
    begun('b', 'overdue'),
  ],
  [
    'when the resident group is dry the most urgent of the others is next',
    turnOf('a', 10),
    [b(9), high(c(1))],
    begun('c', 'drained'),
  ],
  [
    'when the resident group is dry a job that has waited too long comes before a more urgent one',
    turnOf('a', 2 * MAX_WAIT_MS),
    [b(MAX_WAIT_MS + 1), high(c(1))],
    begun('b', 'drained'),
  ],
  [
    'a group that ran dry makes way for a more urgent job',
    turnOf('a', 10, true),
    [a(1), high(b(0))],
    begun('b', 'priority'),
  ],
  [
    'the resident group goes on although others came first',
    turnOf('a', 10),
    [b(50_000), a(0), c(40_000)],
    goesOn('a', 10),
  ],
  [
    'the resident group goes on at its bound',
    turnOf('a', MAX_WAIT_MS),
    [b(MAX_WAIT_MS), a(0)],
    goesOn('a', MAX_WAIT_MS),
  ],
  [
    'past its bound it makes way',
    turnOf('a', MAX_WAIT_MS + 1),
    [b(MAX_WAIT_MS + 1), a(0)],
    begun('b', 'overdue'),
  ],
  [
    'it makes way for the group that has waited longest',
    turnOf('a', 100_000),
    [c(61_000), a(99_000), b(62_000)],
    begun('b', 'overdue'),
  ],
  [
    'it need not make way for nobody',
    turnOf('a', 10 * MAX_WAIT_MS),
    [a(5 * MAX_WAIT_MS)],
    goesOn('a', 10 * MAX_WAIT_MS),
  ],
  [
    'an old backlog counts from the turn on',
    turnOf('a', 1_000),
    [b(3_600_000), a(3_600_000)],
    goesOn('a', 1_000),
  ],
  [
    'a job that came during the turn counts from when it came',
    turnOf('a', 100_000),
    [b(59_000), a(0)],
    goesOn('a', 100_000),
  ],
  ['a group that ran dry makes way', turnOf('a', 10), [c(5), b(8)], begun('b', 'drained')],
  [
    'a group that ran dry makes way for those that are overdue, too',
    turnOf('a', 100_000),
    [b(90_000)],
    begun('b', 'drained'),
  ],
  ['a group that is in memory begins a new turn', turnOf('a', 100_000, true), [a(0)], begun('a', 'resident')],
  [
    'a group that is in memory begins it although another came first',
    turnOf('a', 100_000, true),
    [b(5), a(0)],
    begun('a', 'resident'),
  ],
  [
    'a group that had ended makes way like another',
    turnOf('a', 100_000, true),
    [b(5)],
    begun('b', 'drained'),
  ],
  // Clocks
  [
    'a turn that began in the future begins now',
    turnOf('a', -3_600_000),
    [b(3_600_000), a(0)],
    goesOn('a', 0),
  ],
  [
    'a job that came in the future counts from the turn on',
    turnOf('a', MAX_WAIT_MS + 1),
    [waiting('b', -3_600_000, 1), a(0)],
    begun('b', 'overdue'),
  ],
  [
    'a job that came in the future does not hurry',
    turnOf('a', 1_000),
    [waiting('b', -3_600_000, 1), a(0)],
    goesOn('a', 1_000),
  ],
])('%s', (_what, turn, groups, choice) => {
  expect(choose(turn, ...groups)).toEqual(choice)
})

interface Job {
  readonly seq: number
  readonly groupKey: string
  readonly createdAt: number
}

/** One job at a time, as the worker takes them. */
class Railway {
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

  /** Runs one job, if one waits. */
  step(): boolean {
    const oldest = new Map<string, Job>()
    for (const job of this.#queue) if (!oldest.has(job.groupKey)) oldest.set(job.groupKey, job)
    const lines = [...oldest.values()].map(({ groupKey, seq, createdAt }) => ({
      groupKey,
      priority: NORMAL,
      oldestSeq: seq,
      oldestCreatedAt: createdAt,
    }))
    const choice = chooseGroup({ turn: this.#turn, lines, now: this.now, maxWaitMs: this.#maxWaitMs })
    if (!choice) return false
    const job = oldest.get(choice.groupKey)!
    if (this.started.at(-1)?.job.groupKey !== choice.groupKey) {
      this.loads++
      this.now += this.#loadMs
    }
    this.#turn = { groupKey: choice.groupKey, startedAt: choice.turnStartedAt, isOver: false }
    this.#queue = this.#queue.filter(other => other !== job)
    this.started.push({ job, at: this.now, reason: choice.reason })
    this.now += this.#jobMs
    return true
  }
}

describe('over time', () => {
  test('60 jobs that come interleaved cost one load for each of three models', () => {
    const railway = new Railway({ jobMs: 300, loadMs: 3_000, maxWaitMs: MAX_WAIT_MS })
    for (let job = 0; job < 60; job++) railway.arrive('abc'[job % 3]!)
    while (railway.step());
    expect(railway.loads).toBe(3)
    expect(railway.started).toHaveLength(60)
  })

  test('300 old jobs cost one load a turn, not one a job', () => {
    const railway = new Railway({ jobMs: 1_000, loadMs: 10_000, maxWaitMs: MAX_WAIT_MS })
    railway.now = 10_000_000
    for (let job = 0; job < 300; job++) railway.arrive('abc'[job % 3]!, job)
    while (railway.step());
    expect(railway.started).toHaveLength(300)
    // A turn has room for 50 jobs after its load: two turns for each group.
    expect(railway.loads).toBeLessThanOrEqual(9)
  })

  test('300 old jobs on a clock that was set back cost no more', () => {
    const railway = new Railway({ jobMs: 1_000, loadMs: 10_000, maxWaitMs: MAX_WAIT_MS })
    for (let job = 0; job < 300; job++) railway.arrive('abc'[job % 3]!, 3_600_000 + job)
    while (railway.step());
    expect(railway.loads).toBeLessThanOrEqual(9)
  })

  test('a group that is kept busy for ever lets another in within the bound, the job in flight and the load', () => {
    const [jobMs, loadMs, maxWaitMs] = [300, 3_000, 2_000]
    const railway = new Railway({ jobMs, loadMs, maxWaitMs })
    const busy = () => {
      railway.arrive('a')
      railway.step()
    }
    for (let job = 0; job < 20; job++) busy()
    for (let round = 0; round < 10; round++) {
      const other = railway.arrive('b')
      const isStarted = () => railway.started.some(({ job }) => job === other)
      for (let job = 0; job < 100 && !isStarted(); job++) busy()
      const start = railway.started.find(({ job }) => job === other)!
      expect(start.reason).toBe('overdue')
      expect(start.at - other.createdAt).toBeLessThanOrEqual(maxWaitMs + jobMs + loadMs)
      // The busy group's own backlog gets its turn back.
      for (let job = 0; job < 30; job++) busy()
      expect(railway.started.at(-1)?.job.groupKey).toBe('a')
    }
  })

  test('three groups that are all kept busy take turns, each as long as the bound allows', () => {
    const [jobMs, loadMs, maxWaitMs] = [300, 1_000, 5_000]
    const railway = new Railway({ jobMs, loadMs, maxWaitMs })
    for (let job = 0; job < 1_000; job++) {
      for (const group of 'abc') railway.arrive(group)
      railway.step()
    }
    const turns: string[] = []
    for (const { job } of railway.started) if (turns.at(-1) !== job.groupKey) turns.push(job.groupKey)
    expect(turns.slice(0, 9).join('')).toBe('abcabcabc')
    const shares = ['a', 'b', 'c'].map(
      group => railway.started.filter(({ job }) => job.groupKey === group).length,
    )
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(2 * (maxWaitMs / jobMs))
  })

  test('jobs of a group start in the order in which they came', () => {
    const railway = new Railway({ jobMs: 300, loadMs: 1_000, maxWaitMs: 2_000 })
    for (let job = 0; job < 100; job++) {
      railway.arrive('abc'[(job * 7) % 3]!)
      if (job % 3 === 0) railway.step()
    }
    while (railway.step());
    for (const group of 'abc') {
      const seqs = railway.started.filter(({ job }) => job.groupKey === group).map(({ job }) => job.seq)
      expect(seqs).toEqual(seqs.toSorted((x, y) => x - y))
    }
    expect(railway.started).toHaveLength(100)
  })
})
