import { StreamError } from '@foreman/ollama-client'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { JobEvent } from './types.ts'

/**
 * Yields each event of a stream as soon as it is complete. An event that was cut off is dropped.
 *
 * It uses a full parser of event streams, because it needs the ids and names of the events. ollama-client reads Ollama's
 * event streams by hand (`answer/pieces.ts`): it needs only their data lines, and must skip a line that is too long without
 * keeping it.
 * @throws StreamError when an event is not one of foreman's
 * @throws the error of the source when reading it fails
 */
export const parseEvents = async function* (
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<JobEvent, void> {
  const messages: EventSourceMessage[] = []
  const parser = createParser({ onEvent: message => messages.push(message) })
  const decoder = new TextDecoder()
  for await (const chunk of source) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    for (const message of messages.splice(0)) yield eventOf(message)
  }
}

const eventOf = ({ id, event, data }: EventSourceMessage): JobEvent => {
  if (id === undefined || event === undefined) throw new StreamError('an event without an id or a name')
  try {
    return { id, event, data: JSON.parse(data) as unknown } as JobEvent
  } catch (cause) {
    throw new StreamError('the data of an event is not JSON', { cause })
  }
}
