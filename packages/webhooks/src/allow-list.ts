import { BlockList, isIP, isIPv6 } from 'node:net'

/** Private destinations that webhooks may go to. */
export interface AllowList {
  /** What it was read from, in alphabetical order. */
  readonly entries: readonly string[]
  allowsHost(name: string, port: number): boolean
  allowsAddress(address: string, port: number): boolean
}

/**
 * Reads host names, addresses and CIDRs, separated by commas or spaces. A name or an address may be followed by a port;
 * then it allows this port only. An IPv6 address with a port is in brackets.
 *
 * @returns undefined when an entry is none of these
 * @example
 * parseAllowList('10.1.0.0/16, hooks.internal, [::1]:9000')
 */
export const parseAllowList = (text: string): AllowList | undefined => {
  const texts = text.split(/[\s,]+/).filter(each => each !== '')
  const entries = texts.map(readEntry)
  if (!entries.every(each => each !== undefined)) return undefined
  const ofPort = (port: number) => entries.filter(each => each.port === undefined || each.port === port)
  return {
    entries: texts.toSorted(),
    allowsHost: (name, port) => ofPort(port).some(entry => entry.name === hostName(name)),
    allowsAddress: (address, port) =>
      ofPort(port).some(({ range }) => range?.check(address, familyOf(address))),
  }
}

interface Entry {
  readonly name?: string
  readonly range?: BlockList
  /** Every port when it is absent. */
  readonly port: number | undefined
}

/** An IPv6 address in brackets, then what else has no colon, then an IPv6 address without brackets, which takes no port. */
const FORMS = [
  /^\[(?<v6>[^\]]+)\](?:\/(?<bits>\d{1,3})|:(?<port>\d{1,5}))?$/,
  /^(?<host>[^/:]+)(?:\/(?<bits>\d{1,3})|:(?<port>\d{1,5}))?$/,
  /^(?<v6>[^/[\]]+)(?:\/(?<bits>\d{1,3}))?$/,
]

const readEntry = (text: string): Entry | undefined => {
  const form = FORMS.find(each => each.test(text))
  const { v6, bits, port: digits, host = v6 } = form?.exec(text)?.groups ?? {}
  const port = digits === undefined ? undefined : Number(digits)
  if (host === undefined || (v6 !== undefined && !isIPv6(v6))) return undefined
  if (port !== undefined && (port === 0 || port > 65_535)) return undefined
  if (isIP(host) === 0)
    return bits === undefined && isHostName(host) ? { name: hostName(host), port } : undefined
  const longest = isIPv6(host) ? 128 : 32
  if (Number(bits ?? 0) > longest) return undefined
  const range = new BlockList()
  range.addSubnet(host, Number(bits ?? longest), familyOf(host))
  return { range, port }
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4')

/** A name whose last label is a number is a misspelt address. */
const isHostName = (text: string): boolean =>
  /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(text) && !/(^|\.)\d+\.?$/.test(text)

/** The name in lower case, without the dot of the root. */
const hostName = (name: string): string => name.toLowerCase().replace(/\.$/, '')
