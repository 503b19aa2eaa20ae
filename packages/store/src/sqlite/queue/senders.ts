import type { Sender, SenderLine, WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

const MAX_ACCOUNTS = 1_000
/** Beside the first one of each account. */
const MAX_MORE = 1_000

/** Jumps along the index `jobs_ready_of_sender`, from the first job of a sender to the first job of the next one. */
export const prepareSenders = (connection: Connection) => {
  const prepare = (behind: string) =>
    connection.sqlite.prepare(
      `SELECT account, sender, seq AS oldestSeq, created_at AS oldestCreatedAt FROM jobs
       WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL
         AND group_key = +@groupKey AND priority = +@priority AND ${behind}
       ORDER BY account, sender, seq LIMIT 1`,
    )
  const selectFirst = prepare(`account >= ''`)
  const selectNextAccount = prepare('account > +@account')
  const selectNextSender = prepare('account = +@account AND sender > +@sender')

  return (line: Line): SenderLine[] =>
    connection.read(() => {
      const senders: SenderLine[] = []
      let first = next(selectFirst, line)
      for (let accounts = 1; first && accounts <= MAX_ACCOUNTS; accounts++) {
        senders.push(first)
        let other = next(selectNextSender, line, first)
        for (; other && senders.length < accounts + MAX_MORE; other = next(selectNextSender, line, other))
          senders.push(other)
        first = next(selectNextAccount, line, first)
      }
      return senders
    })
}

type Line = Pick<WaitingLine, 'groupKey' | 'priority'>

const next = (
  select: ReturnType<Connection['sqlite']['prepare']>,
  { groupKey, priority }: Line,
  behind: Partial<Sender> = {},
): SenderLine | undefined =>
  select.get({ groupKey, priority, account: behind.account, sender: behind.sender }) as SenderLine | undefined
