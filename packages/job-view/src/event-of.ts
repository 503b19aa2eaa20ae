import type { EndState, JobEnd, JobEventData } from '@foreman/jobs'
import type { LogEntry } from '@foreman/store'
import { type Prospect, prospectFields } from './describe-job.ts'
import { time } from './time.ts'

/** An entry of a job's log as an event of an event stream. The same entry always gives the same bytes. */
export const eventOf = (entry: LogEntry): string => {
  const { name, data } = contentOf(entry)
  return `id: ${entry.id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`
}

/**
 * What is foretold of a queued job, as an event. It is not kept, so it has the id of the entry before it: whoever comes back
 * after it misses nothing.
 */
export const estimateEvent = (prospect: Prospect, lastId: number): string =>
  `id: ${lastId}\nevent: estimate\ndata: ${JSON.stringify(prospectFields(prospect))}\n\n`

/** The name of an event, and the data of that event. */
type Content = {
  [Name in Exclude<keyof JobEventData, 'estimate'>]: {
    readonly name: Name
    readonly data: JobEventData[Name]
  }
}[Exclude<keyof JobEventData, 'estimate'>]

const contentOf = (entry: LogEntry): Content => {
  const { attempt } = entry
  if (entry.kind === 'head') return { name: 'head', data: { attempt, status: entry.head.status } }
  if (entry.kind === 'body') return { name: 'output', data: { attempt, ...textOf(entry.bytes) } }
  const { event } = entry
  const at = time(event.at)
  switch (event.type) {
    case 'queued': {
      const arrived = event.arrivedAt === undefined ? {} : { arrived_at: time(event.arrivedAt) }
      return { name: 'queued', data: { state: 'queued', at, ...arrived } }
    }
    case 'started':
      return { name: 'started', data: { state: 'running', attempt, at, reason: event.reason } }
    case 'reset':
      return { name: 'reset', data: { attempt } }
    case 'progress':
      return { name: 'progress', data: { attempt, tokens: event.tokens, at } }
    case 'released': {
      const next = event.availableAt === undefined ? {} : { next_attempt_at: time(event.availableAt) }
      return { name: 'retrying', data: { state: 'queued', attempt, code: event.code, ...next, at } }
    }
    case 'lost':
      return { name: 'lost', data: { attempt, at } }
    case 'cancel_requested':
      return { name: 'cancel_requested', data: { at } }
    case 'succeeded':
      return { name: 'succeeded', data: endOf(event, 'succeeded') }
    case 'failed':
      return { name: 'failed', data: endOf(event, 'failed') }
    case 'cancelled':
      return { name: 'cancelled', data: endOf(event, 'cancelled') }
  }
}

const endOf = <State extends EndState>(
  { attempt, code, at }: { readonly attempt: number; readonly code?: string; readonly at: number },
  state: State,
): JobEnd<State> => ({ state, attempt, ...(code !== undefined && { code }), at: time(at) })

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A piece of output can end inside a character. Such a piece is sent as base64. */
const textOf = (bytes: Buffer): { text: string } | { base64: string } => {
  try {
    return { text: decoder.decode(bytes) }
  } catch {
    return { base64: bytes.toString('base64') }
  }
}
