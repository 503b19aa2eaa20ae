import { createHash } from 'node:crypto'

/** What changes by itself as time goes by, or with each token. */
const RUNNING_CLOCKS = new Set([
  'at',
  'oldest_wait_ms',
  'oldest_ms',
  'expires_at',
  'starts_in_ms',
  'starts_at_latest',
  'tokens',
  'tokens_per_second',
  'must_yield_at',
  'text',
  'wal_bytes',
  'disk_free_bytes',
])

/** A tag that is the same as long as nothing has happened. */
export const etagOf = (snapshot: object): string => {
  const text = JSON.stringify(snapshot, (name, value: unknown) => {
    if (RUNNING_CLOCKS.has(name)) return undefined
    return name === 'next' && typeof value === 'object' ? { ...value, at: undefined } : value
  })
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}
