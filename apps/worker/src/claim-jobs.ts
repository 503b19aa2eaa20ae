import { admits, chooseGroup, type Turn } from '@foreman/scheduling'
import { type BrokenJobError, type Claim, newToken, type Store, type WaitingLine } from '@foreman/store'

/** What decides which jobs are claimed, besides what is in the store. */
export interface ClaimSituation {
  /** The jobs that run. */
  readonly running: readonly Claim[]
  readonly turn: Turn | undefined
  /** The job that runs alone and is next, so that the free slots stay free until no job runs. */
  readonly awaited: number | undefined
  /** How many jobs of one group run at the same time. */
  readonly concurrency: number
  readonly maxWaitMs: number
  readonly now: number
}

/** What was claimed, and what the next call has to know. */
export interface Claimed extends Pick<ClaimSituation, 'turn' | 'awaited'> {
  readonly claims: readonly Claim[]
  /** The job that would have been claimed next, if it cannot be because of what is stored of it. */
  readonly broken?: BrokenJobError
  /** Why no more was claimed, if the store has failed. */
  readonly failure?: { readonly error: unknown; readonly unanswered: UnansweredClaim | undefined }
}

/** A claim of which nobody knows whether it took effect. */
export interface UnansweredClaim {
  readonly token: string
  /** The turn that begins or goes on if it did. */
  readonly turn: Turn
}

/** Claims jobs for the free slots, line by line. What was claimed before the store failed is claimed all the same. */
export const claimJobs = async (store: Store, situation: ClaimSituation): Promise<Claimed> => {
  const { running, concurrency, maxWaitMs, now } = situation
  const claims: Claim[] = []
  let { turn, awaited } = situation
  let unanswered: UnansweredClaim | undefined
  try {
    while (running.length + claims.length < concurrency) {
      const admitted = admits([...running, ...claims])
      if (admitted === 'none') break
      const isIdle = admitted === 'any'
      const lines = await store.queue.waitingLines()
      const choice = chooseGroup({ turn, lines, now, maxWaitMs })
      // Idle with nothing ready: the group ran dry, and its next job begins a new turn.
      if (!choice) return { claims, awaited, turn: turn && isIdle ? { ...turn, isOver: true } : turn }
      const { groupKey, reason, turnStartedAt } = choice
      // No job of the next group is sent before the last answer of the present one has arrived: a late request would
      // keep the model that has to leave.
      if (!isIdle && groupKey !== turn?.groupKey) break
      const next: Turn = { groupKey, startedAt: turnStartedAt, isOver: false }
      // One job where the turn would end with it, and where it begins: the jobs behind it have another reason.
      const keepsTurn = chooseGroup({ turn: next, lines, now, maxWaitMs })?.groupKey === groupKey
      const upTo = keepsTurn && reason === 'resident' ? concurrency - running.length - claims.length : 1
      unanswered = { token: newToken(), turn: next }
      const { token } = unanswered
      const priority = mostUrgent(lines, groupKey)
      const line = { groupKey, priority, token, upTo, isIdle, awaited, reason, turnStartedAt }
      const claimed = await store.queue.claim(line, now)
      unanswered = undefined
      claims.push(...claimed.claims)
      if (claimed.claims.length > 0) turn = next
      // Nothing passes a job that waits to run alone, or jobs that may share the slots would keep it waiting for ever.
      awaited = claimed.awaited
      if (claimed.broken) return { claims, turn, awaited, broken: claimed.broken }
      if (awaited !== undefined || claimed.claims.length === 0) break
    }
  } catch (error) {
    return { claims, turn, awaited, failure: { error, unanswered } }
  }
  return { claims, turn, awaited }
}

const mostUrgent = (lines: readonly WaitingLine[], groupKey: string): number =>
  Math.min(...lines.filter(line => line.groupKey === groupKey).map(({ priority }) => priority))
