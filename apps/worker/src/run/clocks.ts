/** A clock that can be set again and again. */
export interface StallTimer {
  /** Begins, or begins anew. Each piece of each answer does that, so it makes no new timer for it. */
  start(): void
  stop(): void
}

export const stallTimer = (stallMs: number, onStall: () => void): StallTimer => {
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    clearTimeout(timer)
    timer = undefined
  }
  const start = () => {
    if (timer) timer.refresh()
    else timer = setTimeout(onStall, stallMs)
  }
  return { start, stop }
}

export interface LoadClockOptions {
  /** The longest load. */
  readonly loadTimeoutMs: number
  /** Whether the target has yet to load the model. */
  readonly isLoading: () => Promise<boolean>
  /** Called when the load has taken too long. */
  readonly onTimeout: () => void
}

/**
 * Watches the time before an answer begins. That time may be long: the target sends nothing while it reads a long prompt, or
 * while it generates a non-streaming answer. So the clock ends the attempt only if the model is not in memory when the time
 * is over; otherwise it begins anew.
 *
 * @returns stops the clock
 */
export const startLoadClock = ({ loadTimeoutMs, isLoading, onTimeout }: LoadClockOptions): (() => void) => {
  let isStopped = false
  let timer: NodeJS.Timeout
  const begin = () => {
    timer = setTimeout(() => void look(), loadTimeoutMs)
  }
  const look = async () => {
    const isTooLong = await isLoading()
    if (isStopped) return
    if (isTooLong) onTimeout()
    else begin()
  }
  begin()
  return () => {
    isStopped = true
    clearTimeout(timer)
  }
}
