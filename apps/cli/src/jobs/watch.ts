import { isEndState, type JobEvent, type JobState } from '@foreman/jobs'
import type { Session } from '../command-line/session.ts'
import { exitCodes } from '../failures/exit-codes.ts'
import { safeLine } from '../output/safe-text.ts'
import { readIds } from './ids.ts'

/** Follows one job through its states, or waits for the ends of several. Exits with 1 if one did not succeed. */
export const watchJobs = async (given: readonly string[], session: Session): Promise<number> => {
  const ids = await readIds(given, session.stdin)
  const [id] = ids
  const states =
    ids.length === 1 && id !== undefined ? [await follow(id, session)] : await waitForAll(ids, session)
  return states.every(state => state === 'succeeded') ? 0 : exitCodes.failed
}

const follow = async (id: string, { client, screen, signal }: Session): Promise<JobState> => {
  for await (const event of client.events(id, { signal })) {
    if (event.event === 'output') continue
    if (screen.isJson) screen.json(event)
    else screen.print(safeLine(`${event.event}${detailOf(event)}`))
    if (isEndState(event.event)) return event.event
  }
  return (await client.job(id, { signal })).state
}

const waitForAll = async (
  ids: readonly string[],
  { client, screen, signal }: Session,
): Promise<JobState[]> => {
  const states: JobState[] = []
  for await (const job of client.results(ids, { signal })) {
    if (screen.isJson) screen.json(job)
    else
      screen.print(
        safeLine(`${job.id}  ${job.state}${job.error ? `  ${job.error.code}: ${job.error.message}` : ''}`),
      )
    states.push(job.state)
  }
  return states
}

const detailOf = ({ event, data }: JobEvent): string => {
  switch (event) {
    case 'estimate':
      return `  ${data.why.text}`
    case 'started':
      return `  attempt ${data.attempt}: ${data.reason}`
    case 'progress':
      return `  ${data.tokens} tokens`
    case 'head':
      return `  status ${data.status}`
    case 'retrying':
      return `  ${data.code}${data.next_attempt_at === undefined ? '' : `; the next attempt is due at ${data.next_attempt_at}`}`
    case 'reset':
      return `  attempt ${data.attempt}`
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return data.code === undefined ? '' : `  ${data.code}`
    case 'queued':
    case 'output':
    case 'lost':
    case 'cancel_requested':
      return ''
  }
}
