import { createParser } from 'eventsource-parser'
import { send } from './api.ts'
import { backOffMs } from './back-off.ts'
import { ApiError } from './problem.ts'

/** The server says something every 15 s. */
const SILENCE_MS = 40_000

/** How it stands with a stream. `refused`: the server does not let it be read, or there is nothing to read. */
export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly retryAt: number; readonly error: unknown }
  | { readonly kind: 'refused'; readonly error: ApiError }

/** The server has no more events, and will have none. */
const NO_MORE = 204

export interface Following {
  /** Where the stream is, as it is asked for next: it may say which event came last. */
  readonly path: () => string
  readonly onEvent: (name: string, data: unknown, id: string | undefined) => void
  readonly onState: (state: StreamState) => void
  readonly signal: AbortSignal
}

/**
 * Reads a stream of server-sent events until `signal` aborts. A connection that breaks off or falls silent is made again, later
 * each time it fails. `EventSource` would do it, but cannot send a token.
 */
export const follow = async ({ path, onEvent, onState, signal }: Following): Promise<void> => {
  let failures = 0
  onState({ kind: 'connecting' })
  while (!signal.aborted) {
    try {
      return await readOnce(path(), signal, {
        opened: () => onState({ kind: 'open' }),
        event: (...event) => {
          failures = 0
          onEvent(...event)
        },
      })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.isLasting) return onState({ kind: 'refused', error })
      failures += 1
      const waitMs = backOffMs(failures, Math.random())
      onState({ kind: 'lost', retryAt: Date.now() + waitMs, error })
      await waitFor(waitMs, signal)
    }
  }
}

/** Reads a stream until there will be no more. Rejects when it breaks off before. */
const readOnce = async (
  path: string,
  signal: AbortSignal,
  told: { readonly opened: () => void; readonly event: Following['onEvent'] },
): Promise<void> => {
  const silent = new AbortController()
  let timer = setTimeout(() => silent.abort(), SILENCE_MS)
  const parser = createParser({
    onEvent: ({ event = 'message', data, id }) => told.event(event, JSON.parse(data), id),
  })
  try {
    const response = await send(path, {
      signal: AbortSignal.any([signal, silent.signal]),
      accept: 'text/event-stream',
    })
    told.opened()
    if (response.status === NO_MORE) return
    const text = response.body!.pipeThrough(new TextDecoderStream())
    for (const reader = text.getReader(); ;) {
      const { done, value } = await reader.read()
      if (done) throw new TypeError('the stream has ended')
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), SILENCE_MS)
      parser.feed(value)
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Waits, but not longer than until somebody looks at the page again, or the network is back. */
const waitFor = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const done = new AbortController()
    const end = () => {
      clearTimeout(timer)
      done.abort()
      resolve()
    }
    const wake = () => {
      if (document.visibilityState !== 'hidden') end()
    }
    const timer = setTimeout(end, ms)
    document.addEventListener('visibilitychange', wake, { signal: done.signal })
    window.addEventListener('online', wake, { signal: done.signal })
    signal.addEventListener('abort', end, { signal: done.signal })
  })
