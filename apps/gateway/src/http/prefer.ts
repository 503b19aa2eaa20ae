import type { IncomingMessage } from 'node:http'

/** The preferences of a request (RFC 7240) that foreman understands. */
export interface Preferences {
  /** The caller does not wait for the answer of the job. */
  readonly respondAsync: boolean
  /** How long the caller waits at most. Undefined when the request does not say. */
  readonly waitMs?: number
}

/** Less than 60 s: many proxies give up then. */
const MAX_WAIT_SECONDS = 55

/** Reads `Prefer`. As the RFC demands, unknown preferences are ignored, and the first one of a name counts. */
export const preferencesOf = ({ headers }: Pick<IncomingMessage, 'headers'>): Preferences => {
  // Node joins repeated `Prefer` lines with a comma. Its types allow an array, hence `flat()`.
  const text = [headers['prefer'] ?? []].flat().join(',')
  const given = new Map<string, string>()
  for (const preference of text.split(',')) {
    const [name = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2).map(part => part.trim())
    if (!given.has(name.toLowerCase())) given.set(name.toLowerCase(), value.replaceAll('"', ''))
  }
  const wait = given.get('wait') ?? ''
  return {
    respondAsync: given.has('respond-async'),
    ...(/^\d+$/.test(wait) && { waitMs: Math.min(Number(wait), MAX_WAIT_SECONDS) * 1_000 }),
  }
}
