import { weightsOf } from '@foreman/ollama-client'
import type { Course } from './course.ts'
import type { PlayedJob } from './play.ts'
import type { Rule, Scene } from './watch.ts'

const [HIGH, LOW] = [0, 2]

/** A clock has whole milliseconds. */
const ROUNDED_MS = 1
/** Uses are sums of fractions. */
const EQUAL_MS = 1e-3

const longestWorkMs = ({ visits }: Course): number => Math.max(...visits.map(({ workMs }) => workMs))
const longestLoadMs = ({ loadMs }: Course): number => Math.max(...Object.values(loadMs))
const boundMs = ({ maxWaitMs, loadMs }: Course, groupKey: string): number =>
  Math.max(maxWaitMs, 4 * loadMs[groupKey]!)

/** When a group has begun to wait: when its oldest job arrived or when it was served last, whichever is later. */
const waitsSince = (groupKey: string, { ready, servedAt }: Scene): number => {
  const { arrivedAt } = ready.find(job => job.groupKey === groupKey)!
  return Math.max(arrivedAt, servedAt.get(groupKey) ?? 0)
}

/**
 * Slots are for jobs of loaded models: a load waits until no job runs, and while it lasts only jobs are sent that the target serves
 * with what it loads.
 */
export const loadsAlone =
  ({ concurrency, models, fits }: Course): Rule =>
  (happened, { running, loads }) => {
    if (happened.kind !== 'started') return undefined
    const { at, isLoad, job } = happened
    if (isLoad && running.length > 0) return 'a load begins while jobs run'
    const last = loads.at(-1)
    const isServed = (loadedFor: string) =>
      job.groupKey === loadedFor || (fits && weightsOf(job.groupKey) === weightsOf(loadedFor))
    if (last && at < last.endsAt && !isServed(last.groupKey))
      return `${job.groupKey} is sent while ${last.groupKey} is loaded`
    const runners = running.map(({ groupKey }) => weightsOf(groupKey))
    const own = weightsOf(job.groupKey)
    if (runners.filter(runner => runner === own).length >= concurrency)
      return 'more jobs of a model run than may'
    return new Set([own, ...runners]).size > models && 'jobs of more models run than may'
  }

/**
 * A group that has waited for its bound gets the turn when the present turn has lasted for as long, too, and the jobs that run then
 * have ended: that takes one load and the longest job at the most. Each turn that begins before takes no longer, and none of the
 * other groups has more than two of them with jobs that all arrived later.
 */
export const turnsComeInTime = (course: Course): Rule => {
  const exchangeMs = longestLoadMs(course) + longestWorkMs(course)
  return (happened, scene) => {
    if (happened.kind !== 'started' || !happened.isLoad || scene.loads.length === 0) return undefined
    const { at, job } = happened
    const ownMs = boundMs(course, job.groupKey)
    const since = Math.max(waitsSince(job.groupKey, scene), scene.leftAt.get(job.groupKey) ?? 0)
    const overdueAt = since + ownMs
    const ofPresent = scene.loads.findLastIndex(load => load.at <= overdueAt)
    const turns = scene.loads.slice(ofPresent)
    const { place } = scene.ready.find(({ groupKey }) => groupKey === job.groupKey)!
    const groups = turns.filter(({ oldestPlace }) => oldestPlace > place).map(({ groupKey }) => groupKey)
    if (groups.some(one => groups.filter(other => other === one).length > 2))
      return `${job.groupKey} is overdue at ${overdueAt} ms, and others get the turn again and again: ${groups.join(', ')}`
    const firstMs = Math.max(overdueAt, turns[0]!.at + ownMs)
    const latestMs = firstMs + exchangeMs + (turns.length - 1) * (ownMs + exchangeMs)
    return (
      at > latestMs && `${job.groupKey} is overdue at ${overdueAt} ms, and gets the turn after ${latestMs} ms`
    )
  }
}

/** Once a group has waited for its bound, no model is loaded before its own but those of groups that have, too. */
export const overdueGroupsGoFirst =
  (course: Course): Rule =>
  (happened, scene) => {
    if (happened.kind !== 'started' || !happened.isLoad || scene.loads.length === 0) return undefined
    const { at, job } = happened
    const isOverdue = (groupKey: string) => at - waitsSince(groupKey, scene) > boundMs(course, groupKey)
    if (isOverdue(job.groupKey)) return undefined
    const passed = scene.ready.find(({ groupKey }) => !scene.memory.includes(groupKey) && isOverdue(groupKey))
    return passed && `${job.groupKey} is loaded, although ${passed.groupKey} is overdue`
  }

/**
 * Where the order of arrival decides, a job of low priority that has waited for longer than its bound is passed by none of its group
 * that arrived later; and when what is in memory has no more jobs, by no other group whose jobs have all arrived later, unless that
 * group has waited for its own bound.
 */
export const lowJobsAge =
  (course: Course): Rule =>
  (happened, scene) => {
    if (happened.kind !== 'started') return undefined
    const { at, job } = happened
    const { ready, memory } = scene
    const aged = ready.filter(
      ({ priority, arrivedAt }) => priority === LOW && at - arrivedAt > course.maxWaitLowMs,
    )
    const { place } = ready.find(({ groupKey }) => groupKey === job.groupKey)!
    const passed = aged.find(other => other.groupKey === job.groupKey && other.place < job.place)
    if (passed) return `job ${job.place} passes job ${passed.place}`
    if (ready.some(({ groupKey }) => memory.includes(groupKey))) return undefined
    if (at - waitsSince(job.groupKey, scene) > boundMs(course, job.groupKey)) return undefined
    const left = aged.find(other => other.groupKey !== job.groupKey && other.place < place)
    return left && `${job.groupKey} passes job ${left.place}`
  }

const accountOf = ({ account }: PlayedJob): string => account
const nameOf = ({ account, sender }: PlayedJob): string => `${account}/${sender}`

/** Two who both have jobs in the group that is served. */
interface Pair {
  readonly one: string
  readonly other: string
  /** How far they were apart when that began. */
  readonly apartMs: number
  readonly since: number
}

/**
 * While two accounts, or two senders of one account, both have jobs in the group that is served, their uses do not get further
 * apart than one job. If they are when that begins, the difference becomes no greater, and halves with each half-life.
 */
export const nobodyFallsBehind = (course: Course, level: 'accounts' | 'senders'): Rule => {
  const { halfLifeMs } = course
  const who = level === 'accounts' ? accountOf : nameOf
  const apart = (one: string, other: string, { usedMs }: Scene) =>
    Math.abs(usedMs(job => who(job) === one) - usedMs(job => who(job) === other))
  const areCompared = (one: PlayedJob, other: PlayedJob) =>
    who(one) < who(other) && (level === 'accounts' || one.account === other.account)
  let pairs = new Map<string, Pair>()
  return (happened, scene) => {
    const { kind, at } = happened
    if (kind === 'started') {
      const known = happened.isLoad ? undefined : pairs
      const here = scene.ready.filter(({ groupKey }) => groupKey === happened.job.groupKey)
      const met = here.flatMap(one =>
        here.filter(other => areCompared(one, other)).map(other => [who(one), who(other)] as const),
      )
      pairs = new Map(
        met.map(([one, other]) => {
          const key = `${one} ${other}`
          return [key, known?.get(key) ?? { one, other, apartMs: apart(one, other, scene), since: at }]
        }),
      )
    }
    if (kind !== 'ended') return undefined
    for (const { one, other, apartMs, since } of pairs.values()) {
      const mostMs = Math.max(longestWorkMs(course), apartMs * 2 ** ((since - at) / halfLifeMs))
      const nowMs = apart(one, other, scene)
      if (nowMs > mostMs + EQUAL_MS)
        return `${one} and ${other} are ${nowMs} ms apart, which is more than ${mostMs} ms`
    }
    return undefined
  }
}

/**
 * Nothing runs although jobs wait only if callers are expected, what is in memory has no job, no urgent one waits, and no group has
 * waited for its bound: until one has at the latest, and for no longer in a row than one load of what is in memory.
 */
export const standsStillInBounds =
  (course: Course): Rule =>
  (happened, scene) => {
    if (happened.kind !== 'stands') return undefined
    const { at, untilMs } = happened
    const { ready, memory, loads, standingSince } = scene
    if (!course.expects) return 'nobody is to be expected'
    if (ready.some(({ groupKey }) => memory.includes(groupKey))) return 'there is a job for what is in memory'
    if (ready.some(({ priority }) => priority === HIGH)) return 'an urgent job waits'
    const turnSince = loads.at(-1)!.at
    const overdueAt = ready.map(
      ({ groupKey, arrivedAt }) => Math.max(arrivedAt, turnSince) + boundMs(course, groupKey),
    )
    if (untilMs > Math.min(...overdueAt) + ROUNDED_MS) return 'a job waits for too long'
    const standsMs = untilMs - (standingSince ?? at)
    return standsMs > course.loadMs[memory[0]!]! + ROUNDED_MS && `nothing runs for ${standsMs} ms`
  }
