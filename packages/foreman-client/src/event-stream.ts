import { StreamError } from '@foreman/ollama-client'
import { createParser, type EventSourceMessage } from 'eventsource-parser'
import type { JobEvent } from './types.ts'

/**
 * The events of a stream, each as soon as it is whole; one that was cut off is dropped.
 * @throws StreamError for an event that is none of foreman's; whatever the source fails with
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
