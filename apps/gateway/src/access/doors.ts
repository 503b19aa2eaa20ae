import { type Address, formatAddress, parseAddress } from '@foreman/process'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { listEntries } from './list-entries.ts'

/** An address of its own for a caller whose programs cannot send a token. */
export interface Door {
  /** The name of the caller. */
  readonly caller: string
  readonly address: Address
}

/**
 * Reads `name=address,name=address`. Whoever can reach a door needs no token, so its address is written out: a door on
 * every interface would be open to more than its operator thinks of, and what a host name stands for can change.
 *
 * @returns undefined when an entry cannot be read, when its host is neither an IP address nor `localhost`, or stands for
 *   every interface, or when a text that is not empty has no entry
 */
export const parseDoors = (text: string): readonly Door[] | undefined => {
  const entries = listEntries(text)
  const doors = entries.flatMap(entry => {
    const [, caller, written = ''] = /^([\w.-]{1,64})=(.+)$/.exec(entry) ?? []
    const address = parseAddress(written)
    return caller !== undefined && address && isWrittenOut(address) ? [{ caller, address }] : []
  })
  if (entries.length === 0 && text !== '') return undefined
  return doors.length < entries.length ? undefined : doors
}

/** Why doors cannot be used beside the other settings, as the end of a sentence; undefined if they can. */
export const doorFault = ({
  doors,
  addr,
  callers,
}: {
  readonly doors: readonly Door[]
  /** The main address. */
  readonly addr: Address
  /** The names of all callers that have a token. */
  readonly callers: readonly string[]
}): string | undefined => {
  const stranger = doors.find(({ caller }) => !callers.includes(caller))
  if (stranger) {
    const known =
      callers.length === 0
        ? 'there are no tokens, so everybody may call at FOREMAN_ADDR'
        : `the callers with a token are ${callers.join(', ')}`
    return `has a door for ${stranger.caller}, which is no caller: ${known}`
  }
  const taken = doors.find(({ address }, at) =>
    [addr, ...doors.slice(0, at).map(door => door.address)].some(other => overlap(address, other)),
  )
  return (
    taken &&
    `gives ${taken.caller} the address ${formatAddress(taken.address)}, which is taken: each door, and FOREMAN_ADDR, needs its own`
  )
}

/** Whether both want the same port of an interface. With port 0 the system chooses ports that differ. */
const overlap = (door: Address, other: Address): boolean =>
  door.port !== 0 && door.port === other.port && (door.host === other.host || isEveryInterface(other))

const EVERY_INTERFACE = new BlockList()
EVERY_INTERFACE.addAddress('0.0.0.0', 'ipv4')
EVERY_INTERFACE.addAddress('::', 'ipv6')

const isEveryInterface = ({ host }: Address): boolean =>
  host === undefined || (isIP(host) !== 0 && EVERY_INTERFACE.check(host, isIPv4(host) ? 'ipv4' : 'ipv6'))

const isWrittenOut = (address: Address): boolean =>
  (address.host === 'localhost' || isIP(address.host ?? '') !== 0) && !isEveryInterface(address)
