import { isIP } from 'node:net'
import { classOf } from './address-ranges.ts'
import type { AllowList } from './allow-list.ts'
import { type Address, LookUps, type Resolve } from './look-ups.ts'
import { systemResolver } from './system-resolver.ts'

/** Where a message may go. Every address has been checked, and the connection is made to one of them. */
export interface Destination {
  readonly url: URL
  readonly addresses: readonly Address[]
}

/**
 * Why a URL is refused. The allow list can permit a destination that is `not_allowed`, but none that is
 * `always_refused`. A `look_up_failed` may go away by itself.
 */
export type DestinationRefusal =
  | 'not_a_url'
  | 'not_http'
  | 'user_info'
  | 'unresolvable'
  | 'look_up_failed'
  | 'always_refused'
  | 'not_allowed'

/** A message may not go to a URL. `code` says why, and `message` names the host and the address. */
export class DestinationError extends Error {
  override readonly name = 'DestinationError'
  readonly code: DestinationRefusal

  constructor(code: DestinationRefusal, message: string) {
    super(message)
    this.code = code
  }
}

export interface DestinationPolicy {
  /**
   * Checks what needs no look-up: the form of the URL, and its host if that is an address.
   *
   * @throws DestinationError
   */
  inspect(url: string): URL
  /**
   * Inspects the URL, looks the host's name up once, and checks every address that it has.
   *
   * @throws DestinationError
   */
  check(url: string): Promise<Destination>
}

export interface PolicyOptions {
  readonly allow: AllowList
  /** How names are looked up. Default: in /etc/hosts, by the name servers, and then by the system. */
  readonly resolve?: Resolve
  /** The longest that a check waits for a look-up, from when it asks for it. Default: 5,000. */
  readonly lookUpDeadlineMs?: number
}

/** How many names are looked up at a time: as many as a sender has messages under way. */
const LOOK_UPS_AT_ONCE = 100

/**
 * Keeps messages away from destinations that their sender must not reach. A URL must be http or https, without a user or
 * a password. Link-local, multicast, reserved and metadata addresses are always refused, and so are IPv6 addresses that
 * carry an IPv4 address which is not public. Loopback and private networks are refused unless `allow` lists the host's
 * name or the address, for every port or for that of the URL.
 *
 * Up to 100 names are looked up at a time, and checks of the same name share a look-up. Names that no name server answers
 * for keep nothing else in this process waiting, if the process has one policy and not several.
 *
 * @example
 * const policy = destinationPolicy({ allow: parseAllowList('hooks.internal')! })
 * await policy.check('http://hooks.internal/jobs') // throws a DestinationError if messages may not go there
 */
export const destinationPolicy = ({
  allow,
  resolve = systemResolver(),
  lookUpDeadlineMs = 5_000,
}: PolicyOptions): DestinationPolicy => {
  const lookUps = new LookUps({ resolve, deadlineMs: lookUpDeadlineMs, atOnce: LOOK_UPS_AT_ONCE })
  const ensureAllowed = (hostname: string, port: number, { address }: Address): void => {
    const found = hostname === address ? address : `${hostname} (${address})`
    const kind = classOf(address)
    if (kind === 'never')
      throw new DestinationError('always_refused', `${found} is an address that webhooks never go to`)
    if (kind === 'private' && !allow.allowsHost(hostname, port) && !allow.allowsAddress(address, port))
      throw new DestinationError('not_allowed', `${found} is a private address`)
  }

  const inspect = (text: string): Inspected => {
    const url = readUrl(text)
    const hostname = url.hostname.replaceAll(/[[\]]/g, '')
    const family = isIP(hostname)
    if (family === 0) return { url, hostname }
    const address: Address = { address: hostname, family: family === 6 ? 6 : 4 }
    ensureAllowed(hostname, portOf(url), address)
    return { url, hostname, address }
  }

  return {
    inspect: text => inspect(text).url,
    check: async text => {
      const { url, hostname, address } = inspect(text)
      if (address) return { url, addresses: [address] }
      const addresses = await lookUp(hostname, lookUps)
      for (const each of addresses) ensureAllowed(hostname, portOf(url), each)
      return { url, addresses }
    },
  }
}

interface Inspected {
  readonly url: URL
  readonly hostname: string
  /** Present when the host is an address. */
  readonly address?: Address
}

const portOf = ({ port, protocol }: URL): number =>
  port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)

const readUrl = (text: string): URL => {
  // A URL is visible ASCII (RFC 3986). The parser would accept other characters and drop them silently.
  if (!/^[\x21-\x7e]+$/.test(text) || !URL.canParse(text))
    throw new DestinationError('not_a_url', 'the URL of a webhook must be an absolute URL')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new DestinationError('not_http', 'the URL of a webhook must begin with http:// or https://')
  if (url.username !== '' || url.password !== '')
    throw new DestinationError('user_info', 'the URL of a webhook must not hold a user or a password')
  return url
}

const lookUp = async (hostname: string, lookUps: LookUps): Promise<readonly Address[]> => {
  let addresses: readonly Address[]
  try {
    addresses = await lookUps.find(hostname)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    if (code === 'ENOTFOUND' || code === 'ENODATA') addresses = []
    else throw new DestinationError('look_up_failed', `${hostname} could not be looked up (${code})`)
  }
  // An answer of the resolver is input, and is checked like other input.
  if (addresses.length === 0 || addresses.some(({ address }) => isIP(address) === 0))
    throw new DestinationError('unresolvable', `${hostname} has no address`)
  return addresses
}
