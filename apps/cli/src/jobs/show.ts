import { text } from 'node:stream/consumers'
import type { Session } from '../command-line/session.ts'
import { printTable } from '../output/columns.ts'
import { safeText } from '../output/safe-text.ts'
import { jobRows } from './job-rows.ts'
import { readJobText } from './job-text.ts'

/** Shows the request of a job as it was sent. */
export const showRequest = async (id: string, { client, screen, signal }: Session): Promise<void> => {
  const { body } = await client.request(id, { signal })
  screen.print(safeText(await text(body)))
}

/** Shows all that is known of a job, but for its request and its answer. */
export const showJob = async (id: string, session: Session): Promise<void> => {
  const { client, screen, signal } = session
  if (screen.isJson) return screen.print(await readJobText(id, session))
  const job = await client.job(id, { signal })
  printTable(jobRows(job, screen, Date.now()), screen)
}
