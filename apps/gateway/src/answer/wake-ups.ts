import { mayPass } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { TimeSlice } from '../http/slices.ts'
import type { FollowOptions } from './follow-options.ts'
import { WakeSignal } from './wake-signal.ts'

/** What a look at the queue has brought. `not_now`: the queue cannot be read at the moment. */
export type Look<T> = { readonly seen: T } | 'not_now'

/** While nothing happens, the queue is read after so many heartbeats. */
const HEARTBEATS_PER_LOOK = 3

/**
 * Wakes a loop that follows a job for one caller: when the job's log has grown, when the caller reads again or has left,
 * when the gateway's time is up, and when the queue may be readable again.
 */
export class WakeUps {
  readonly #response: ServerResponse
  readonly #signal = new WakeSignal()
  readonly #options: Pick<FollowOptions, 'followers' | 'cutOff'>
  readonly #slice = new TimeSlice()
  readonly #stop: () => void
  /** How long the loop waits at most before it looks again. */
  #pauseMs = Infinity
  /** When the caller was last sent something. */
  #sentAt = performance.now()

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

  /** Whether the caller has left, or the gateway's time is up. It may be so after everything that the loop waits for. */
  get isOver(): boolean {
    return this.#response.destroyed || this.#options.cutOff.aborted
  }

  /** Waits for the next wake-up. @returns false when `timeoutMs` passed first */
  async next(timeoutMs: number): Promise<boolean> {
    const isRaised = await this.#raised(Math.min(timeoutMs, this.#pauseMs))
    return isRaised || this.#pauseMs < timeoutMs
  }

  /** Notes that the caller was sent something. */
  noteSent(): void {
    this.#sentAt = performance.now()
  }

  /**
   * Waits until the loop should look at the queue again. Meanwhile `beat` is to send the caller a heartbeat whenever it was
   * sent nothing for `silenceMs()`. Nothing is read for a heartbeat: of a thousand callers, most only wait. Every third
   * heartbeat ends the wait all the same, so that a caller whose wake-up was missed does not wait for ever.
   */
  async untilNews(silenceMs: () => number, beat: () => void): Promise<void> {
    for (let beats = 1; await this.#untilHeartbeat(silenceMs()); beats++) {
      beat()
      if (beats === HEARTBEATS_PER_LOOK || this.#pauseMs < Infinity) return
    }
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
    if (!(await this.#raised(stallMs))) this.#response.destroy()
    return true
  }

  /**
   * Looks at the queue for the loop. After `not_now` the loop goes on as if it had seen nothing new: `next` and `untilNews`
   * wake it when it is time to look again.
   *
   * @throws the error of `look` when that will not pass
   */
  async look<T>(look: () => Promise<T>): Promise<Look<T>> {
    const { followers } = this.#options
    try {
      const seen = await look()
      followers.readSucceeded()
      this.#pauseMs = Infinity
      return { seen }
    } catch (error) {
      if (!mayPass(error)) throw error
      this.#pauseMs = followers.readFailed(error)
      return 'not_now'
    }
  }

  /** Ends the wake-ups. To be called once the loop is over. */
  stop(): void {
    this.#stop()
  }

  /** @returns true when the caller was sent nothing for `silenceMs`, false when there was a wake-up before */
  async #untilHeartbeat(silenceMs: number): Promise<boolean> {
    const restMs = this.#sentAt + silenceMs - performance.now()
    if (restMs > 0 && (await this.next(restMs))) return false
    this.noteSent()
    return !this.isOver
  }

  async #raised(timeoutMs: number): Promise<boolean> {
    if (this.#signal.isRaised) return this.#signal.next(timeoutMs)
    const isRaised = await this.#signal.next(timeoutMs)
    this.#slice.begin()
    return isRaised
  }
}
