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
      const isOver = await readOnce(path(), signal, {
        opened: () => onState({ kind: 'open' }),
        event: (...event) => {
          failures = 0
          onEvent(...event)
        },
      })
      if (isOver) return
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ApiError && error.isLasting) return onState({ kind: 'refused', error })
      failures += 1
      await pause(failures, error, onState, signal)
      continue
    }
    if (signal.aborted) return
    failures += 1
    await pause(failures, new TypeError('the stream has ended'), onState, signal)
  }
}

const pause = async (
  failures: number,
  error: unknown,
  onState: Following['onState'],
  signal: AbortSignal,
): Promise<void> => {
  const waitMs = backOffMs(failures, Math.random())
  onState({ kind: 'lost', retryAt: Date.now() + waitMs, error })
  await waitFor(waitMs, signal)
}

/** @returns whether there will be no more */
const readOnce = async (
  path: string,
  signal: AbortSignal,
  told: { readonly opened: () => void; readonly event: Following['onEvent'] },
): Promise<boolean> => {
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
    if (response.status === NO_MORE) return true
    const text = response.body!.pipeThrough(new TextDecoderStream())
    for (const reader = text.getReader(); ;) {
      const { done, value } = await reader.read()
      if (done) return false
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
    const wake = () => {
      if (document.visibilityState === 'hidden') return
      clearTimeout(timer)
      done.abort()
      resolve()
    }
    const timer = setTimeout(() => {
      done.abort()
      resolve()
    }, ms)
    document.addEventListener('visibilitychange', wake, { signal: done.signal })
    window.addEventListener('online', wake, { signal: done.signal })
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        done.abort()
        resolve()
      },
      { signal: done.signal },
    )
  })
