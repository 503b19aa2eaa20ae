import { isEndState, type JobState } from '@foreman/jobs'
import { serverNow } from '../../../live/live.ts'
import type { Filters } from '../../../router/route.ts'
import { askMany } from '../../../steering/many.ts'
import { Button } from '../../../ui/button.tsx'
import { actionFilterOf, jobsInWords } from './filters.ts'

/** What can be done to all jobs that match, of which a page is only a part. */
export const Many = ({ filters }: { readonly filters: Filters }) => {
  const state = filters['state'] as JobState | undefined
  const ask = (action: 'cancel' | 'retry' | 'priority') =>
    askMany(action, actionFilterOf(filters, serverNow()), jobsInWords(filters))
  const canCancel = !state || !isEndState(state)
  return (
    <div class="many" role="group" aria-label="All that match">
      <span class="small">All that match</span>
      {canCancel && (
        <Button icon="close" onClick={() => ask('cancel')}>
          Cancel …
        </Button>
      )}
      {(!state || state === 'queued') && <Button onClick={() => ask('priority')}>Change priority …</Button>}
      {state && isEndState(state) && (
        <Button icon="again" onClick={() => ask('retry')}>
          Retry …
        </Button>
      )}
    </div>
  )
}
