/** Where Node keeps the connection pool of its own `fetch`, once there is one. */
const OWN_POOL = Symbol.for('undici.globalDispatcher.1')

type Pool = NonNullable<RequestInit['dispatcher']>
type PoolClass = new (options: { headersTimeout: number; bodyTimeout: number }) => Pool

/** Node's `fetch` with other limits than its 300 s without headers and 300 s between two pieces of a body. */
export const impatientFetch = (limitMs: number | undefined): typeof fetch => {
  if (limitMs === undefined) return fetch
  let dispatcher: Pool | undefined
  return async (input, init) => {
    if (dispatcher === undefined) {
      // Nothing goes out for it, but the pool is there afterwards.
      await fetch('data:,')
      const { constructor } = (globalThis as unknown as Record<symbol, object>)[OWN_POOL]!
      dispatcher = new (constructor as PoolClass)({ headersTimeout: limitMs, bodyTimeout: limitMs })
    }
    return fetch(input, { ...init, dispatcher })
  }
}
