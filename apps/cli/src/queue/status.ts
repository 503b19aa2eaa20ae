import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { statusLines } from './status-lines.ts'

/** Shows the queue on one screen. */
export const status = async ({ client, screen, signal }: Session): Promise<number> => {
  const snapshot = await client.queue.snapshot({ signal })
  if (screen.isJson) screen.json(snapshot)
  else for (const line of statusLines(snapshot, screen)) screen.print(line)
  return snapshot.health.degraded ? exitCodes.failed : 0
}
