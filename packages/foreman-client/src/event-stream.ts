import { StreamError } from '@foreman/ollama-client'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { JobEvent, QueueEvent } from './types.ts'

/**
 * Yields each event of a job's stream as soon as it is complete. An event that was cut off is dropped.
 *
 * @throws StreamError when an event is not one of foreman's
 * @throws the error of the source when reading it fails
 */
export const parseEvents = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<JobEvent, void> {
  for await (const message of messagesOf(source)) {
    const { id, event } = message
    if (id === undefined || event === undefined) throw new StreamError('an event without an id or a name')
    yield { id, event, data: dataOf(message) } as JobEvent
  }
}

/** As `parseEvents`, of the events of the queue, which have no ids. */
export const parseQueueEvents = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<QueueEvent, void> {
  for await (const message of messagesOf(source)) {
    const { event } = message
    if (event === undefined) throw new StreamError('an event without a name')
    yield { event, data: dataOf(message) } as QueueEvent
  }
}

/**
 * It uses a full parser of event streams, because it needs the ids and names of the events. ollama-client reads Ollama's
 * event streams by hand (`answer/pieces.ts`): it needs only their data lines, and must skip a line that is too long without
 * keeping it.
 */
const messagesOf = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<EventSourceMessage, void> {
  const messages: EventSourceMessage[] = []
  const parser = createParser({ onEvent: message => messages.push(message) })
  const decoder = new TextDecoder()
  for await (const chunk of source) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    yield* messages.splice(0)
  }
}

const dataOf = ({ data }: EventSourceMessage): unknown => {
  try {
    return JSON.parse(data) as unknown
  } catch (cause) {
    throw new StreamError('the data of an event is not JSON', { cause })
  }
}
