import type { ComponentChildren } from 'preact'
import { clock, duration } from '../format/duration.ts'
import { exactTime, relativeTime } from '../format/time.ts'
import { useNow } from '../live/now.ts'

interface TimeProps {
  /** In milliseconds since the epoch, or as RFC 3339 has it. */
  readonly at: number | string
}

interface MomentProps extends TimeProps {
  readonly children: ComponentChildren
  /** What stands before the exact time. */
  readonly before?: string
}

/** A time in any words; the exact one is told to who points at it, and to programs. */
export const Moment = ({ at, before = '', children }: MomentProps) => (
  <time dateTime={new Date(at).toISOString()} title={before + exactTime(msOf(at))}>
    {children}
  </time>
)

/** A time as people say it. */
export const RelativeTime = ({ at }: TimeProps) => <Moment at={at}>{relativeTime(msOf(at), useNow())}</Moment>

/** How long something has lasted. It runs. */
export const Since = ({ at }: TimeProps) => (
  <Moment at={at} before="since ">
    {clock(useNow() - msOf(at))}
  </Moment>
)

const msOf = (at: TimeProps['at']): number => (typeof at === 'string' ? Date.parse(at) : at)

/** A duration, to the millisecond for who points at it. */
export const Duration = ({ ms }: { readonly ms: number }) => (
  <span title={`${Math.round(ms)} ms`}>{duration(ms)}</span>
)
