import type { IncomingMessage } from 'node:http'

/** What a request prefers (RFC 7240), as far as foreman knows it. */
export interface Preferences {
  readonly respondAsync: boolean
  /** At most so long; undefined: it does not say. */
  readonly waitMs?: number
}

const LONGEST_WAIT_SECONDS = 60

/** Preferences that are not understood are ignored, as the RFC has it. The first of a name counts. */
export const preferencesOf = ({ headers }: Pick<IncomingMessage, 'headers'>): Preferences => {
  // Several lines of the header come joined, as the type of others than Node's own has them not.
  const text = [headers['prefer'] ?? []].flat().join(',')
  const given = new Map<string, string>()
  for (const preference of text.split(',')) {
    const [name = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2).map(part => part.trim())
    if (!given.has(name.toLowerCase())) given.set(name.toLowerCase(), value.replaceAll('"', ''))
  }
  const wait = given.get('wait') ?? ''
  return {
    respondAsync: given.has('respond-async'),
    ...(/^\d+$/.test(wait) && { waitMs: Math.min(Number(wait), LONGEST_WAIT_SECONDS) * 1_000 }),
  }
}
