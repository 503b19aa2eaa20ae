import { priorities } from '@foreman/jobs'
import { weightsOf } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import { listJobs } from '@foreman/store/testing'
import fc from 'fast-check'
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openTempStore, tempFile } from './testing/fixtures.ts'
import { anyCourse, type Course, type PlayedHold, type Visit } from './testing/policy/course.ts'
import { play, type Played, type PlayedJob } from './testing/policy/play.ts'
import {
  loadsAlone,
  lowJobsAge,
  nobodyFallsBehind,
  overdueGroupsGoFirst,
  standsStillInBounds,
  turnsComeInTime,
} from './testing/policy/rules.ts'
import { type Rule, watch } from './testing/policy/watch.ts'

/** A disk in memory, where there is one: the courses of a test write ten thousand jobs. */
const QUICK_DISK = '/dev/shm'
const TIMEOUT_MS = 60_000

const PRIORITIES = ['high', 'normal', 'normal', 'low'] as const

/** Plays courses one after the other, on one real file. */
const openPlayground = () => {
  /** A store without jobs that wait or run. */
  let free: Store | undefined
  const open = () => openTempStore(fs.existsSync(QUICK_DISK) ? tempFile(QUICK_DISK) : tempFile())
  return {
    played: async (course: Course): Promise<Played[]> => {
      const store = free ?? (await open())
      free = undefined
      const played = await play(store, course)
      free = store
      return played
    },
    jobs: () => listJobs(free!, { limit: Infinity }),
  }
}

/** A slow machine plays fewer courses, and searches less for the smallest counterexample. */
const forAll = (courses: fc.Arbitrary<Course>, numRuns: number, holds: (course: Course) => Promise<void>) =>
  fc.assert(fc.asyncProperty(courses, holds), { numRuns, interruptAfterTimeLimit: TIMEOUT_MS / 2 })

/** Plays courses, and asks rules about each. @returns how often nothing ran although jobs waited */
const watchAll = async (
  courses: fc.Arbitrary<Course>,
  numRuns: number,
  ...rulesOf: readonly ((course: Course) => Rule)[]
): Promise<number> => {
  const { played } = openPlayground()
  let stood = 0
  await forAll(courses, numRuns, async course => {
    const all = await played(course)
    watch(all, course, ...rulesOf.map(ruleOf => ruleOf(course)))
    stood += all.filter(({ kind }) => kind === 'stands').length
  })
  return stood
}

describe('whatever comes to the target, and when', { timeout: TIMEOUT_MS }, () => {
  test('each job runs once, and nothing else is sent while a model is loaded', async () => {
    const { played, jobs } = openPlayground()
    let arrived = 0
    const courses = anyCourse({
      groups: ['a', 'a|num_ctx=1', 'b', 'c'],
      priorities: PRIORITIES,
      // What takes less than 0.1 s is no load for the worker.
      loadMs: [300, 1_000, 2_000],
      room: [1, 2],
      fits: [true, false],
      concurrency: [1, 2, 3],
      models: [1, 2],
    })
    await forAll(courses, 400, async course => {
      const all = await played(course)
      watch(all, course, loadsAlone(course))
      arrived += all.filter(({ kind }) => kind === 'arrived').length
    })
    const kept = await jobs()
    expect(kept).toHaveLength(arrived)
    expect(kept.filter(({ state, attempt }) => state !== 'succeeded' || attempt !== 1)).toEqual([])
  })

  test('a group that waits gets its turn within its bound, and none whose jobs came later gets ahead of it more than twice', async () => {
    const courses = anyCourse({
      groups: ['a', 'b', 'c', 'd'],
      priorities: PRIORITIES,
      room: [1, 2],
      concurrency: [1, 2, 3],
      models: [1, 2],
    })
    await watchAll(courses, 500, turnsComeInTime, overdueGroupsGoFirst)
  })

  test('a job of low priority is served as a normal one when it has waited for its bound', () => {
    const courses = anyCourse({
      priorities: ['normal', 'normal', 'low'],
      maxWaitLowMs: [1_000, 3_000],
      halfLifeMs: [0],
      concurrency: [1, 2, 3],
    })
    return watchAll(courses, 400, lowJobsAge)
  })

  test('no account that has jobs, and no sender of one, falls behind another by more than one job', () => {
    const courses = anyCourse({ groups: ['a', 'b'], halfLifeMs: [2_000, 60_000] })
    return watchAll(
      courses,
      400,
      course => nobodyFallsBehind(course, 'accounts'),
      course => nobodyFallsBehind(course, 'senders'),
    )
  })

  test('a caller is waited for no longer than one load, and not when somebody has waited too long', async () => {
    const courses = anyCourse({
      priorities: PRIORITIES,
      loadMs: [300, 1_400],
      maxWaitMs: [3_000, 10_000],
      againAfterMs: [40, 90, 90, 700, 1_500],
      returns: 15,
      expects: [true],
    })
    expect(await watchAll(courses, 300, standsStillInBounds)).toBeGreaterThan(0)
  })

  test('the choice depends neither on the order of the rows nor on names', async () => {
    const { played } = openPlayground()
    const courses = anyCourse({
      priorities: PRIORITIES,
      room: [1, 2],
      concurrency: [1, 2, 3],
      models: [1, 2],
    })
    await forAll(courses, 250, async course => {
      const all = await played(course)
      expect((await played(renamed(course))).map(renamedBack)).toEqual(all)
    })
  })
})

describe('what an operator holds', { timeout: TIMEOUT_MS }, () => {
  const QUICK = 120
  const anyHold = (...kinds: PlayedHold['kind'][]): fc.Arbitrary<PlayedHold> =>
    fc
      .record({
        kind: fc.constantFrom(...kinds),
        group: fc.constantFrom('a', 'b', 'c'),
        priority: fc.constantFrom('high', 'normal', 'low'),
        caller: fc.constantFrom('x', 'y', 'z'),
        fromMs: fc.integer({ min: 0, max: 60 }).map(tenth => tenth * 100),
        lastsMs: fc.constantFrom(100, 1_000, 10_000),
      })
      .map(({ kind, group, priority, caller, fromMs, lastsMs }) => ({
        kind,
        subject: { pause: '', model: group, priority, caller }[kind],
        fromMs,
        untilMs: fromMs + lastsMs,
      }))
  const isOf = ({ kind, subject }: PlayedHold, job: Omit<PlayedJob, 'place' | 'arrivedAt' | 'workMs'>) =>
    ({
      pause: true,
      // In courses a group that is not a model begins with its model.
      model: weightsOf(job.groupKey) === subject,
      priority: priorities[job.priority] === subject,
      caller: job.account === subject,
    })[kind]
  const differing = {
    priorities: PRIORITIES,
    room: [1, 2],
    concurrency: [1, 2, 3],
    models: [1, 2],
    expects: [false],
  }

  test('does not start, and all else goes on', async () => {
    const { played, jobs } = openPlayground()
    let held = 0
    // Of each kind one: two of one subject are one hold.
    const anyHolds = fc.uniqueArray(anyHold('pause', 'model', 'priority', 'caller'), {
      selector: ({ kind }) => kind,
      minLength: 1,
      maxLength: 3,
    })
    const courses = fc
      .tuple(anyCourse(differing), anyHolds)
      .map(([course, holds]): Course => ({ ...course, holds }))
    await forAll(courses, QUICK, async course => {
      const all = await played(course)
      for (const happened of all) {
        if (happened.kind !== 'started') continue
        const { at, job } = happened
        const isIn = ({ fromMs, untilMs }: PlayedHold) => fromMs <= at && at < untilMs
        expect(course.holds!.filter(hold => isIn(hold) && isOf(hold, job))).toEqual([])
      }
      held += course.holds!.length
    })
    expect(held).toBeGreaterThan(0)
    expect((await jobs()).filter(({ state }) => state !== 'succeeded')).toEqual([])
  })

  test('delays nothing else: the others run as if it was not there', async () => {
    const { played } = openPlayground()
    const LATER = 10_000_000
    // Where nobody's use counts, several jobs of a line are claimed at once, but not while a caller is held.
    const settings = { ...differing, halfLifeMs: [2_000, 60_000] }
    const courses = fc.tuple(anyCourse(settings), anyHold('model', 'priority', 'caller'))
    await forAll(
      courses.map(([course, hold]): Course => ({
        ...course,
        holds: [{ ...hold, fromMs: 0, untilMs: LATER }],
      })),
      QUICK,
      async course => {
        const [hold] = course.holds!
        const isFree = (visit: Visit) =>
          !isOf(hold!, { ...visit, priority: priorities.indexOf(visit.priority) })
        // The worker looks at the queue at the same times.
        const looks = course.visits.map(({ atMs }): PlayedHold => ({
          kind: 'priority',
          subject: 'none',
          fromMs: atMs,
          untilMs: atMs,
        }))
        const alone = await played({ ...course, holds: looks, visits: course.visits.filter(isFree) })
        const beside = (await played(course)).filter(
          happened => happened.at < LATER && 'job' in happened && !isOf(hold!, happened.job),
        )
        const withoutPlaces = (all: Played[]) =>
          all.flatMap(happened =>
            'job' in happened ? [{ ...happened, job: { ...happened.job, place: 0 } }] : [],
          )
        expect(withoutPlaces(beside)).toEqual(withoutPlaces(alone))
      },
    )
  })

  test('costs no load: after a pause of any length, a backlog needs one for each model', async () => {
    const { played } = openPlayground()
    const loadsOf = (all: readonly Played[]) =>
      all.filter(each => each.kind === 'started' && each.isLoad).length
    const settings = { groups: ['a', 'b', 'c', 'd'], expects: [false], returns: 0, maxWaitMs: [100_000] }
    const courses = fc.tuple(anyCourse(settings), anyHold('pause')).map(([course, { fromMs, ...pause }]) => ({
      ...course,
      visits: course.visits.map(visit => ({ ...visit, atMs: 0 })),
      holds: [{ ...pause, fromMs, untilMs: fromMs + 10_000_000 }],
    }))
    await forAll(courses, QUICK, async course => {
      const models = new Set(course.visits.map(({ groupKey }) => groupKey)).size
      expect(loadsOf(await played(course))).toBe(models)
      expect(loadsOf(await played({ ...course, holds: [] }))).toBe(models)
    })
  })
})

const OTHER_NAMES: Record<string, string> = { a: 'c', b: 'b', c: 'a', x: 'z', y: 'y', z: 'x', p: 'q', q: 'p' }
const otherName = (name: string): string => OTHER_NAMES[name]!
const otherNames = <T extends Pick<PlayedJob, 'groupKey' | 'account' | 'sender'>>(named: T): T => ({
  ...named,
  groupKey: otherName(named.groupKey),
  account: otherName(named.account),
  sender: otherName(named.sender),
})

/** The same course under other names. All that a choice reads is in the order of names, so that it comes in the reverse order. */
const renamed = (course: Course): Course => ({
  ...course,
  visits: course.visits.map(otherNames),
  loadMs: Object.fromEntries(Object.entries(course.loadMs).map(([group, ms]) => [otherName(group), ms])),
})

const renamedBack = (happened: Played): Played =>
  'job' in happened ? { ...happened, job: otherNames(happened.job) } : happened
