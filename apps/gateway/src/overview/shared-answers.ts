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
  const kept = new Map<string, { readonly at: number; readonly answered: Promise<Uint8Array> }>()
  return asked => {
    const key = JSON.stringify(asked)
    const last = kept.get(key)
    if (last && Math.abs(now() - last.at) < FRESH_MS) return last.answered
    const answered = answer(asked)
    kept.delete(key)
    kept.set(key, { at: now(), answered })
    if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!)
    answered.catch(() => kept.delete(key))
    return answered
  }
}
