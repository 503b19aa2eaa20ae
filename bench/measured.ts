import type { Spread } from './stats.ts'

/** How the callers of one measurement call. */
export interface Load {
  readonly callers: number
  /** The time between two tokens; 0: the target sends the whole answer at once. */
  readonly msPerToken: number
  /** The longest pause of a caller between two calls. Pauses are random: callers in step would come in bursts. */
  readonly maxPauseMs: number
  readonly rounds: number
  /** The calls of each caller, in each round, each way. */
  readonly calls: number
}

/**
 * Where the calls go. `direct`: to the target itself. `foreman in memory`: to a foreman whose queue is on a file system
 * in memory, where a commit waits for no disk. `before`: to the other checkout of `--against`.
 */
export type Way = 'direct' | 'foreman' | 'foreman in memory' | 'before'

/** What the calls of one load took one way. */
export interface Measured {
  readonly load: Load
  readonly streaming: boolean
  readonly way: Way
  readonly firstByteMs: Spread
  readonly lastByteMs: Spread
  readonly callsPerSecond: number
}

/** What commits on the disk of the queue take, in ms. */
export interface Commits {
  /** A commit that is on the disk when it returns. */
  readonly full: Spread
  /** The same commit when it only reaches the operating system. */
  readonly normal: Spread
  /** Accepting a job: the write of the store, with its full commit. */
  readonly accept: Spread
}
