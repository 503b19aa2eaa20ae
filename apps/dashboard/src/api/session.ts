import type { QueueYou } from '@foreman/jobs'
import { createStore } from '../store/store.ts'
import { TokenKeeper } from './token.ts'

interface Session {
  /** Rises whenever another token is used, so that everything is asked for again. */
  readonly generation: number
  /** Who the server takes the page for. */
  readonly you?: QueueYou
  /** The page needs a token. `missing`: it has none; `refused`: the server does not know it; `other`: somebody wants another. */
  readonly asks?: 'missing' | 'refused' | 'other'
}

const keeper = new TokenKeeper(sessionStorage, localStorage)
const state = createStore<Session>({ generation: 0 })

/** Who looks at the page, and with which token. */
export const session = {
  state,
  token: () => keeper.get(),
  know: (you: QueueYou) => state.set(last => ({ ...last, you })),
  /** Another token is wanted. */
  ask: () => state.set(last => ({ ...last, asks: 'other' })),
  stay: () => state.set(({ asks: _asks, ...last }) => last),
  /** @param token with which the server has refused a request. Meanwhile another one may be in use */
  refuse: (token: string | undefined) => {
    if (token !== keeper.get()) return
    state.set(last =>
      last.asks === undefined ? { ...last, asks: token === undefined ? 'missing' : 'refused' } : last,
    )
  },
  use: (token: string, options: { readonly onDevice: boolean }) => {
    if (token === '') keeper.forget()
    else keeper.keep(token, options)
    state.set(({ generation }) => ({ generation: generation + 1 }))
  },
}

/** Whether requests need a token. */
export const needsToken = ({ you }: Session): boolean => you?.has_tokens === true

/** Whether the page may step in. */
export const mayAct = ({ you }: Session): boolean => you?.role === 'operator' && you.dashboard === 'on'

/** Whether the page may change jobs: an operator all, a caller its own. */
export const mayChangeJobs = ({ you }: Session): boolean =>
  you !== undefined && you.role !== 'viewer' && you.dashboard === 'on'

/** Whether the page may see what concerns everybody. */
export const seesAll = ({ you }: Session): boolean => you !== undefined && you.role !== 'caller'
