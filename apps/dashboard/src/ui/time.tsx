import { clock, duration } from '../format/duration.ts'
import { exactTime, relativeTime } from '../format/time.ts'
import { useNow } from '../live/now.ts'

interface TimeProps {
  /** In milliseconds since the epoch, or as RFC 3339 has it. */
  readonly at: number | string
}

/** A time as people say it; the exact one is told to who points at it, and to programs. */
export const RelativeTime = ({ at }: TimeProps) => {
  const ms = typeof at === 'string' ? Date.parse(at) : at
  return (
    <time dateTime={new Date(ms).toISOString()} title={exactTime(ms)}>
      {relativeTime(ms, useNow())}
    </time>
  )
}

/** How long something has lasted. It runs. */
export const Since = ({ at }: TimeProps) => {
  const ms = typeof at === 'string' ? Date.parse(at) : at
  return (
    <time dateTime={new Date(ms).toISOString()} title={`since ${exactTime(ms)}`}>
      {clock(useNow() - ms)}
    </time>
  )
}

/** A duration, to the millisecond for who points at it. */
export const Duration = ({ ms }: { readonly ms: number }) => (
  <span title={`${Math.round(ms)} ms`}>{duration(ms)}</span>
)
