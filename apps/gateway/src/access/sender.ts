import type { Sender } from '@foreman/store'
import type { IncomingMessage } from 'node:http'

/** Between whom the target's time is shared. `user`: between callers, and their users. `token`: between callers. */
type ShareBy = 'user' | 'token' | 'off'

export interface Sharing {
  readonly by: ShareBy
  /** Whether a proxy in front of the gateway says where a request comes from. */
  readonly trustProxy: boolean
  /** Whether callers have tokens. Otherwise each address is one. */
  readonly hasTokens: boolean
}

/** A longer name is cut off. */
const MAX_NAME_CHARACTERS = 100

/** Headers in which applications say who their user is. */
const USER_HEADERS = ['x-foreman-user', 'x-openwebui-user-id', 'x-user-id']

type Asked = Pick<IncomingMessage, 'headers' | 'socket'>

/**
 * Who has sent a request, as far as fairness goes: a caller, and one of its users. It decides the order of jobs only.
 *
 * @param given.caller the name of the caller
 * @param given.user whom the body of the request names, if it names anybody
 */
export const senderOf = (
  request: Asked,
  given: { readonly caller: string; readonly user: string | undefined },
  { by, trustProxy, hasTokens }: Sharing,
): Sender => {
  if (by === 'off') return { account: '', sender: '' }
  const address = addressOf(request, trustProxy)
  const account = hasTokens ? given.caller : address
  if (by === 'token') return { account, sender: '' }
  const named = USER_HEADERS.map(name => request.headers[name]).find(isName)
  const sender = named ?? (isName(given.user) ? given.user : address)
  return { account, sender: sender.slice(0, MAX_NAME_CHARACTERS) }
}

const isName = (text: unknown): text is string => typeof text === 'string' && text !== ''

/** A proxy adds the address of its own peer as the last one. Those before it may be made up. */
const addressOf = ({ headers, socket }: Asked, trustProxy: boolean): string => {
  const forwarded = trustProxy ? headers['x-forwarded-for'] : undefined
  const last = [forwarded ?? []].flat().join(',').split(',').at(-1)?.trim()
  return last || (socket.remoteAddress ?? '')
}
