import { shownModel, time } from '@foreman/job-view'
import type * as shown from '@foreman/jobs'
import type { HoldRow } from '@foreman/store'

/** What the queue does, as far as operators have said. */
export const queueState = (holds: readonly HoldRow[]): shown.QueueState => {
  const has = (wanted: HoldRow['kind']) => holds.some(({ kind }) => kind === wanted)
  const accepting = !has('close')
  const state = has('pause') ? 'paused' : accepting ? 'running' : 'closed'
  return { state, accepting, holds: holds.map(describeHold) }
}

const describeHold = (hold: HoldRow): shown.Hold => {
  const { id, kind, subject, startedAt, until, reason, by, releases, unloads } = hold
  return {
    id,
    kind,
    ...(subject !== '' && { subject: shownSubject(kind, subject) }),
    since: time(startedAt),
    ...(until !== null && { until: time(until) }),
    ...(reason !== null && { reason }),
    by,
    ...(releases && { release: true }),
    ...(unloads && { unload: true }),
  }
}

/** A model as people write it. */
export const shownSubject = (kind: unknown, subject: string): string =>
  kind === 'model' || kind === 'open_model' ? shownModel(subject) : subject
