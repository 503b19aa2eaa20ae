import { type Prospect, whyStarted } from '@foreman/job-view'
import type { HeaderPairs, JobView } from '@foreman/store'

/**
 * The headers that tell the caller of a job for how long it waits, or has waited. Times are in seconds.
 *
 * @param view the job as it was last seen
 * @param prospect what is foretold of it, while it waits
 */
export const waitHeaders = (
  view:
    | Pick<JobView, 'state' | 'createdAt' | 'startedAt' | 'startReason' | 'behindModel' | 'behindSince'>
    | undefined,
  prospect: Prospect | undefined,
): HeaderPairs => {
  if (view && view.state !== 'queued' && view.startedAt !== null) {
    const why = whyStarted(view)
    const waited = seconds(view.startedAt - view.createdAt)
    return [
      ['X-Foreman-Waited', waited],
      ...(why ? [['X-Foreman-Reason', printable(why.text)] as const] : []),
    ]
  }
  if (prospect?.position === undefined) return []
  const { position, start, now } = prospect
  return [
    ['X-Foreman-Queue-Position', String(position)],
    ...(start ? [['X-Foreman-Estimated-Wait', seconds(Math.round(start.at - now))] as const] : []),
  ]
}

const seconds = (ms: number): string => String(Math.max(0, ms) / 1_000)

/** A header has no other characters. A model's name may. */
const printable = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?')
