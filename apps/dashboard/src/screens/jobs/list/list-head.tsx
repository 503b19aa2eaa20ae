import { useState } from 'preact/hooks'
import { count } from '../../../format/number.ts'
import { live } from '../../../live/live.ts'
import { goTo } from '../../../router/navigation.ts'
import { formatRoute } from '../../../router/route.ts'
import { useStore } from '../../../store/use-store.ts'
import { Button } from '../../../ui/button.tsx'

/** How many jobs there are, and a way to one whose id somebody has. */
export const ListHead = () => (
  <div class="headline">
    <h1>Jobs</h1>
    <Counts />
    <IdBox />
  </div>
)

const Counts = () => {
  const snapshot = useStore(live, state => state.snapshot)
  if (!snapshot) return null
  const { queued, running, delayed, hour } = snapshot
  return (
    <p class="counts">
      <Kind state="queued">{count(queued)} queued</Kind>
      {delayed > 0 && <span>({count(delayed)} delayed)</span>}
      <Kind state="running">{count(running)} running</Kind>
      <span>this hour:</span>
      <Kind state="succeeded">{count(hour.succeeded)} succeeded</Kind>
      <Kind state="failed">{count(hour.failed)} failed</Kind>
      <Kind state="cancelled">{count(hour.cancelled)} cancelled</Kind>
    </p>
  )
}

const Kind = ({ state, children }: { readonly state: string; readonly children: string[] }) => (
  <a href={formatRoute({ screen: 'jobs', filters: { state } })}>{children}</a>
)

const IdBox = () => {
  const [id, setId] = useState('')
  return (
    <form
      class="id-box"
      onSubmit={event => {
        event.preventDefault()
        if (id.trim() !== '') goTo({ screen: 'jobs', id: id.trim() })
      }}
    >
      <input
        type="text"
        aria-label="Id of a job"
        placeholder="job_…"
        spellcheck={false}
        value={id}
        onInput={({ currentTarget }) => setId(currentTarget.value)}
      />
      <Button type="submit">Go</Button>
    </form>
  )
}
