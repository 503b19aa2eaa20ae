import type { Sender, Shares } from '../fair-share.ts'

/** A sender that has jobs in a line. */
export interface CountedSender extends Sender {
  readonly jobs: number
  /** The place of its oldest job in the order of arrival. */
  readonly oldestSeq: number
}

/** A job that waits in a line. */
export interface WaitingJob extends Sender {
  readonly seq: number
  /** How many jobs of the same sender are before it in the line. */
  readonly ahead: number
}

/** What decides the order of the jobs of a line. */
export interface Order {
  readonly shares: Shares
  /** What each job of the line uses. */
  readonly jobMs: number
}

/**
 * How many jobs of its line are likely to start before a job: those of its sender that are ahead of it, and of each other sender
 * as many as it may have until it has used as much; and then the same between accounts.
 */
export const startBefore = (job: WaitingJob, senders: readonly CountedSender[], order: Order): number => {
  const { account, sender, seq } = job
  const { shares, jobMs } = order
  const isOwn = (other: Sender) => other.account === account
  const inAccount = countBefore(
    { usedMs: shares.ofName(job), ahead: job.ahead, seq },
    senders
      .filter(other => isOwn(other) && other.sender !== sender)
      .map(other => ({ ...other, usedMs: shares.ofName(other) })),
    jobMs,
  )
  const others = Map.groupBy(
    senders.filter(other => !isOwn(other)),
    other => other.account,
  )
  return countBefore(
    { usedMs: shares.ofAccount(account), ahead: inAccount, seq },
    [...others].map(([name, names]) => ({
      usedMs: shares.ofAccount(name),
      jobs: names.reduce((sum, { jobs }) => sum + jobs, 0),
      oldestSeq: Math.min(...names.map(({ oldestSeq }) => oldestSeq)),
    })),
    jobMs,
  )
}

interface Competitor extends Pick<CountedSender, 'jobs' | 'oldestSeq'> {
  readonly usedMs: number
}

const countBefore = (
  { usedMs, ahead, seq }: { readonly usedMs: number; readonly ahead: number; readonly seq: number },
  competitors: readonly Competitor[],
  jobMs: number,
): number => {
  const usedThen = usedMs + ahead * jobMs
  return competitors.reduce((sum, other) => {
    const mayStart = (usedThen - other.usedMs) / jobMs
    // Between equals the order of arrival decides.
    const first = other.oldestSeq < seq ? Math.floor(mayStart) + 1 : Math.ceil(mayStart)
    return sum + Math.max(0, Math.min(other.jobs, first))
  }, ahead)
}
