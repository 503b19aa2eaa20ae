/**
 * A part of a process that works from its start to its stop. Every service keeps this contract, so that whoever holds
 * one need not remember what was called before:
 *
 * - `start` begins the work. A second `start` does nothing.
 * - `stop` ends the work. It returns, or resolves, once nothing of the service goes on: no timer, no open request, no
 *   child. A second `stop` starts nothing new: it resolves together with the first.
 * - `stop` on a service that was never started resolves, and has no other effect than the next rule.
 * - A stopped service stays stopped: a `start` after `stop` does nothing.
 *
 * @example
 * class Poller implements Service {
 *   #timer: NodeJS.Timeout | undefined
 *   #stopped: Promise<void> | undefined
 *
 *   start(): void {
 *     if (!this.#stopped) this.#timer ??= setInterval(poll, 1_000)
 *   }
 *
 *   stop(): Promise<void> {
 *     clearInterval(this.#timer)
 *     return (this.#stopped ??= pollUnderWay())
 *   }
 * }
 */
export interface Service {
  start(): void | Promise<void>
  stop(): void | Promise<void>
}
