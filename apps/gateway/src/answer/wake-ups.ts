import { mayPass } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { TimeSlice } from '../http/slices.ts'
import type { FollowOptions } from './follow-options.ts'
import { WakeSignal } from './wake-signal.ts'

/**
 * Wakes a loop that follows a job for one caller: when the job's log has grown, when the caller reads again or has left,
 * and when the gateway's time is up.
 */
export class WakeUps {
  readonly #response: ServerResponse
  readonly #signal = new WakeSignal()
  readonly #options: Pick<FollowOptions, 'followers' | 'cutOff'>
  readonly #slice = new TimeSlice()
  readonly #stop: () => void

  constructor(
    jobSeq: number,
    response: ServerResponse,
    options: Pick<FollowOptions, 'followers' | 'cutOff'>,
  ) {
    const { followers, cutOff } = options
    const { raise } = this.#signal
    this.#response = response
    this.#options = options
    leaveWhenHalfClosed(response)
    const unfollow = followers.follow(jobSeq, raise)
    response.on('close', raise)
    response.on('drain', raise)
    cutOff.addEventListener('abort', raise)
    this.#stop = () => {
      unfollow()
      response.off('close', raise)
      response.off('drain', raise)
      cutOff.removeEventListener('abort', raise)
    }
  }

  /** Waits for the next wake-up. @returns false when `timeoutMs` passed first */
  async next(timeoutMs: number): Promise<boolean> {
    if (this.#signal.isRaised) return this.#signal.next(timeoutMs)
    const isRaised = await this.#signal.next(timeoutMs)
    this.#slice.begin()
    return isRaised
  }

  /**
   * Gives a caller time to read what was sent, if there is too much of that. A caller that reads nothing for `stallMs`
   * is disconnected. Also lets other callers be served: one that reads very fast would otherwise keep them waiting until
   * it has everything.
   *
   * @returns true when it had to wait: what the loop knew may be out of date
   */
  async untilWritable(stallMs: number): Promise<boolean> {
    if (this.#slice.isOver) {
      await this.#slice.rest()
      return true
    }
    if (!this.#response.writableNeedDrain) return false
    if (!(await this.next(stallMs))) this.#response.destroy()
    return true
  }

  /**
   * Reads the file for the loop. What fails now and may succeed later is repeated as long as the caller is there.
   *
   * @throws the error of `look` when that will not pass, the caller has left, or the gateway's time is up
   */
  async read<T>(look: () => T): Promise<T> {
    const { followers, cutOff } = this.#options
    for (;;) {
      try {
        const result = look()
        followers.readSucceeded()
        return result
      } catch (error) {
        if (!mayPass(error) || this.#response.destroyed || cutOff.aborted) throw error
        await this.next(followers.readFailed(error))
      }
    }
  }

  /** Ends the wake-ups. To be called once the loop is over. */
  stop(): void {
    this.#stop()
  }
}
