import { decide, endOf, levelOf, type Line, type Situation, type Turn } from '../decide.ts'

/** A line, and how many jobs it has. */
export interface CountedLine extends Line {
  readonly jobs: number
}

/** How long a slot works on the jobs of a group, without loads: their mean, and how far they are from it on average. */
export interface Work {
  readonly meanMs: number
  readonly deviationMs: number
}

/** What is known of the queue and of the target, from now on. */
export interface Outlook extends Omit<Situation, 'lines' | 'expectation'> {
  readonly lines: readonly CountedLine[]
  /** Undefined: nothing was measured of the group. */
  readonly workOf: (groupKey: string) => Work | undefined
  /** How many jobs of a loaded model run at the same time. */
  readonly concurrency: number
  /** When the target is likely to be free for the next job, in milliseconds since the epoch. */
  readonly freeAt: number
}

/** Jobs of one line that start one after the other, without a load between them. */
export interface Stretch {
  /** When the first of them starts, in milliseconds since the epoch. */
  readonly from: number
  readonly jobs: number
  /** How long after one of them the next one starts. */
  readonly everyMs: number
  /** How many jobs of the line start before them. */
  readonly before: number
  /** How many jobs of all lines start before them. */
  readonly allBefore: number
  /** How many jobs of all lines start for each of them. */
  readonly allForEach: number
  /** The variance of `from` in ms², and what each of the jobs adds to it. */
  readonly variance: number
  readonly jobVariance: number
  /** Whether everything was measured that decides about `from` and `everyMs`. Otherwise only the order is of use. */
  readonly isMeasured: boolean
}

interface Left extends CountedLine {
  jobs: number
  started: number
}

/** How many stretches are looked at one by one. The mean of them stands for those behind them. */
const MAX_STRETCHES = 64

/** What is assumed of a group of which nothing was measured. */
const USUAL_WORK: Work = { meanMs: 1_000, deviationMs: 0 }

/** The variance of a normal distribution whose mean deviation is 1. */
const VARIANCE = Math.PI / 2

export const lineKey = ({ groupKey, priority }: Pick<Line, 'groupKey' | 'priority'>): string =>
  `${priority} ${groupKey}`

/**
 * Runs the policy forward: from the end of the jobs that run now until every line is empty.
 *
 * @param turnsAreFull whether every turn lasts for as long as it may, because more jobs of its group arrive
 * @returns the stretches of each line, by `lineKey`
 */
export const courseOf = (outlook: Outlook, turnsAreFull: boolean): ReadonlyMap<string, readonly Stretch[]> =>
  new Course(outlook, turnsAreFull).stretches

class Course {
  readonly stretches = new Map<string, Stretch[]>()
  readonly #outlook: Outlook
  readonly #turnsAreFull: boolean
  readonly #left: readonly Left[]
  readonly #servedAt = new Map<string, number>()
  #now: number
  #turn: Turn | undefined
  #isResident: (groupKey: string) => boolean
  #started = 0
  #variance = 0
  #isMeasured = true

  constructor(outlook: Outlook, turnsAreFull: boolean) {
    this.#outlook = outlook
    this.#turnsAreFull = turnsAreFull
    this.#left = outlook.lines.map(line => ({ ...line, started: 0 }))
    this.#now = outlook.freeAt
    this.#turn = outlook.turn
    this.#isResident = outlook.isResident
    if (turnsAreFull && this.#turn) this.#awaitMoreOf(this.#turn)
    for (let count = 0; count < MAX_STRETCHES; count++) if (!this.#goOn()) return
    this.#foreshorten()
  }

  #situation(): Situation {
    return {
      ...this.#outlook,
      lines: this.#left.filter(({ jobs }) => jobs > 0),
      now: this.#now,
      turn: this.#turn,
      isResident: this.#isResident,
      servedAt: groupKey => this.#servedAt.get(groupKey) ?? this.#outlook.servedAt(groupKey),
      expectation: undefined,
    }
  }

  /** Goes on to the next moment at which another line is next. @returns whether there is one */
  #goOn(): boolean {
    const situation = this.#situation()
    const choice = decide(situation)
    if (!choice || 'waitMs' in choice) return false
    const { groupKeys, reason, turnStartedAt } = choice
    const here = this.#left.filter(({ jobs, groupKey }) => jobs > 0 && groupKeys.includes(groupKey))
    const levels = here.map(({ priority, oldestCreatedAt: createdAt }) =>
      levelOf({ priority, createdAt }, situation),
    )
    const next = here.filter((_, at) => levels[at] === Math.min(...levels))
    this.#turn = { groupKey: groupKeys[0]!, startedAt: turnStartedAt, isOver: false }
    if (reason !== 'resident') {
      this.#now += this.#outlook.loadMs(this.#turn.groupKey)
      // Something has to leave for this load: what else is in memory, nobody knows now.
      this.#isResident = () => false
    }
    const untilMs = Math.max(0, endOf(this.#turn, this.#situation()) - this.#now)
    const wholeMs = next.reduce((sum, line) => sum + line.jobs * this.#everyMs(line), 0)
    const part = wholeMs > untilMs ? untilMs / wholeMs : 1
    const lastsMs = this.#start(next, line =>
      part < 1 ? Math.min(line.jobs, Math.floor(line.jobs * part) + 1) : line.jobs,
    )
    const isDry = here.every(({ jobs }) => jobs === 0)
    if (this.#turnsAreFull && isDry && untilMs < Infinity) this.#now += Math.max(0, untilMs - lastsMs)
    return true
  }

  /** More jobs of the present turn may arrive although it has none. */
  #awaitMoreOf(turn: Turn): void {
    const situation = this.#situation()
    if (situation.lines.some(({ groupKey }) => groupKey === turn.groupKey)) return
    const untilMs = endOf(turn, situation) - this.#now
    if (untilMs < Infinity) this.#now += Math.max(0, untilMs)
  }

  /** Everything that is left takes as long as what was looked at, and all lines go on side by side. */
  #foreshorten(): void {
    const left = this.#left.filter(({ jobs }) => jobs > 0)
    const workedMs = this.#left.reduce((sum, line) => sum + line.started * this.#everyMs(line), 0)
    this.#start(left, ({ jobs }) => jobs, (this.#now - this.#outlook.freeAt) / Math.max(1, workedMs))
  }

  /**
   * Starts jobs of lines that go on side by side.
   *
   * @param slowness how much longer they take than the work on them
   * @returns how long that lasts
   */
  #start(lines: readonly Left[], jobsOf: (line: Left) => number, slowness = 1): number {
    const counted = lines.map(line => ({ line, jobs: jobsOf(line) }))
    this.#isMeasured &&= lines.every(({ groupKey }) => this.#outlook.workOf(groupKey))
    const all = counted.reduce((sum, { jobs }) => sum + jobs, 0)
    const lastsMs = counted.reduce((sum, { line, jobs }) => sum + jobs * this.#everyMs(line) * slowness, 0)
    const variance = counted.reduce((sum, { line, jobs }) => sum + jobs * this.#varianceOf(line), 0)
    for (const { line, jobs } of counted) {
      const key = lineKey(line)
      const stretch: Stretch = {
        from: this.#now,
        jobs,
        everyMs: lastsMs / jobs,
        before: line.started,
        allBefore: this.#started,
        allForEach: all / jobs,
        variance: this.#variance,
        jobVariance: variance / jobs,
        isMeasured: this.#isMeasured,
      }
      this.stretches.set(key, [...(this.stretches.get(key) ?? []), stretch])
      line.started += jobs
      line.jobs -= jobs
      this.#servedAt.set(line.groupKey, this.#now + lastsMs)
    }
    this.#started += all
    this.#variance += variance
    this.#now += lastsMs
    return lastsMs
  }

  #everyMs({ groupKey }: Line): number {
    return this.#work(groupKey).meanMs / this.#outlook.concurrency
  }

  #varianceOf({ groupKey }: Line): number {
    return VARIANCE * (this.#work(groupKey).deviationMs / this.#outlook.concurrency) ** 2
  }

  #work(groupKey: string): Work {
    return this.#outlook.workOf(groupKey) ?? USUAL_WORK
  }
}
