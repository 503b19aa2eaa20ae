import type { BatchState } from '@foreman/jobs'
import { api } from '../../api/api.ts'
import { useResource } from '../../live/use-resource.ts'
import { RelativeTime } from '../../ui/time.tsx'

const EVERY_MS = 10_000

/** When a batch is nearly done. Lists leave that out, because it is a question for each. */
export const Estimate = ({ id }: { readonly id: string }) => {
  const { value } = useResource(
    `batch ${id}`,
    signal => api.get<BatchState>(`/batches/${encodeURIComponent(id)}`, {}, signal),
    { everyMs: EVERY_MS },
  )
  if (!value) return <>…</>
  const start = value.last_queued?.estimated_start
  if (start !== undefined)
    return (
      <>
        the last starts <RelativeTime at={start} />
      </>
    )
  return <>{value.counts.queued > 0 ? 'unknown' : 'the last one runs'}</>
}
