import { admits, type Choice, chooseGroup, type Turn } from '@foreman/scheduling'
import { BrokenJobError, type Claim, type Store } from '@foreman/store'

/** What decides which jobs are claimed, besides what is in the file. */
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
}

/** Claims jobs for the free slots. Changes only the file, in one transaction: when that fails, nothing has happened. */
export const claimJobs = (store: Store, situation: ClaimSituation): Claimed => {
  const { running, concurrency, turn, awaited } = situation
  if (running.length >= concurrency || admits(running) === 'none') return { claims: [], turn, awaited }
  const claimAll = () => claimUpTo(store, situation)
  // Most calls find nothing. These must not make gateways wait for the write lock.
  return store.queue.waitingLines().length > 0 ? store.atOnce('normal', claimAll) : claimAll()
}

const claimUpTo = (store: Store, situation: ClaimSituation): Claimed => {
  const { running, concurrency, maxWaitMs, now } = situation
  const claims: Claim[] = []
  let { turn, awaited } = situation
  while (running.length + claims.length < concurrency) {
    const admitted = admits([...running, ...claims])
    if (admitted === 'none') break
    const isIdle = admitted === 'any'
    const choice = chooseGroup({ turn, lines: store.queue.waitingLines(), now, maxWaitMs })
    // Idle with nothing ready: the group ran dry, and its next job begins a new turn.
    if (!choice) return { claims, awaited, turn: turn && isIdle ? { ...turn, isOver: true } : turn }
    // No job of the next group is sent before the last answer of the present one has arrived: a late request would
    // keep the model that has to leave.
    if (!isIdle && choice.groupKey !== turn?.groupKey) break
    const next = store.queue.next(choice.groupKey, awaited)
    if (!next) break
    // Nothing passes a job that waits to run alone, or jobs that may share the slots would keep it waiting for ever.
    awaited = !isIdle && next.runsAlone ? next.seq : undefined
    if (awaited !== undefined) break
    const claim = claimOrBroken(store, choice, next.seq, now)
    if (claim instanceof BrokenJobError) return { claims, turn, awaited, broken: claim }
    if (!claim) break
    turn = { groupKey: choice.groupKey, startedAt: choice.turnStartedAt, isOver: false }
    claims.push(claim)
  }
  return { claims, turn, awaited }
}

const claimOrBroken = (
  { queue }: Store,
  { groupKey, reason, turnStartedAt }: Choice,
  seq: number,
  now: number,
): Claim | BrokenJobError | undefined => {
  try {
    return queue.claimNext(groupKey, reason, turnStartedAt, now, seq)
  } catch (error) {
    if (error instanceof BrokenJobError) return error
    throw error
  }
}
