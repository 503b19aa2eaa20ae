import type { Store } from '@foreman/store'
import { RECEIVERS } from './plan.ts'

/** Records what became of the webhooks to a receiver. One answers; the other is not there any more, and is given up. */
export const deliver = async (
  { deliveries }: Store,
  url: string,
  { caller, now }: { readonly caller: string; readonly now: number },
): Promise<void> => {
  const { host } = new URL(url)
  for (const delivery of await deliveries.due({ host, caller, now, limit: 100 })) {
    const attempt =
      url === RECEIVERS.alive
        ? { at: now, durationMs: 84, status: 204, error: null, response: null }
        : { at: now, durationMs: 5_000, status: null, error: 'ECONNREFUSED', response: null }
    const kind = url === RECEIVERS.alive ? 'delivered' : 'dead'
    await deliveries.record({ delivery, attempt, result: { kind }, now })
  }
}
