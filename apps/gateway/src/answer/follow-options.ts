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

/** What it takes to follow a job until a caller has what it asked for. */
export interface FollowOptions {
  readonly store: Store
  readonly followers: LogFollowers
  readonly patience: Patience
  /** Aborts when the gateway stops and no longer serves this caller. */
  readonly cutOff: AbortSignal
}
