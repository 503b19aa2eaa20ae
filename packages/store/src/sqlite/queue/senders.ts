import type { Sender, SenderLine, WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

const MAX_ACCOUNTS = 1_000
/** Beside the first one of each account. */
const MAX_MORE = 1_000

type Line = Pick<WaitingLine, 'groupKey' | 'priority'>

export const prepareSenders = (connection: Connection) => {
  const prepare = (behind: string, most: number) =>
    connection.sqlite.prepare(
      `SELECT account, sender FROM ready_counts
       WHERE group_key = +@groupKey AND priority = +@priority AND ${behind}
       ORDER BY account, sender LIMIT ${most}`,
    )
  const selectSome = prepare('true', MAX_MORE + 1)
  const selectNextAccount = prepare('account > +@account', 1)
  const selectNextSender = prepare('account = +@account AND sender > +@sender', 1)

  /** Jumps from sender to sender, and over those of an account that are too many. */
  const jump = (line: Line, begin: Sender): Sender[] => {
    const senders: Sender[] = []
    let first: Sender | undefined = begin
    for (let accounts = 1; first && accounts <= MAX_ACCOUNTS; accounts++) {
      senders.push(first)
      let other = next(selectNextSender, line, first)
      for (; other && senders.length < accounts + MAX_MORE; other = next(selectNextSender, line, other))
        senders.push(other)
      first = next(selectNextAccount, line, first)
    }
    return senders
  }

  const jumpFrom = (line: Line): Sender[] =>
    connection.read(() => {
      const [first] = selectSome.all(line) as Sender[]
      return first ? jump(line, first) : []
    })

  return ({ groupKey, priority }: Line): Sender[] => {
    const line = { groupKey, priority }
    // One statement needs no transaction.
    const senders = selectSome.all(line) as Sender[]
    return senders.length > MAX_MORE ? jumpFrom(line) : senders
  }
}

const next = (
  select: ReturnType<Connection['sqlite']['prepare']>,
  { groupKey, priority }: Line,
  { account, sender }: Sender,
): Sender | undefined => select.get({ groupKey, priority, account, sender }) as Sender | undefined

export const prepareOldest = (connection: Connection) => {
  const select = connection.sqlite.prepare(
    `SELECT account, sender, place AS oldestSeq, coalesce(kept_created_at, created_at) AS oldestCreatedAt FROM jobs
     WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL
       AND group_key = +@groupKey AND priority = +@priority AND account = +@account AND sender = +@sender
     ORDER BY place LIMIT 1`,
  )
  return ({ groupKey, priority }: Line, senders: readonly Sender[]): SenderLine[] =>
    connection.read(() =>
      senders.flatMap(({ account, sender }) => {
        const found = select.get({ groupKey, priority, account, sender })
        return found ? [found as SenderLine] : []
      }),
    )
}
