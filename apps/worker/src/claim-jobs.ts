import {
  admits,
  type Choice,
  leastUsedOf,
  decide,
  type Expectation,
  levelOf,
  type Line,
  type Sender,
  type Shares,
  type Situation,
  type Turn,
  waitsSince,
} from '@foreman/scheduling'
import { type BrokenJobError, type Claim, type EndedTurn, newToken, type Store } from '@foreman/store'
import { freeSlots, isBusy, isFull, type SlotLimits } from './free-slots.ts'
import type { Steering } from './steering.ts'

/** What decides which jobs are claimed, besides what is in the store. */
export interface ClaimSituation extends Omit<Situation, 'lines' | 'expectation'>, SlotLimits {
  /** Who may come back. It is asked only when another model would be loaded. */
  readonly expect: () => Promise<Expectation | undefined>
  /** How much each has used, if these jobs run. Undefined: nobody's use counts, and the order of arrival decides. */
  readonly shares: (running: readonly Claim[]) => Shares | undefined
  /** What is held back. */
  readonly steering: Pick<Steering, 'mayStart' | 'heldAccounts'>
  /** The jobs that run. */
  readonly running: readonly Claim[]
  /** The canonical name of the model that has or had the turn. Undefined: nobody knows. */
  readonly turnModel: string | undefined
  /** The job that runs alone and is next, so that the free slots stay free until no job runs. */
  readonly awaited: number | undefined
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
  const { running, now } = situation
  const claims: Claim[] = []
  let { turn, awaited, isResident, turnIsEnded = false } = situation
  let unanswered: UnansweredClaim | undefined
  try {
    for (;;) {
      const inFlight = [...running, ...claims]
      if (isFull(inFlight, situation)) break
      const admitted = admits(inFlight)
      if (admitted === 'none') break
      const isIdle = admitted === 'any'
      const lines = await situation.steering.mayStart(await store.queue.waitingLines(), now)
      const known = { ...situation, turn, turnIsEnded, isResident, lines, expectation: undefined }
      let decision = decide(known)
      // While jobs run, their callers have yet to leave.
      if (isIdle && decision && 'reason' in decision && decision.reason === 'drained')
        decision = decide({ ...known, expectation: await situation.expect() })
      // Idle with nothing ready: the group ran dry, and its next job begins a new turn.
      if (!decision) return { claims, awaited, turn: turn && isIdle ? { ...turn, isOver: true } : turn }
      if ('waitMs' in decision) return { claims, awaited, turn, standstillMs: decision.waitMs }
      const { reason, turnStartedAt } = decision
      // No job of the next group is sent before the last answer of the present one has arrived: a late request would
      // keep the model that has to leave.
      if (!isIdle && reason !== 'resident') break
      const chosen = await chooseNext(store, { lines, decision, situation, inFlight })
      if (chosen === 'full') break
      if (chosen === 'gone') continue
      const { groupKey, priority, of } = chosen
      const next: Turn = { groupKey, startedAt: turnStartedAt, isOver: false }
      // One job where the turn would end with it, and where it begins: the jobs behind it have another reason.
      const after = decide({ ...known, turn: next, turnIsEnded: false })
      const keepsTurn = after !== undefined && 'groupKeys' in after && after.groupKeys.includes(groupKey)
      const upTo =
        keepsTurn && reason === 'resident' && chosen.isOnly ? freeSlots(groupKey, inFlight, situation) : 1
      unanswered = { token: newToken(), turn: next }
      const { token } = unanswered
      const behind = reason === 'resident' ? undefined : endedTurn(turn, situation)
      const line = { groupKey, priority, of, token, upTo, isIdle, awaited, reason, turnStartedAt, behind }
      const claimed = await store.queue.claim(line, now)
      unanswered = undefined
      claims.push(...claimed.claims)
      if (claimed.claims.length > 0) {
        turn = next
        turnIsEnded = false
      }
      // Something has to leave for this load: what else is in memory, nobody knows now.
      if (reason !== 'resident') isResident = () => false
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

/** The turn that ends when another one begins. None does if it has ended before, for want of jobs. */
const endedTurn = (
  turn: Turn | undefined,
  { turnModel: model }: Pick<ClaimSituation, 'turnModel'>,
): EndedTurn | undefined =>
  turn && !turn.isOver && model !== undefined ? { model, since: turn.startedAt } : undefined

interface Choosing {
  readonly lines: readonly Line[]
  readonly decision: Choice
  readonly situation: ClaimSituation
  readonly inFlight: readonly Claim[]
}

/** From which line the next job comes, and whose it is. */
interface Chosen extends Pick<Line, 'groupKey' | 'priority'> {
  /** Undefined: the order of arrival decides. */
  readonly of?: Sender
  /** Whether the jobs behind it are next, too: nobody else has an equally urgent one. */
  readonly isOnly: boolean
}

/** @returns `full` when no slot is free for it, and `gone` when the jobs have gone meanwhile */
const chooseNext = async (store: Store, choosing: Choosing): Promise<Chosen | 'full' | 'gone'> => {
  const { decision, situation, inFlight } = choosing
  const lines = choosing.lines.filter(
    ({ groupKey }) => decision.groupKeys.includes(groupKey) && !isBusy(groupKey, inFlight, situation),
  )
  if (lines.length === 0) return 'full'
  const chosen = await chooseAmong(store, lines, { situation, shares: situation.shares(inFlight) })
  if (!chosen) return 'gone'
  return freeSlots(chosen.groupKey, inFlight, situation) > 0 ? chosen : 'full'
}

const chooseAmong = async (
  store: Store,
  lines: readonly Line[],
  { situation, shares }: { readonly situation: ClaimSituation; readonly shares: Shares | undefined },
): Promise<Chosen | undefined> => {
  const levelIn = ({ priority }: Line, createdAt: number) => levelOf({ priority, createdAt }, situation)
  const levels = lines.map(line => levelIn(line, waitsSince(line)))
  const level = Math.min(...levels)
  const urgent = lines.filter((_, at) => levels[at] === level)
  const { heldAccounts } = situation.steering
  if (!shares && heldAccounts.size === 0) {
    const { groupKey, priority } = urgent.reduce((first, line) =>
      line.oldestSeq < first.oldestSeq ? line : first,
    )
    return { groupKey, priority, isOnly: urgent.length === 1 }
  }
  const candidates = (
    await Promise.all(urgent.map(line => sendersIn(store, line, { level, situation })))
  ).flat()
  const [first, ...equals] = shares ? leastUsedOf(candidates, shares) : candidates
  if (!first) return undefined
  const { groupKey, priority, account, sender } =
    equals.length === 0 ? first : ((await oldestOf(store, [first, ...equals])) ?? first)
  return { groupKey, priority, of: { account, sender }, isOnly: candidates.length === 1 }
}

type Candidate = Line & Sender

/** Who waits in a line with a job of this level. */
const sendersIn = async (
  store: Store,
  line: Line,
  { level, situation }: { readonly level: number; readonly situation: ClaimSituation },
): Promise<Candidate[]> => {
  const { heldAccounts } = situation.steering
  const all = await store.queue.senders(line)
  const senders = heldAccounts.size === 0 ? all : all.filter(({ account }) => !heldAccounts.has(account))
  // All jobs of a line have one level, unless its oldest ones have waited for long.
  const urgent =
    line.priority === level
      ? senders
      : (await store.queue.oldest(line, senders)).filter(
          ({ oldestCreatedAt }) =>
            levelOf(
              { priority: line.priority, createdAt: waitsSince({ ...line, oldestCreatedAt }) },
              situation,
            ) === level,
        )
  return urgent.map(({ account, sender }) => ({ ...line, account, sender }))
}

/** The one of these senders whose job came first. Undefined: the jobs have gone meanwhile. */
const oldestOf = async (store: Store, candidates: readonly Candidate[]): Promise<Candidate | undefined> => {
  const lines = Map.groupBy(candidates, ({ groupKey, priority }) => `${priority} ${groupKey}`)
  const found = await Promise.all(
    [...lines.values()].map(async ([line, ...others]) =>
      (await store.queue.oldest(line!, [line!, ...others])).map(oldest => ({ ...line!, ...oldest })),
    ),
  )
  return found
    .flat()
    .reduce<Candidate | undefined>(
      (first, other) => (first && first.oldestSeq < other.oldestSeq ? first : other),
      undefined,
    )
}
