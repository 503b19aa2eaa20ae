import type { LastError, ReceiverRow } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** So many of the last dead messages, and of the last attempts, are looked at. */
const MAX_DEAD = 100_000
const MAX_ATTEMPTS = 10_000
const MAX_GONE = 10_000

interface Attempt extends LastError {
  readonly host: string
}

const isDelivered = ({ status }: LastError): boolean => status !== null && status >= 200 && status < 300

export const prepareReceivers = ({ sqlite }: Connection) => {
  const selectPending = sqlite.prepare(
    `SELECT host, count(*) AS pending FROM webhook_deliveries WHERE state = 'pending' GROUP BY host`,
  )
  const selectDead = sqlite.prepare(
    `SELECT host, count(*) AS dead, max(seq) AS last FROM
       (SELECT host, seq FROM webhook_deliveries INDEXED BY webhook_deliveries_dead WHERE state = 'dead'
        ORDER BY seq DESC LIMIT ${MAX_DEAD})
     GROUP BY host`,
  )
  const selectAttempts = sqlite.prepare(
    `SELECT host, at, status, error FROM
       (SELECT seq, delivery_seq, at, status, error FROM webhook_attempts ORDER BY seq DESC LIMIT ${MAX_ATTEMPTS})
         AS attempt JOIN webhook_deliveries ON webhook_deliveries.seq = attempt.delivery_seq
     ORDER BY attempt.seq DESC`,
  )
  const selectLastOf = sqlite.prepare(
    'SELECT at, status, error FROM webhook_attempts WHERE delivery_seq = +? ORDER BY seq DESC LIMIT 1',
  )
  const selectGone = sqlite.prepare(
    `SELECT url, since FROM gone_receivers ORDER BY since DESC LIMIT ${MAX_GONE}`,
  )

  return (limit: number): ReceiverRow[] => {
    const pending = byHost(selectPending.all() as { host: string; pending: number }[])
    const dead = byHost(selectDead.all() as { host: string; dead: number; last: number }[])
    const attempts = selectAttempts.all() as Attempt[]
    const last = byHost(attempts)
    const failed = byHost(attempts.filter(attempt => !isDelivered(attempt)))
    const gone = byHost((selectGone.all() as { url: string; since: number }[]).map(withHost))
    const hosts = new Set([pending, dead, last, gone].flatMap(each => [...each.keys()]))
    const counted = [...hosts].map(host => ({
      host,
      pending: pending.get(host)?.pending ?? 0,
      dead: dead.get(host)?.dead ?? 0,
    }))
    const undelivered = (row: Pick<ReceiverRow, 'pending' | 'dead'>) => row.pending + row.dead
    counted.sort((a, b) => undelivered(b) - undelivered(a) || (a.host < b.host ? -1 : 1))
    return counted.slice(0, limit).map(row => {
      const ofDead = dead.get(row.host)
      const older = ofDead && (selectLastOf.get(ofDead.last) as LastError | undefined)
      const error = failed.get(row.host) ?? older
      return {
        ...row,
        lastAt: (last.get(row.host) ?? older)?.at ?? null,
        lastError: error ? { at: error.at, status: error.status, error: error.error } : null,
        goneAt: gone.get(row.host)?.since ?? null,
      }
    })
  }
}

/** The first row of each host. */
const byHost = <Row extends { readonly host: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> =>
  new Map(rows.toReversed().map(row => [row.host, row]))

const withHost = <Row extends { readonly url: string }>(row: Row): Row & { readonly host: string } => ({
  ...row,
  host: URL.parse(row.url)?.host ?? '',
})
