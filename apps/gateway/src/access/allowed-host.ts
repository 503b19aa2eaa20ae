import { BlockList, isIP, isIPv4 } from 'node:net'
import os from 'node:os'

/** Addresses that no page out on the net can make its own name resolve to by accident: this machine's and its network's. */
const near = new BlockList()
near.addSubnet('127.0.0.0', 8, 'ipv4')
near.addSubnet('10.0.0.0', 8, 'ipv4')
near.addSubnet('172.16.0.0', 12, 'ipv4')
near.addSubnet('192.168.0.0', 16, 'ipv4')
near.addAddress('0.0.0.0', 'ipv4')
near.addAddress('::1', 'ipv6')
near.addAddress('::', 'ipv6')
near.addSubnet('fc00::', 7, 'ipv6')

const nearNames = ['.localhost', '.local', '.internal']

/**
 * Whether a request to a server on loopback may carry this `Host`, as Ollama has it: a foreign name there is a page
 * that has had its own name rebound to this machine.
 */
export const isAllowedHost = (header: string | undefined): boolean => {
  const host = hostOf(header ?? '')
  if (host === '' || host === 'localhost' || host === os.hostname().toLowerCase()) return true
  if (isIP(host) !== 0) return near.check(host, isIPv4(host) ? 'ipv4' : 'ipv6') || isOwnAddress(host)
  return nearNames.some(name => host.endsWith(name))
}

const hostOf = (header: string): string => {
  const bracketed = /^\[([^\]]*)\]/.exec(header)?.[1]
  const name = bracketed ?? header.replace(/:\d*$/, '')
  return name.toLowerCase()
}

const isOwnAddress = (address: string): boolean =>
  Object.values(os.networkInterfaces()).some(each => each?.some(own => own.address === address))
