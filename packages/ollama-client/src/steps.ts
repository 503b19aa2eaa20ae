/** Work that can be interrupted: at each `yield`, whoever runs it may do something else first. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Does the whole work now. */
export const runSteps = <T>(steps: Steps<T>): T => {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}
