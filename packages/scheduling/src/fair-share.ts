/** How much of the target's time a caller has used lately, in milliseconds, as it was at `at`. It halves with time. */
export interface Use {
  readonly usedMs: number
  readonly at: number
}

/** Two uses that differ by less count as equal, so that the order of arrival decides. */
const EQUAL_MS = 1e-6

/** What is left of a use. A clock that was set back leaves it as it was. */
export const usedNowMs = (use: Use | undefined, now: number, halfLifeMs: number): number =>
  use ? use.usedMs * 2 ** (-Math.max(0, now - use.at) / halfLifeMs) : 0

/** Adds the time that the target has spent on a prompt and its answer. Loads are nobody's use: the queue decides on them. */
export const addUse = (
  use: Use | undefined,
  spentMs: number,
  { now, halfLifeMs }: { readonly now: number; readonly halfLifeMs: number },
): Use => ({ usedMs: usedNowMs(use, now, halfLifeMs) + spentMs, at: now })

/** Who has sent a job: an account, and one of its people or programs. */
export interface Sender {
  readonly account: string
  readonly sender: string
}

/** The oldest ready job of one sender, in one of the groups that may run next. */
export interface Candidate extends Sender {
  readonly seq: number
  readonly groupKey: string
  /** 0 is the most urgent. */
  readonly level: number
}

/** How much each has used lately, in milliseconds. */
export interface Shares {
  readonly ofAccount: (account: string) => number
  readonly ofName: (sender: Sender) => number
}

/**
 * Chooses the job that runs next: of the most urgent ones, one of the account with the least use, and there one of the sender with
 * the least use, so that nobody gains by making up names. Among equals the order of arrival decides.
 *
 * @returns undefined when there is no candidate
 */
export const chooseJob = <C extends Candidate>(candidates: readonly C[], shares: Shares): C | undefined => {
  const level = candidates.reduce((least, candidate) => Math.min(least, candidate.level), Infinity)
  const urgent = candidates.filter(candidate => candidate.level === level)
  return leastUsedOf(urgent, shares).reduce<C | undefined>(
    (first, other) => (first && first.seq < other.seq ? first : other),
    undefined,
  )
}

/** Those of the account with the least use who have used least there. Between several, the order of arrival decides. */
export const leastUsedOf = <S extends Sender>(senders: readonly S[], shares: Shares): S[] => {
  const ofAccount = leastUsed(senders, ({ account }) => shares.ofAccount(account))
  return leastUsed(ofAccount, shares.ofName)
}

/** All whose use is the least. */
const leastUsed = <C>(candidates: readonly C[], useOf: (candidate: C) => number): C[] => {
  const uses = candidates.map(useOf)
  const least = uses.reduce((smallest, use) => Math.min(smallest, use), Infinity)
  return candidates.filter((_, at) => uses[at]! - least <= EQUAL_MS)
}
