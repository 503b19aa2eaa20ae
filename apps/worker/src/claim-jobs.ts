import {
  admits,
  type Choice,
  chooseJob,
  decide,
  type Expectation,
  levelOf,
  type Line,
  type Situation,
  type Turn,
} from '@foreman/scheduling'
import { type BrokenJobError, type Claim, newToken, type Store } from '@foreman/store'

/** What decides which jobs are claimed, besides what is in the store. */
export interface ClaimSituation extends Omit<Situation, 'lines' | 'expectation'> {
  /** Who may come back. It is asked only when another model would be loaded. */
  readonly expect: () => Promise<Expectation | undefined>
  /** The jobs that run. */
  readonly running: readonly Claim[]
  /** The job that runs alone and is next, so that the free slots stay free until no job runs. */
  readonly awaited: number | undefined
  /** How many jobs of one group run at the same time. */
  readonly concurrency: number
}

/** What was claimed, and what the next call has to know. */
export interface Claimed extends Pick<ClaimSituation, 'turn' | 'awaited'> {
  readonly claims: readonly Claim[]
  /** Nothing is claimed for so long, because somebody is expected, unless something comes before. */
  readonly standstillMs?: number
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
  const { running, concurrency, now } = situation
  const claims: Claim[] = []
  let { turn, awaited } = situation
  let unanswered: UnansweredClaim | undefined
  try {
    while (running.length + claims.length < concurrency) {
      const admitted = admits([...running, ...claims])
      if (admitted === 'none') break
      const isIdle = admitted === 'any'
      const lines = await store.queue.waitingLines()
      const known = { ...situation, turn, lines, expectation: undefined }
      let decision = decide(known)
      // While jobs run, their callers have yet to leave.
      if (isIdle && decision && 'reason' in decision && decision.reason === 'drained')
        decision = decide({ ...known, expectation: await situation.expect() })
      // Idle with nothing ready: the group ran dry, and its next job begins a new turn.
      if (!decision) return { claims, awaited, turn: turn && isIdle ? { ...turn, isOver: true } : turn }
      if ('waitMs' in decision) return { claims, awaited, turn, standstillMs: decision.waitMs }
      const { reason, turnStartedAt } = decision
      const { groupKey, priority } = nextLine(lines, decision, situation)
      // No job of the next group is sent before the last answer of the present one has arrived: a late request would
      // keep the model that has to leave.
      if (!isIdle && groupKey !== turn?.groupKey) break
      const next: Turn = { groupKey, startedAt: turnStartedAt, isOver: false }
      // One job where the turn would end with it, and where it begins: the jobs behind it have another reason.
      const after = decide({ ...known, turn: next })
      const keepsTurn = after !== undefined && 'groupKeys' in after && after.groupKeys.includes(groupKey)
      const upTo = keepsTurn && reason === 'resident' ? concurrency - running.length - claims.length : 1
      unanswered = { token: newToken(), turn: next }
      const { token } = unanswered
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

/** The line from which the next job comes. */
const nextLine = (lines: readonly Line[], { groupKeys }: Choice, situation: ClaimSituation): Line => {
  const candidates = lines
    .filter(({ groupKey }) => groupKeys.includes(groupKey))
    .map(line => ({
      line,
      groupKey: line.groupKey,
      seq: line.oldestSeq,
      level: levelOf({ priority: line.priority, createdAt: line.oldestCreatedAt }, situation),
      caller: '',
      name: '',
    }))
  return chooseJob(candidates, { ofCaller: () => 0, ofName: () => 0 })!.line
}
