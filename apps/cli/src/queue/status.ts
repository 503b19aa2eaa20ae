import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { printTable } from '../output/columns.ts'
import { sectionsOf } from './sections.ts'

/** Shows the queue on one screen. */
export const status = async ({ client, screen, signal }: Session): Promise<number> => {
  const snapshot = await client.queue.snapshot({ signal })
  if (screen.isJson) screen.json(snapshot)
  else
    for (const { title, rows } of sectionsOf(snapshot, Date.parse(snapshot.at), screen)) {
      if (title !== undefined) screen.print(`\n${screen.styled('bold', title)}`)
      printTable(rows, screen)
    }
  return snapshot.health.degraded ? exitCodes.failed : 0
}
