import { BlockList, isIP, isIPv4 } from 'node:net'
import os from 'node:os'

/** Loopback and private addresses: a `Host` that is one of these names this machine or one in its network. */
const NEAR = new BlockList()
NEAR.addSubnet('127.0.0.0', 8, 'ipv4')
NEAR.addSubnet('10.0.0.0', 8, 'ipv4')
NEAR.addSubnet('172.16.0.0', 12, 'ipv4')
NEAR.addSubnet('192.168.0.0', 16, 'ipv4')
NEAR.addAddress('0.0.0.0', 'ipv4')
NEAR.addAddress('::1', 'ipv6')
NEAR.addAddress('::', 'ipv6')
NEAR.addSubnet('fc00::', 7, 'ipv6')

const NEAR_NAMES = ['.localhost', '.local', '.internal']

/**
 * Whether a request to a server on loopback may have this `Host`. The rules are Ollama's. They stop DNS rebinding: a web
 * page makes its own host name resolve to 127.0.0.1, so the browser sends that name here.
 */
export const isAllowedHost = (header: string | undefined): boolean => {
  const host = hostOf(header ?? '')
  if (host === '' || host === 'localhost' || host === os.hostname().toLowerCase()) return true
  if (isIP(host) !== 0) return NEAR.check(host, isIPv4(host) ? 'ipv4' : 'ipv6') || isOwnAddress(host)
  return NEAR_NAMES.some(name => host.endsWith(name))
}

const hostOf = (header: string): string => {
  const bracketed = /^\[([^\]]*)\]/.exec(header)?.[1]
  const name = bracketed ?? header.replace(/:\d*$/, '')
  return name.toLowerCase()
}

const isOwnAddress = (address: string): boolean =>
  Object.values(os.networkInterfaces()).some(each => each?.some(own => own.address === address))
