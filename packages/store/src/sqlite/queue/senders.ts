import type { Sender, SenderLine, WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

const MAX_ACCOUNTS = 1_000
/** Beside the first one of each account. */
const MAX_MORE = 1_000

/** Reads who waits from `ready_counts`, and the oldest job of each from the index `jobs_ready_of_sender`. */
export const prepareSenders = (connection: Connection) => {
  const prepare = (behind: string, most: number) =>
    connection.sqlite.prepare(
      `SELECT waiting.account AS account, waiting.sender AS sender, jobs.seq AS oldestSeq, created_at AS oldestCreatedAt
       FROM (SELECT account, sender FROM ready_counts
             WHERE group_key = +@groupKey AND priority = +@priority AND ${behind}
             ORDER BY account, sender LIMIT ${most}) AS waiting
       JOIN jobs ON jobs.seq = (
         SELECT seq FROM jobs
         WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL
           AND group_key = +@groupKey AND priority = +@priority
           AND account = waiting.account AND sender = waiting.sender
         ORDER BY seq LIMIT 1)
       ORDER BY waiting.account, waiting.sender`,
    )
  const selectSome = prepare('true', MAX_MORE + 1)
  const selectNextAccount = prepare('account > +@account', 1)
  const selectNextSender = prepare('account = +@account AND sender > +@sender', 1)

  /** Jumps from sender to sender, and over those of an account that are too many. */
  const jump = (line: Line, begin: SenderLine): SenderLine[] => {
    const senders: SenderLine[] = []
    let first: SenderLine | undefined = begin
    for (let accounts = 1; first && accounts <= MAX_ACCOUNTS; accounts++) {
      senders.push(first)
      let other = next(selectNextSender, line, first)
      for (; other && senders.length < accounts + MAX_MORE; other = next(selectNextSender, line, other))
        senders.push(other)
      first = next(selectNextAccount, line, first)
    }
    return senders
  }

  return (line: Line): SenderLine[] =>
    connection.read(() => {
      const { groupKey, priority } = line
      const senders = selectSome.all({ groupKey, priority }) as SenderLine[]
      return senders.length > MAX_MORE ? jump(line, senders[0]!) : senders
    })
}

type Line = Pick<WaitingLine, 'groupKey' | 'priority'>

const next = (
  select: ReturnType<Connection['sqlite']['prepare']>,
  { groupKey, priority }: Line,
  { account, sender }: Sender,
): SenderLine | undefined => select.get({ groupKey, priority, account, sender }) as SenderLine | undefined
