import { BlockList, isIPv6 } from 'node:net'

/** What a destination's address is. `never`: no setting opens it. `private`: only where it is allowed. */
export type AddressClass = 'public' | 'private' | 'never'

const blockList = (ranges: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    list.addSubnet(address, Number(prefix), isIPv6(address) ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Link-local, multicast, unspecified, broadcast, reserved, and where clouds tell machines their secrets. */
const never = blockList([
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Metadata of Alibaba, Azure and Oracle. Those of the others are link-local.
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
  '::/128',
  // NAT64 of somebody's own (RFC 8215): where in it the IPv4 address is, only they know.
  '64:ff9b:1::/48',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
  // Metadata of AWS and Google.
  'fd00:ec2::254/128',
  'fd20:ce::254/128',
])

/** Loopback, private networks, carrier-grade NAT, and what is set aside for protocols, documents and benchmarks. */
const closed = blockList([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '::1/128',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
])

/** IPv6 ranges whose addresses hold an IPv4 address, and at which of their eight words it begins. */
const embeddings: readonly { range: BlockList; word: number; isInverted?: boolean }[] = [
  // IPv4-mapped, IPv4-compatible, IPv4-translated (RFC 4291, RFC 2765).
  { range: blockList(['::ffff:0:0/96']), word: 6 },
  { range: blockList(['::/96']), word: 6 },
  { range: blockList(['::ffff:0:0:0/96']), word: 6 },
  // NAT64 (RFC 6052) and 6to4 (RFC 3056).
  { range: blockList(['64:ff9b::/96']), word: 6 },
  { range: blockList(['2002::/16']), word: 1 },
  // Teredo (RFC 4380): the server's address, and the client's, whose bits are inverted.
  { range: blockList(['2001::/32']), word: 2 },
  { range: blockList(['2001::/32']), word: 6, isInverted: true },
]

/** @param address without brackets and without a zone */
export const classOf = (address: string): AddressClass => {
  if (!isIPv6(address)) return plainClass(address, 'ipv4')
  const words = wordsOf(address)
  const embedded = embeddedIn(address, words)
  // In disguise, an address that is not open to all is never what it seems.
  if (embedded.some(each => plainClass(each, 'ipv4') !== 'public') && !isLoopback(words)) return 'never'
  return plainClass(address, 'ipv6')
}

/** BlockList takes an IPv4-mapped address for the IPv4 address in it; that is told apart before. */
const plainClass = (address: string, family: 'ipv4' | 'ipv6'): AddressClass => {
  if (never.check(address, family)) return 'never'
  return closed.check(address, family) ? 'private' : 'public'
}

const embeddedIn = (address: string, words: readonly number[]): string[] => [
  ...embeddings
    .filter(({ range }) => range.check(address, 'ipv6'))
    .map(({ word, isInverted }) => ipv4At(words, word, isInverted === true)),
  // ISATAP (RFC 5214), under any prefix.
  ...((words[4]! & 0xfdff) === 0 && words[5] === 0x5efe ? [ipv4At(words, 6, false)] : []),
]

const ipv4At = (words: readonly number[], at: number, isInverted: boolean): string =>
  words
    .slice(at, at + 2)
    .map(word => (isInverted ? word ^ 0xffff : word))
    .flatMap(word => [word >> 8, word & 0xff])
    .join('.')

/** `::1` looks like an IPv4-compatible address, and is none. */
const isLoopback = (words: readonly number[]): boolean =>
  words.every((word, at) => word === (at === 7 ? 1 : 0))

/** The eight words of an IPv6 address in any notation. */
const wordsOf = (address: string): number[] => {
  // The URL parser writes an embedded IPv4 address as words.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const read = (part: string) => (part === '' ? [] : part.split(':').map(word => Number.parseInt(word, 16)))
  const [first, last] = [read(head), read(tail ?? '')]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}
