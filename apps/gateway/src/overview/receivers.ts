import { errorCodeIn, time } from '@foreman/job-view'
import type { Receiver, Receivers } from '@foreman/jobs'
import type { ReceiverRow, StoreReader } from '@foreman/store'

const MAX_HOSTS = 200

/** Where webhooks go, and how it goes there. */
export const receiversOf = async ({ overview }: Pick<StoreReader, 'overview'>): Promise<Receivers> => {
  const rows = await overview.receivers(MAX_HOSTS + 1)
  return {
    receivers: rows.slice(0, MAX_HOSTS).map(described),
    ...(rows.length > MAX_HOSTS && { is_cut: true }),
  }
}

/** Of an error it has the code alone: the rest can be content. */
const described = ({ host, pending, dead, lastAt, lastError, goneAt }: ReceiverRow): Receiver => ({
  host,
  pending,
  dead,
  ...(lastAt !== null && { last_at: time(lastAt) }),
  ...(lastError && {
    last_error: {
      at: time(lastError.at),
      ...(lastError.status !== null && { status: lastError.status }),
      ...(lastError.error !== null && { error: errorCodeIn(lastError.error) }),
    },
  }),
  ...(goneAt !== null && { gone_at: time(goneAt) }),
})
