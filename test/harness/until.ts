import { setTimeout as delay } from 'node:timers/promises'

/** Waits for a condition that nothing announces. Fails, saying which, when it does not come about. */
export const until = async (condition: () => unknown, timeoutMs = 10_000): Promise<void> => {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`)
    await delay(5)
  }
}
