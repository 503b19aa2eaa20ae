import type { QueueSnapshot, TargetSnapshot } from '@foreman/jobs'
import { clock } from '../../format/duration.ts'
import { counted } from '../../format/number.ts'
import { timeOfDay } from '../../format/time.ts'

/** How it stands, in a sentence. */
export const sentenceOf = (snapshot: QueueSnapshot, now: number): string => {
  const [target] = snapshot.targets
  const pause = snapshot.holds.find(({ kind }) => kind === 'pause')
  if (pause) return `Paused${untilOf(pause.until)}. ${waitingOf(snapshot)}`
  if (snapshot.health.reasons.includes('worker_away')) return `No worker is running. ${waitingOf(snapshot)}`
  if (!target || target.state !== 'up') return `The target is away. ${waitingOf(snapshot)}`
  const work = workOf(target, now) ?? waitOf(snapshot, target, now)
  return snapshot.accepting ? work : `Nothing new is taken. ${work}`
}

/** What the sentence is about, without the clocks and counts in it. */
export const aboutOf = ({ state, accepting, health, targets }: QueueSnapshot): string => {
  const models = new Set(targets.flatMap(target => target.in_flight.map(({ model }) => model)))
  return [state, accepting, ...health.reasons, ...[...models].toSorted()].join(' ')
}

const untilOf = (until: string | undefined): string =>
  until === undefined ? '' : ` until ${timeOfDay(Date.parse(until))}`

const waitingOf = ({ queued }: QueueSnapshot): string =>
  queued === 0 ? 'Nothing waits.' : `${counted(queued, 'job waits', 'jobs wait')}.`

/** What runs, and what is next; undefined: nothing runs. */
const workOf = (target: TargetSnapshot, now: number): string | undefined => {
  const { in_flight: jobs, turn } = target
  if (jobs.length === 0) {
    if (!turn?.expects) return undefined
    const ms = Date.parse(turn.expects.until) - now
    return `${turn.models.join(', ')} waits ${clock(ms)} more for a caller who is likely to come back.`
  }
  const models = [...new Set(jobs.map(({ model }) => model))].join(', ')
  const isLoading = jobs.every(({ phase }) => phase === 'loading')
  const work = `${models} ${isLoading ? 'is being loaded' : 'works'}`
  return `${work}${nextOf(target, now)}.`
}

const nextOf = ({ next }: TargetSnapshot, now: number): string => {
  if (!next) return ''
  const ms = Date.parse(next.at) - now
  return `; ${next.models.join(', ')} is next ${ms < 1_000 ? 'at any moment' : `in ${clock(ms)}`}`
}

const waitOf = (snapshot: QueueSnapshot, { resident }: TargetSnapshot, now: number): string => {
  const [first] = snapshot.groups
  if (first) {
    const starts = first.starts_in_ms ?? 0
    const since = Math.max(0, now - Date.parse(snapshot.at))
    const when =
      starts - since >= 1_000 ? ` ${first.models.join(', ')} starts in ${clock(starts - since)}.` : ''
    return `${waitingOf(snapshot)}${when === '' ? ` ${capital(first.why.text)}.` : when}`
  }
  const models = resident.flatMap(({ model }) => model ?? [])
  if (models.length === 0) return 'Nothing to do.'
  return `Nothing to do; ${models.join(', ')} ${models.length === 1 ? 'is' : 'are'} in memory.`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
