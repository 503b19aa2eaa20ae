import { MAX_TIMER_MS } from '@foreman/process'
import type { Store } from '@foreman/store'
import type { LogFollowers } from './log-followers.ts'

/** How long a caller waits for what, in milliseconds. */
export interface Patience {
  /** A streaming caller gets a heartbeat this often while there is nothing to send. */
  readonly heartbeatMs: number
  /** A non-streaming caller gets its status after this time, and heartbeats from then on. */
  readonly holdMs: number
  /** A caller that reads nothing for this long is disconnected. */
  readonly stallMs: number
}

/** A text has no bytes that its reader ignores, so its caller gets neither a status nor a heartbeat before it. */
export const patienceFor = (
  { answersInText }: { readonly answersInText: boolean },
  patience: Patience,
): Patience => (answersInText ? { ...patience, holdMs: MAX_TIMER_MS } : patience)

/** What it takes to follow a job until a caller has what it asked for. */
export interface FollowOptions {
  readonly store: Store
  readonly followers: LogFollowers
  readonly patience: Patience
  /** Aborts when the gateway stops and no longer serves this caller. */
  readonly cutOff: AbortSignal
}
