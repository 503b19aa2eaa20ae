/** A value that is watched. */
export interface Store<Value> {
  get(): Value
  set(next: Value | ((last: Value) => Value)): void
  /** @returns ends the subscription */
  subscribe(listener: () => void): () => void
}

export const createStore = <Value>(initial: Value): Store<Value> => {
  let value = initial
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: next => {
      const last = value
      value = typeof next === 'function' ? (next as (last: Value) => Value)(last) : next
      if (!Object.is(value, last)) for (const listener of listeners) listener()
    },
    subscribe: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
