import { inWords } from '@foreman/jobs'
import { parseDuration } from '@foreman/process'
import { UsageError } from '../failures/usage-error.ts'

/** How long ago something was. */
export const ago = (at: string, now: number): string => `${inWords(now - Date.parse(at))} ago`

/**
 * A time in the past, given as one of RFC 3339 or as how long ago it was.
 *
 * @throws UsageError
 */
export const pastTime = (text: string, flag: string, now: number): Date => {
  const agoMs = parseDuration(text)
  const at = agoMs === undefined ? Date.parse(text) : now - agoMs
  if (Number.isNaN(at))
    throw new UsageError(`${flag} must be a time such as 2030-01-31T12:00:00Z, or how long ago, such as 2h`)
  return new Date(at)
}
