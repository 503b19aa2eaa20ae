import { type GeneratingEndpoint, generatingEndpoint } from '../wire/endpoints.ts'
import { headerOf, type Recording, recordings } from './recording.ts'

export const LINES: [string, string][] = [['Content-Type', 'application/x-ndjson']]
export const EVENTS: [string, string][] = [['Content-Type', 'text/event-stream']]
export const JSON_BODY: [string, string][] = [['Content-Type', 'application/json; charset=utf-8']]

export const endpointAt = (path: string): GeneratingEndpoint => {
  const endpoint = generatingEndpoint(path)
  if (!endpoint) throw new Error(`${path} does not generate`)
  return endpoint
}

/** The bytes and headers of a stream that an endpoint could have sent. Text is a piece as it stands. */
export const streamOf = (path: string, pieces: readonly unknown[]): [[string, string][], Buffer] => {
  const texts = pieces.map(piece => (typeof piece === 'string' ? piece : JSON.stringify(piece)))
  return path.startsWith('/api/')
    ? [LINES, Buffer.from(texts.map(text => `${text}\n`).join(''))]
    : [EVENTS, Buffer.from(texts.map(text => `data: ${text}\n\n`).join(''))]
}

/** Recorded answers of the generating routes with status 200. */
export const recordedAnswers: readonly Recording[] = recordings.filter(
  ({ request, response }) => generatingEndpoint(request.path, request.method) && response.status === 200,
)

export const isStream = (recorded: Recording): boolean =>
  /ndjson|event-stream/.test(headerOf(recorded, 'content-type') ?? '')
