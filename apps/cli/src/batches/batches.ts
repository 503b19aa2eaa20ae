import { type BatchState, inWords } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { fact, printTable, type Row } from '../output/columns.ts'
import { printList } from '../output/list.ts'
import { ago } from '../output/times.ts'

/** Lists batches, the newest first. */
export const listBatches = async (limit: number, { client, screen, signal }: Session): Promise<void> => {
  const found = client.batches.list({ pageSize: Math.min(limit, 100), signal })
  await printList(found, { rowOf, limit }, screen)
}

const rowOf = (batch: BatchState): Row => [
  batch.id,
  batch.ended ? 'ended' : 'running',
  batch.caller,
  ago(batch.created_at, Date.now()),
  countsOf(batch),
]

const countsOf = ({ counts }: BatchState): string => {
  const { total, succeeded, failed, cancelled, running, queued, refused = 0, deleted = 0 } = counts
  const parts = { succeeded, failed, cancelled, running, queued, refused, deleted }
  const shown = Object.entries(parts).filter(([, count]) => count > 0)
  return [`${total} jobs`, ...shown.map(([name, count]) => `${count} ${name}`)].join(', ')
}

const show = (batch: BatchState, { screen }: Session): void => {
  if (screen.isJson) return screen.json(batch)
  const { id, caller, created_at, ended, finished_at, last_queued } = batch
  const waitMs = last_queued?.estimated_wait_ms
  const rows: Row[] = [
    ['id', id],
    ['caller', caller],
    ['submitted', `${created_at}  ${ago(created_at, Date.now())}`],
    ['state', ended ? 'ended' : batch.cancel_requested ? 'is being cancelled' : 'running'],
    ['jobs', countsOf(batch)],
    ...fact('ended', finished_at),
    ...fact('last start', waitMs === undefined ? undefined : `in about ${inWords(waitMs)}`),
  ]
  printTable(rows, screen)
}

export const showBatch = async (id: string, session: Session): Promise<void> =>
  show(await session.client.batches.get(id, session), session)

/** Cancels what has not ended of a batch. */
export const cancelBatch = async (
  id: string,
  { isAgreed }: { readonly isAgreed: boolean },
  session: Session,
): Promise<void> => {
  const { queued, running } = (await session.client.batches.get(id, session)).counts
  const question = `Cancel ${queued + running} jobs of ${id}?`
  const { signal } = session
  if (queued + running > 0 && !(await session.screen.confirms(question, { isAgreed, signal }))) return
  show(await session.client.batches.cancel(id, session), session)
}

/** Prints the results of a batch in the order of its submission, each when it is there, as JSON Lines. */
export const printResults = async (
  id: string,
  after: number | undefined,
  session: Session,
): Promise<number> => {
  const { client, screen, signal } = session
  let exitCode = 0
  for await (const result of client.batches.results(id, { after, signal })) {
    screen.json(result)
    if (result.id === undefined || result.state !== 'succeeded') exitCode = exitCodes.failed
  }
  return exitCode
}
