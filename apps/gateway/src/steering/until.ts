import { parseDuration } from '@foreman/process'
import { time } from '../http/fields.ts'
import { problem } from '../http/refusal.ts'

/**
 * Reads when something is over: a time of RFC 3339, or a duration from now on, as the settings have them.
 *
 * @returns undefined for undefined
 * @throws Refusal with 422
 */
export const readUntil = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  const durationMs = parseDuration(text)
  const at = durationMs === undefined ? timeOf(text) : now + durationMs
  if (at === undefined)
    throw invalid('must be a time of RFC 3339, such as 2030-01-31T12:00:00Z, or a duration such as 2h')
  if (at <= now) throw invalid('must be in the future')
  return at
}

const timeOf = (text: string): number | undefined =>
  time.safeParse(text).success ? Date.parse(text) : undefined

const invalid = (message: string) =>
  problem(422, 'invalid_request', `/until: ${message}`, { errors: [{ pointer: '/until', message }] })
