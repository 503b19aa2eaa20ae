import { parseDuration } from '@foreman/process'
import { UsageError } from '../failures/usage-error.ts'

export interface LastingFlags {
  readonly for?: string | undefined
  readonly until?: string | undefined
}

/**
 * When something is over, as foreman takes it: `--for 2h`, or `--until 22:00` by the clock of this machine, or a whole time.
 *
 * @returns undefined when neither is given: it lasts until somebody ends it
 * @throws UsageError
 */
export const untilOf = (flags: LastingFlags, now: Date): string | undefined => {
  if (flags.for !== undefined && flags.until !== undefined)
    throw new UsageError('--for and --until are both given: give one of them')
  if (flags.for !== undefined) {
    if (!parseDuration(flags.for)) throw new UsageError('--for must be a duration such as 30m or 2h')
    return flags.for
  }
  if (flags.until === undefined) return undefined
  const at = clockTime(flags.until, now) ?? new Date(flags.until)
  if (Number.isNaN(at.getTime()))
    throw new UsageError(
      '--until must be a time of day such as 22:00, or a time such as 2030-01-31T12:00:00Z',
    )
  return at.toISOString()
}

/** The next time at which the clock of this machine shows this. */
const clockTime = (text: string, now: Date): Date | undefined => {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  if (hours === undefined || minutes === undefined) return undefined
  const at = new Date(now)
  at.setHours(Number(hours), Number(minutes), 0, 0)
  if (at <= now) at.setDate(at.getDate() + 1)
  return at
}
