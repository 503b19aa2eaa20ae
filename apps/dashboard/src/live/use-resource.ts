import { useCallback, useEffect, useState } from 'preact/hooks'
import { session } from '../api/session.ts'
import { useStore } from '../store/use-store.ts'
import { live } from './live.ts'

export interface Resource<Value> {
  /** The last that came. It stays when a later request fails. */
  readonly value?: Value
  readonly error?: unknown
  /** Asks again now. */
  readonly reload: () => void
}

interface Options {
  /** Asks again so often, while the page can be seen and the server can be reached. Undefined: only when `key` changes. */
  readonly everyMs?: number
}

/**
 * Something that a screen asks the server for.
 *
 * @param key names what is asked for. Another one is asked for at once, and what came for the last one is forgotten
 */
export const useResource = <Value>(
  key: string,
  load: (signal: AbortSignal) => Promise<Value>,
  { everyMs }: Options = {},
): Resource<Value> => {
  const generation = useStore(session.state, state => state.generation)
  const [times, setTimes] = useState(0)
  const [came, setCame] = useState<{ key: string; value?: Value; error?: unknown }>({ key })
  const reload = useCallback(() => setTimes(last => last + 1), [])
  useEffect(() => {
    const asking = new AbortController()
    load(asking.signal).then(
      value => {
        if (!asking.signal.aborted) setCame({ key, value })
      },
      (error: unknown) => {
        if (asking.signal.aborted) return
        setCame(last => (last.key === key ? { ...last, error } : { key, error }))
      },
    )
    return () => asking.abort()
  }, [key, generation, times])
  useEffect(() => {
    if (everyMs === undefined) return
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && live.get().stream.kind !== 'lost') reload()
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  const { value, error } = came.key === key ? came : { value: undefined, error: undefined }
  return { reload, ...(value !== undefined && { value }), ...(error !== undefined && { error }) }
}
