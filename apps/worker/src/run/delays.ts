/** The longest delay before the next attempt that foreman chooses itself. */
export const MAX_BACKOFF_MS = 60_000
/** The longest delay before the next attempt. A target that asks for a longer one is asked again then. */
export const MAX_DELAY_MS = 600_000
export const FIRST_DELAY_MS = 500
/** The delay after so many failed attempts before this one. */
export const backoffMs = (step: number): number => Math.min(FIRST_DELAY_MS * 4 ** step, MAX_BACKOFF_MS)
