import type { Job, JobEvent } from '@foreman/jobs'
import { useEffect, useMemo } from 'preact/hooks'
import { api } from '../../../api/api.ts'
import { session } from '../../../api/session.ts'
import { useResource } from '../../../live/use-resource.ts'
import { useStore } from '../../../store/use-store.ts'
import { JobWatch } from './job-watch.ts'

const SETTLED_MS = 150

/** A job as it is now, and what has happened to it. */
export const useJob = (id: string) => {
  const generation = useStore(session.state, state => state.generation)
  const watch = useMemo(() => new JobWatch(id), [id, generation])
  useEffect(() => {
    watch.begin()
    return () => watch.end()
  }, [watch])
  const watched = useStore(watch.state)
  const { value, error, reload } = useResource(`job ${id}`, async signal => {
    // Its answer comes with the events.
    const { result: _result, ...job } = await api.get<Job>(`/jobs/${encodeURIComponent(id)}`, {}, signal)
    return job
  })
  const happened = watched.events.length
  const isBehind = value !== undefined && isOlder(value, watched.events)
  useEffect(() => {
    if (!isBehind) return
    const timer = setTimeout(reload, SETTLED_MS)
    return () => clearTimeout(timer)
  }, [happened, isBehind])
  // What is foretold changes without an event.
  const job = value && { ...value, ...(value.state === 'queued' && watched.prospect) }
  return { job, error, reload, watched }
}

/** Whether something has happened to the job since it was read. */
const isOlder = (
  { state, attempts, cancel_requested: isCancelled }: Job,
  events: readonly JobEvent[],
): boolean => {
  const last = events.findLast(({ data }) => 'state' in data)?.data
  if (last && 'state' in last && (last.state !== state || ('attempt' in last && last.attempt > attempts)))
    return true
  return state === 'running' && !isCancelled && events.some(({ event }) => event === 'cancel_requested')
}
