import { BlockList, isIP, isIPv6 } from 'node:net'

/** Private destinations that webhooks may go to. */
export interface AllowList {
  allowsHost(name: string): boolean
  allowsAddress(address: string): boolean
}

/**
 * Reads host names, addresses and CIDRs, separated by commas or spaces.
 *
 * @returns undefined when an entry is none of these
 * @example
 * parseAllowList('10.1.0.0/16, hooks.internal')
 */
export const parseAllowList = (text: string): AllowList | undefined => {
  const names = new Set<string>()
  const ranges = new BlockList()
  for (const entry of text.split(/[\s,]+/).filter(each => each !== '')) {
    const range = rangeOf(entry)
    if (range) ranges.addSubnet(...range)
    else if (isHostName(entry)) names.add(hostName(entry))
    else return undefined
  }
  return {
    allowsHost: name => names.has(hostName(name)),
    allowsAddress: address => ranges.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'),
  }
}

const rangeOf = (entry: string): [address: string, bits: number, family: 'ipv4' | 'ipv6'] | undefined => {
  const [, address = '', prefix] = /^\[?([^[\]/]+)\]?(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  if (isIP(address) === 0) return undefined
  const longest = isIPv6(address) ? 128 : 32
  const bits = prefix === undefined ? longest : Number(prefix)
  return bits > longest ? undefined : [address, bits, isIPv6(address) ? 'ipv6' : 'ipv4']
}

/** A name whose last label is a number is a misspelt address. */
const isHostName = (text: string): boolean =>
  /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(text) && !/(^|\.)\d+\.?$/.test(text)

/** The name in lower case, without the dot of the root. */
const hostName = (name: string): string => name.toLowerCase().replace(/\.$/, '')
