import type { ServerResponse } from 'node:http'
import type { FollowOptions } from './follow-options.ts'
import { WakeSignal } from './wake-signal.ts'

/**
 * Wakes a loop that follows a job for one caller: when the job's log has grown, when the caller reads again or has left,
 * and when the gateway's time is up.
 */
export class WakeUps {
  readonly #response: ServerResponse
  readonly #signal = new WakeSignal()
  readonly #stop: () => void

  constructor(
    jobSeq: number,
    response: ServerResponse,
    { followers, cutOff }: Pick<FollowOptions, 'followers' | 'cutOff'>,
  ) {
    const { raise } = this.#signal
    this.#response = response
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
  next(timeoutMs: number): Promise<boolean> {
    return this.#signal.next(timeoutMs)
  }

  /**
   * Gives a caller time to read what was sent, if there is too much of that. A caller that reads nothing for `stallMs`
   * is disconnected.
   *
   * @returns true when it had to wait: what the loop knew may be out of date
   */
  async untilWritable(stallMs: number): Promise<boolean> {
    if (!this.#response.writableNeedDrain) return false
    if (!(await this.#signal.next(stallMs))) this.#response.destroy()
    return true
  }

  /** Ends the wake-ups. To be called once the loop is over. */
  stop(): void {
    this.#stop()
  }
}
