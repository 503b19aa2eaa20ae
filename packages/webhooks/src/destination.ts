import dns from 'node:dns/promises'
import { isIP } from 'node:net'
import { classOf } from './address-ranges.ts'
import type { AllowList } from './allow-list.ts'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** All addresses of a name. Rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly Address[]>

/** Where a message may go: every address has been checked, and a connection is made to one of these and no other. */
export interface Destination {
  readonly url: URL
  readonly addresses: readonly Address[]
}

/** `not_allowed` can be opened by the allow list, `always_refused` cannot. `look_up_failed` may pass. */
export type DestinationRefusal =
  | 'not_a_url'
  | 'not_http'
  | 'user_info'
  | 'unresolvable'
  | 'look_up_failed'
  | 'always_refused'
  | 'not_allowed'

/** A message may not go there; `code` says why, and the message names host and address. */
export class DestinationError extends Error {
  override name = 'DestinationError'
  readonly code: DestinationRefusal

  constructor(code: DestinationRefusal, message: string) {
    super(message)
    this.code = code
  }
}

export interface DestinationPolicy {
  /**
   * Looks the name up, once, and checks every address that it has.
   * Throws a DestinationError.
   */
  check(url: string): Promise<Destination>
}

export interface PolicyOptions {
  readonly allow: AllowList
  /** Default: the system's resolver, so that /etc/hosts counts. */
  readonly resolve?: Resolve
}

const systemResolve: Resolve = async hostname => {
  const found = await dns.lookup(hostname, { all: true, verbatim: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/**
 * Keeps messages from going where their sender should not reach: http and https only, no user info; never to
 * link-local, multicast, reserved or metadata addresses, nor to IPv6 addresses with an IPv4 address in disguise; to
 * loopback and private networks only where `allow` lists the host's name or the address.
 */
export const destinationPolicy = ({ allow, resolve = systemResolve }: PolicyOptions): DestinationPolicy => {
  const demand = (hostname: string, { address }: Address): void => {
    const found = hostname === address ? address : `${hostname} (${address})`
    const kind = classOf(address)
    if (kind === 'never')
      throw new DestinationError('always_refused', `${found} is an address that webhooks never go to`)
    if (kind === 'private' && !allow.allowsHost(hostname) && !allow.allowsAddress(address))
      throw new DestinationError('not_allowed', `${found} is a private address`)
  }

  return {
    check: async text => {
      const url = readUrl(text)
      const hostname = url.hostname.replaceAll(/[[\]]/g, '')
      const family = isIP(hostname)
      const addresses =
        family === 0
          ? await lookUp(hostname, resolve)
          : [{ address: hostname, family: family === 6 ? (6 as const) : (4 as const) }]
      for (const address of addresses) demand(hostname, address)
      return { url, addresses }
    },
  }
}

const readUrl = (text: string): URL => {
  // A URL is written in visible ASCII (RFC 3986). What else the parser would take, it would drop unseen.
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text))
    throw new DestinationError('not_a_url', 'the URL of a webhook must be an absolute URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new DestinationError('not_http', 'the URL of a webhook must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw new DestinationError('user_info', 'the URL of a webhook must not hold a user or a password')
  return url
}

const lookUp = async (hostname: string, resolve: Resolve): Promise<readonly Address[]> => {
  let addresses: readonly Address[]
  try {
    addresses = await resolve(hostname)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (code === 'ENOTFOUND' || code === 'ENODATA') addresses = []
    else throw new DestinationError('look_up_failed', `${hostname} could not be looked up (${code})`)
  }
  // The resolver's word is input as well.
  if (addresses.length === 0 || addresses.some(({ address }) => isIP(address) === 0))
    throw new DestinationError('unresolvable', `${hostname} has no address`)
  return addresses
}
