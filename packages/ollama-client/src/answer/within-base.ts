import { RedirectError } from '../errors.ts'
import type { ExchangeHeaders } from '../exchange.ts'

/** Where a request was sent: the server's base URL, and the path below it. */
export interface SentTo {
  readonly base: URL
  readonly path: string
}

/** Gives the path below the base for an address that is under it, and undefined for every other address. */
type Rebase = (address: string) => string | undefined

/** Rewrites the value of one header. @returns undefined when the header has to be left out */
type Rewrite = (value: string, rebase: Rebase) => string | undefined

/**
 * Rewrites the headers that name addresses, so that an answer that is passed on leads nobody past the one who passes it
 * on: an address under the base URL becomes the path below it. A header that names another address is left out.
 *
 * @throws RedirectError when the answer redirects to an address that is not under the base URL
 */
export const withinBase = (
  { status, headers }: { readonly status: number; readonly headers: ExchangeHeaders },
  sentTo: SentTo,
): ExchangeHeaders => {
  const rebase: Rebase = address => pathBelow(sentTo, address)
  return headers.flatMap(([name, value]) => {
    const rewrite = REWRITES.get(name.toLowerCase())
    if (!rewrite) return [[name, value] as const]
    const rewritten = rewrite(value, rebase)
    if (rewritten !== undefined) return [[name, rewritten] as const]
    if (name.toLowerCase() !== 'location' || status < 300 || status > 399) return []
    throw new RedirectError(`the server redirects ${sentTo.path} to ${value}`)
  })
}

const pathBelow = ({ base, path }: SentTo, address: string): string | undefined => {
  const prefix = base.pathname.replace(/\/+$/, '')
  const url = URL.parse(address, base.origin + prefix + path)
  if (url?.origin !== base.origin || !`${url.pathname}/`.startsWith(`${prefix}/`)) return undefined
  const below = url.pathname.slice(prefix.length) || '/'
  // A path with two slashes at its start would be read as the name of a host.
  return below.startsWith('//') ? undefined : below + url.search + url.hash
}

/** The links of a `Link` header: an address and its parameters, some of which are in quotes. */
const LINK = /<([^>]*)>((?:[^,"<]|"(?:[^"\\]|\\.)*")*)/g

const rewriteLink: Rewrite = (value, rebase) => {
  const kept = [...value.matchAll(LINK)].flatMap(([, address = '', parameters = '']) => {
    const path = rebase(address)
    return path === undefined ? [] : [`<${path}>${parameters.trimEnd()}`]
  })
  return kept.length === 0 ? undefined : kept.join(', ')
}

const rewriteRefresh: Rewrite = (value, rebase) => {
  const [, seconds, address] = /^\s*([\d.]*)\s*[;,]?\s*(?:url\s*=\s*)?["']?([^"']*)/i.exec(value) ?? []
  if (!address) return value
  const path = rebase(address.trim())
  return path === undefined ? undefined : `${seconds}; url=${path}`
}

/** A cookie without a domain belongs to the host that the caller knows. */
const rewriteCookie: Rewrite = (value, rebase) => {
  const [cookie = '', ...attributes] = value.split(';')
  const kept = attributes.flatMap(attribute => {
    const [name = '', setting = ''] = attribute.split('=', 2).map(part => part.trim())
    if (/^domain$/i.test(name)) return []
    if (!/^path$/i.test(name)) return [attribute]
    const path = rebase(setting)
    return path === undefined ? [] : [` Path=${path}`]
  })
  return [cookie, ...kept].join(';')
}

const rewriteAddress: Rewrite = (value, rebase) => rebase(value.trim())
const leaveOut: Rewrite = () => undefined

const REWRITES: ReadonlyMap<string, Rewrite> = new Map([
  ['location', rewriteAddress],
  ['content-location', rewriteAddress],
  ['link', rewriteLink],
  ['refresh', rewriteRefresh],
  ['set-cookie', rewriteCookie],
  // Tells callers that another address serves the same content.
  ['alt-svc', leaveOut],
])
