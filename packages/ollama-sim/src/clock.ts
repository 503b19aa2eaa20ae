/** Time as the simulation sees it; tests put in a clock that they move by hand. */
export interface Clock {
  /** Milliseconds since the epoch, with fractions, never going back. */
  now(): number
  /** Calls `run` once after `ms`; the function returned calls it off. */
  after(ms: number, run: () => void): () => void
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/** Integer nanoseconds of a span in milliseconds; at least 1, because Ollama leaves a zero duration out. */
export const nanoseconds = (ms: number): number => Math.max(1, Math.round(ms * 1e6))

/** RFC 3339 in UTC with up to nine fraction digits, trailing zeros dropped, as Go writes a time. */
export const rfc3339Nano = (epochMs: number): string => {
  const seconds = Math.floor(epochMs / 1000)
  const nanos = Math.floor((epochMs - seconds * 1000) * 1e6)
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`
}
