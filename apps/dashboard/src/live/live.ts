import type { QueueSnapshot, QueueYou } from '@foreman/jobs'
import { api } from '../api/api.ts'
import { follow, type StreamState } from '../api/follow.ts'
import { session } from '../api/session.ts'
import { createStore } from '../store/store.ts'

/** What the page knows of the queue, and since when. */
export interface Live {
  /** The last one that came. It stays when the connection is lost. */
  readonly snapshot?: QueueSnapshot
  /** When it came, by the clock of this machine. */
  readonly receivedAt?: number
  readonly stream: StreamState
  /** The version of the server that the page has spoken to first. Another one has another page. */
  readonly firstVersion?: string
}

export const live = createStore<Live>({ stream: { kind: 'connecting' } })

/** How far the server's clock is ahead of this machine's. */
let aheadMs = 0

/** What time it is for the server. Every time that the page shows is the server's. */
export const serverNow = (): number => Date.now() + aheadMs

/** Watches the queue for as long as the page is open, anew with each token. */
export const watchQueue = (): void => {
  let watching = new AbortController()
  let generation = session.state.get().generation
  const begin = () => {
    watching = new AbortController()
    const { signal } = watching
    void learnWho()
    void follow({
      path: () => '/queue/events',
      signal,
      onState: stream => live.set(last => ({ ...last, stream })),
      onEvent: (name, data) => {
        if (name === 'queue') take(data as QueueSnapshot)
      },
    })
  }
  session.state.subscribe(() => {
    if (session.state.get().generation === generation) return
    generation = session.state.get().generation
    watching.abort()
    begin()
  })
  begin()
}

const take = (snapshot: QueueSnapshot): void => {
  const receivedAt = Date.now()
  aheadMs = Date.parse(snapshot.at) - receivedAt
  live.set(({ stream, firstVersion = snapshot.version }) => ({ snapshot, receivedAt, stream, firstVersion }))
}

const learnWho = async (): Promise<void> => {
  try {
    session.know(await api.get<QueueYou>('/queue/you'))
  } catch {
    // The stream meets the same difficulty, and says so.
  }
}
