import { inWords, ordinal } from '@foreman/jobs'
import { displayModelName } from '@foreman/ollama-client'
import type { JobRecord, JobStart } from '@foreman/store'

/** Why a job waits or has waited: for programs, and for people. */
export interface Why {
  readonly code: string
  readonly text: string
}

/** What a queued job waits for. */
export type WaitsFor =
  /** The time of its next attempt. */
  | { readonly code: 'delayed'; readonly inMs: number }
  | { readonly code: 'worker_away' | 'target_away' }
  /** An operator has paused the queue. `forMs`: for how much longer. Undefined: nobody has said. */
  | { readonly code: 'paused'; readonly forMs: number | undefined }
  /** Its model, priority or caller is held: by an operator, or until a time (`from`) because no window is open for it. */
  | {
      readonly code: 'held'
      readonly by: 'model' | 'priority' | 'caller'
      readonly subject: string
      readonly forMs?: number | undefined
      readonly from?: string
    }
  /** The target stands still, because a caller is likely to come back for what is in memory. */
  | { readonly code: 'expecting' }
  /** Another model has the turn. */
  | { readonly code: 'other_turn'; readonly model: string | undefined }
  /** Other jobs come before it, of those that are in memory. */
  | { readonly code: 'behind_in_line' }

export interface WaitingJob {
  /** The model as the job names it. */
  readonly model: string
  readonly waitsFor: WaitsFor
  /** How many jobs are likely to start before it. Undefined: nobody knows. */
  readonly position: number | undefined
  /** In how many milliseconds it is likely to start. Undefined: nobody knows. */
  readonly startsInMs: number | undefined
  /** In how many milliseconds it starts at the latest. Undefined: nobody knows. */
  readonly latestInMs: number | undefined
}

/** Says of a queued job where it stands, how long it will take, and what it waits for. Others are numbers in it. */
export const whyWaiting = ({ model, waitsFor, position, ...times }: WaitingJob): Why => {
  const { code } = waitsFor
  if (code === 'delayed') return { code, text: `it is tried again in ${inWords(waitsFor.inMs)}` }
  const place =
    position === undefined ? `in line for ${model}` : `${ordinal(position + 1)} in line for ${model}`
  const until = NAMES_ITS_END.has(code) ? '' : `, ${howLong(times)}`
  return { code, text: `${place}${until}${besides(waitsFor)}` }
}

/** What it waits for says itself until when, or that nobody knows. */
const NAMES_ITS_END: ReadonlySet<string> = new Set(['worker_away', 'target_away', 'paused', 'held'])

/** Says how long something waits, and how long at the most. */
export const howLong = ({
  startsInMs,
  latestInMs,
}: Pick<WaitingJob, 'startsInMs' | 'latestInMs'>): string => {
  if (startsInMs === undefined || latestInMs === undefined) return 'nobody knows yet how long'
  const [about, latest] = [inWords(startsInMs), inWords(latestInMs)]
  return about === latest ? `about ${about}` : `about ${about}, ${latest} at the latest`
}

const besides = (waitsFor: WaitsFor): string => {
  switch (waitsFor.code) {
    case 'worker_away':
      return '; no worker is running'
    case 'target_away':
      return '; the target is away'
    case 'paused':
    case 'held':
      return `; ${heldUp(waitsFor)}`
    case 'expecting':
      return '; the target waits a moment for a caller who is likely to come back'
    case 'other_turn':
      return waitsFor.model === undefined ? '' : `; ${shownModel(waitsFor.model)} has its turn`
    case 'delayed':
    case 'behind_in_line':
      return ''
  }
}

/** A model as its users name it. */
export const shownModel = (model: string): string => displayModelName(model) ?? model
const forAnother = (ms: number | undefined): string => (ms === undefined ? '' : ` for another ${inWords(ms)}`)

/** Says what holds something back, and until when. */
export const heldUp = (waitsFor: Extract<WaitsFor, { code: 'paused' | 'held' }>): string => {
  if (waitsFor.code === 'paused') return `the queue is paused${forAnother(waitsFor.forMs)}`
  const { by, subject, forMs, from } = waitsFor
  if (from !== undefined) return `${by === 'model' ? shownModel(subject) : subject} runs from ${from}`
  const what = {
    model: `${shownModel(subject)} is held`,
    priority: `jobs of ${subject} priority are held`,
    caller: 'the jobs of this caller are held',
  }[by]
  return `${what}${forAnother(forMs)}`
}

/** A wait that nobody notices. */
const AT_ONCE_MS = 100

const ENDS_OF_TURNS: Readonly<Record<string, string>> = {
  drained: ', until that had no more jobs',
  overdue: ', until this model had waited for its bound',
  priority: ', until this job came, which is more urgent',
  ended: ', until an operator ended it',
}

/** Says of a job that has started for what it waited. Undefined: it has not started, or nobody noted why. */
export const whyStarted = (job: JobStart & Partial<Pick<JobRecord, 'loadMs'>>): Why | undefined => {
  const { startedAt, startReason, createdAt, loadMs } = job
  if (startedAt === null || startReason === null) return undefined
  const isLoad = loadMs !== null && loadMs !== undefined && loadMs >= AT_ONCE_MS
  const loaded = isLoad ? `; then loaded in ${inWords(loadMs)}` : ''
  return { code: startReason, text: `${waited(job, startedAt - createdAt)}${loaded}` }
}

const waited = (
  { startedAt, startReason, createdAt, behindModel, behindSince }: JobStart,
  ms: number,
): string => {
  if (ms < AT_ONCE_MS) return 'it started at once'
  const total = `waited ${inWords(ms)}`
  if (behindModel === null || behindSince === null || startedAt === null || startReason === null)
    return startReason === 'resident' ? `${total} in line; its model was in memory` : total
  const turnMs = startedAt - Math.max(createdAt, behindSince)
  const turn = `for ${shownModel(behindModel)}: ${inWords(turnMs)} of its turn${ENDS_OF_TURNS[startReason] ?? ''}`
  return turnMs > 0.9 * ms ? `waited ${turn}` : `${total}, at the end ${turn}`
}
