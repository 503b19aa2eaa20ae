import type { Course } from './course.ts'
import type { Played, PlayedJob } from './play.ts'

/** How things stood before something happened. */
export interface Scene {
  /** The jobs that waited, in the order of arrival. */
  readonly ready: readonly PlayedJob[]
  readonly running: readonly PlayedJob[]
  /** The groups whose models were in memory; the one used last comes first. */
  readonly memory: readonly string[]
  /** All loads that had begun. Each starts a turn. */
  readonly loads: readonly Load[]
  /** When each group was served last: when a job of it started or ended. */
  readonly servedAt: ReadonlyMap<string, number>
  /** When each group left the memory last. */
  readonly leftAt: ReadonlyMap<string, number>
  /** Since when nothing runs, although jobs wait. */
  readonly standingSince: number | undefined
  /** What is left of the work on these jobs that have ended, the one that ends now included. */
  readonly usedMs: (isTheirs: (job: PlayedJob) => boolean) => number
}

interface Load {
  readonly groupKey: string
  readonly at: number
  readonly endsAt: number
  /** The oldest job of the group that waited then, by its place in the order of arrival. */
  readonly oldestPlace: number
}

/** What a property says of each thing that happens: what is wrong with it, if anything. */
export type Rule = (happened: Played, scene: Scene) => string | false | undefined

/**
 * Goes through what happened, and asks the rules about it.
 *
 * @throws Error when something is wrong, with all that happened until then
 */
export const watch = (
  played: readonly Played[],
  { halfLifeMs, room }: Pick<Course, 'halfLifeMs' | 'room'>,
  ...rules: readonly Rule[]
): void => {
  let ready: PlayedJob[] = []
  let running: PlayedJob[] = []
  let memory: readonly string[] = []
  let standingSince: number | undefined
  const loads: Load[] = []
  const servedAt = new Map<string, number>()
  const leftAt = new Map<string, number>()
  const ended: { readonly at: number; readonly job: PlayedJob }[] = []
  for (const [index, happened] of played.entries()) {
    const { at, kind } = happened
    const usedMs: Scene['usedMs'] = isTheirs =>
      ended
        .filter(({ job }) => isTheirs(job))
        .reduce((sum, { at: endedAt, job }) => sum + job.workMs * 2 ** ((endedAt - at) / halfLifeMs), 0)
    if (kind === 'ended') ended.push(happened)
    const scene = { ready, running, memory, loads, servedAt, leftAt, standingSince, usedMs }
    const wrong = rules.map(rule => rule(happened, scene)).find(Boolean)
    if (wrong) throw new Error([wrong, ...played.slice(0, index + 1).map(told)].join('\n'))
    if (kind === 'started' || kind === 'ended') servedAt.set(happened.job.groupKey, at)
    if (kind === 'arrived') ready.push(happened.job)
    if (kind === 'stands') standingSince ??= at
    if (kind === 'ended') running = running.filter(job => job !== happened.job)
    if (kind === 'started') {
      const { job, isLoad, loadedAt } = happened
      const { groupKey } = job
      standingSince = undefined
      const oldestPlace = ready.find(other => other.groupKey === groupKey)!.place
      ready = ready.filter(other => other !== job)
      running.push(job)
      if (isLoad) loads.push({ groupKey, at, endsAt: loadedAt, oldestPlace })
      const used = [groupKey, ...memory.filter(other => other !== groupKey)]
      memory = used.slice(0, room)
      for (const left of used.slice(room)) leftAt.set(left, at)
    }
  }
}

const told = (happened: Played): string => {
  const { at, kind } = happened
  if (kind === 'stands') return `${at} ms: nothing runs until ${happened.untilMs} ms`
  const { place, groupKey, account, sender, workMs, priority } = happened.job
  const job = `${groupKey}${place} of ${account}/${sender}`
  if (kind === 'arrived') return `${at} ms: ${job} arrives: ${workMs} ms, priority ${priority}`
  if (kind === 'ended') return `${at} ms: ${job} has ended`
  return `${at} ms: ${job} starts${happened.isLoad ? `, with a load until ${happened.loadedAt} ms` : ''}`
}
