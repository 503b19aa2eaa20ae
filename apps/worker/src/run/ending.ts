import type { RetryCode } from '@foreman/jobs'
import type { Completeness, TokenUsage } from '@foreman/ollama-client'
import type { Finish, ProvisionalAnswer, Release } from '@foreman/store'

/** How an attempt ended, as far as the exchange with the target shows it. */
export type Ending =
  /** The whole answer arrived. What is not in the log yet is written with the end of the job. */
  | { kind: 'answered'; status: number; completeness: Completeness; usage?: TokenUsage }
  /** The whole answer arrived, but its status may not be final, so it is not in the log yet. */
  | { kind: 'provisional'; status: number; isOllamas: boolean; waitMs: number; answer: ProvisionalAnswer }
  /** There was no connection, or it closed before the answer was complete. */
  | { kind: 'broke_off'; connected: boolean; message: string }
  /** What the target sent is no HTTP, or its HTTP has a mistake. */
  | { kind: 'no_http'; message: string }
  /** A watchdog cut the exchange off. */
  | { kind: 'timed_out'; watch: Watchdog }
  /** The target redirects to another server, which callers must not be sent to. */
  | { kind: 'misdirected' }
  /** HTTP cannot carry the request. */
  | { kind: 'unsendable'; message: string }
  /** The request was not sent, because the job has no attempt left. */
  | { kind: 'used_up' }
  /** foreman itself cut the exchange off. */
  | { kind: 'stopped'; why: StopCause }

/** The attempt took too long, or the load of its model, or the target fell silent within its answer. */
export type Watchdog = Exclude<RetryCode, 'target_lost'>

/** `paused`: an operator has paused the queue, and wants what runs to be put back. */
export type StopCause = 'cancelled' | 'shutdown' | 'paused' | 'deadline'

export interface Attempt {
  readonly attempt: number
  /** Failed attempts that count, without this one. */
  readonly failedAttempts: number
  readonly maxAttempts: number
  /** The earlier attempt that brought an answer of the target's own, if one did. */
  readonly answerAttempt: number | null
  /** The caller gets the answer piece by piece. */
  readonly streaming: boolean
  /** This attempt has written bytes that a streaming caller may already have. */
  readonly hasOutput: boolean
}

export type Verdict =
  | { kind: 'finish'; finish: Finish }
  | {
      kind: 'release'
      release: Omit<Release, 'availableAt'>
      delayMs: number
      targetIsAway?: string
    }
