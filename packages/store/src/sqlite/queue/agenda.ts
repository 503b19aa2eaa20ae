import type { Agenda } from '../../values.ts'
import type { Connection } from '../connection.ts'

export const prepareAgenda = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs at each look of the worker.
  const select = sqlite.prepare(
    `SELECT
       EXISTS (SELECT 1 FROM jobs WHERE state = 'running' AND cancel_requested_at IS NOT NULL) AS cancelRequests,
       EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND deadline_at IS NOT NULL AND arrival IS NULL) AS deadlines,
       EXISTS (SELECT 1 FROM jobs WHERE state = 'queued' AND available_at IS NOT NULL) AS delayed,
       EXISTS (SELECT 1 FROM holds) OR EXISTS (SELECT 1 FROM operations WHERE state = 'running') AS steered,
       (SELECT suspected_at FROM target) AS suspectedAt`,
  )

  return (): Agenda => {
    const { cancelRequests, deadlines, delayed, steered, suspectedAt } = select.get() as Row
    return {
      hasCancelRequests: cancelRequests === 1,
      hasDeadlines: deadlines === 1,
      hasDelayed: delayed === 1,
      isSteered: steered === 1,
      suspectedAt: suspectedAt ?? undefined,
    }
  }
}

interface Row extends Readonly<Record<'cancelRequests' | 'deadlines' | 'delayed' | 'steered', 0 | 1>> {
  readonly suspectedAt: number | null
}
