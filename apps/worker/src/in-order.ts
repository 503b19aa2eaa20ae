/** Makes a function that does one thing after the other, in the order of the calls, whether or not they succeed. */
export const inOrder = (): (<T>(act: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve()
  return act => {
    const done = last.then(act, act)
    last = done
    return done
  }
}
