import type { CallerSnapshot, Hold, QueueSnapshot } from '@foreman/jobs'

/** A caller, and whether it is held. */
export interface CallerRow extends CallerSnapshot {
  readonly hold?: Hold
}

const NOTHING: CallerSnapshot['hour'] = { jobs: 0, tokens: 0, target_ms: 0, share: 0 }

/** The callers, those first that used most of the target. Who is held is there, even if nothing was heard of it. */
export const callerRows = ({ callers, holds }: Pick<QueueSnapshot, 'callers' | 'holds'>): CallerRow[] => {
  const held = new Map(
    holds.flatMap(hold => (hold.kind === 'caller' && hold.subject ? [[hold.subject, hold]] : [])),
  )
  const unheard = [...held.keys()]
    .filter(name => callers.every(({ caller }) => caller !== name))
    .map(caller => ({ caller, queued: 0, running: 0, hour: NOTHING }))
  return [...callers, ...unheard]
    .map(each => ({ ...each, ...(held.has(each.caller) && { hold: held.get(each.caller)! }) }))
    .toSorted((a, b) => b.hour.share - a.hour.share || a.caller.localeCompare(b.caller))
}
