import { keepLast } from '@foreman/experience'
import { cached } from '../http/cached.ts'

/** Whoever looks at a chart does not see that it is a few seconds old. */
const FRESH_MS = 5_000
const MAX_KEPT = 20

/**
 * Many pages that show the same chart ask the same question: it is answered once in some seconds, for all of them. A failure is not
 * kept.
 */
export const sharedAnswers = <Asked>(
  answer: (asked: Asked) => Promise<Uint8Array>,
  now: () => number,
): ((asked: Asked) => Promise<Uint8Array>) => {
  const kept = new Map<string, () => Promise<Uint8Array>>()
  return asked => {
    const key = JSON.stringify(asked)
    const ask = kept.get(key) ?? cached({ read: () => answer(asked), now, maxAgeMs: FRESH_MS })
    keepLast(kept, key, ask, MAX_KEPT)
    return ask()
  }
}
