import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseAllowList } from './allow-list.ts'
import { type DestinationError, destinationPolicy } from './destination.ts'
import type { Address } from './look-ups.ts'

const allowing = (allow = '', addresses: readonly Address[] = []) =>
  destinationPolicy({
    allow: parseAllowList(allow)!,
    resolve: () => Promise.resolve(addresses),
  })

/** Why a URL is refused; undefined: it is not. */
const refusal = async (
  url: string,
  allow = '',
  addresses?: readonly Address[],
): Promise<string | undefined> =>
  allowing(allow, addresses)
    .check(url)
    .then(
      () => undefined,
      (error: unknown) => (error as DestinationError).code,
    )

const EVERYTHING = '0.0.0.0/0,::/0'

describe('an address that is open to all', () => {
  test.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '223.255.255.255',
    '[2606:4700:4700::1111]',
    '[::ffff:8.8.8.8]',
    '[64:ff9b::808:808]',
    '[2002:808:808::1]',
  ])('%s is a destination', async host => {
    expect(await refusal(`https://${host}/`)).toBeUndefined()
  })
})

describe('an address of this machine or of a private network', () => {
  test.each([
    '127.0.0.1',
    '127.255.255.254',
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '\u{ff11}\u{ff12}\u{ff17}.0.0.1'.normalize('NFKC'),
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '192.0.2.1',
    '203.0.113.9',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[fc00::1]',
    '[fdff:ffff::1]',
    '[2001:db8::1]',
  ])('%s is refused, unless it is allowed', async host => {
    expect(await refusal(`http://${host}:8080/hook`)).toBe('not_allowed')
    expect(await refusal(`http://${host}:8080/hook`, EVERYTHING)).toBeUndefined()
  })
})

describe('an address that is never a destination', () => {
  test.each([
    ['link-local', '169.254.0.1'],
    ['the metadata of most clouds', '169.254.169.254'],
    ['the same, in hexadecimal', '0xa9fea9fe'],
    ['the same, as one number', '2852039166'],
    ['the same, in octal', '0251.0376.0251.0376'],
    ['the metadata of Alibaba', '100.100.100.200'],
    ['the metadata of Azure', '168.63.129.16'],
    ['the metadata of Oracle', '192.0.0.192'],
    ['the metadata of AWS over IPv6', '[fd00:ec2::254]'],
    ['the metadata of Google over IPv6', '[fd20:ce::254]'],
    ['unspecified', '0.0.0.0'],
    ['unspecified, as zero', '0'],
    ['this network', '0.1.2.3'],
    ['multicast', '224.0.0.1'],
    ['multicast, the last one', '239.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified over IPv6', '[::]'],
    ['link-local over IPv6', '[fe80::1]'],
    ['link-local, its last one', '[febf:ffff::1]'],
    ['site-local', '[fec0::1]'],
    ['multicast over IPv6', '[ff02::1]'],
    ['loopback, IPv4-mapped', '[::ffff:127.0.0.1]'],
    ['loopback, IPv4-mapped in words', '[::ffff:7f00:1]'],
    ['loopback, IPv4-mapped in full', '[0:0:0:0:0:ffff:7f00:0001]'],
    ['loopback, IPv4-compatible', '[::127.0.0.1]'],
    ['loopback, IPv4-translated', '[::ffff:0:127.0.0.1]'],
    ['loopback, NAT64', '[64:ff9b::127.0.0.1]'],
    ['loopback, NAT64 of the site', '[64:ff9b:1::7f00:1]'],
    ['loopback, 6to4', '[2002:7f00:1::]'],
    ['loopback, the client of Teredo', '[2001:0:808:808:0:0:80ff:fffe]'],
    ['loopback, the server of Teredo', '[2001:0:7f00:1::1]'],
    ['loopback, ISATAP', '[2606:4700::5efe:7f00:1]'],
    ['loopback, ISATAP of a public prefix', '[2606:4700::200:5efe:7f00:1]'],
    ['metadata, IPv4-mapped', '[::ffff:169.254.169.254]'],
    ['metadata, NAT64', '[64:ff9b::a9fe:a9fe]'],
    ['metadata, 6to4', '[2002:a9fe:a9fe::1]'],
    ['a private network, IPv4-mapped', '[::ffff:10.0.0.1]'],
    ['a private network, 6to4', '[2002:c0a8:1::]'],
  ])('%s: %s', async (_what, host) => {
    expect(await refusal(`http://${host}/`)).toBe('always_refused')
    expect(await refusal(`http://${host}/`, EVERYTHING)).toBe('always_refused')
  })

  test('no IPv4 address that is not public gets through in disguise', async () => {
    const closed = fc
      .tuple(
        fc.constantFrom(
          [10],
          [127],
          [0],
          [169, 254],
          [192, 168],
          [172, 16],
          [100, 64],
          [224],
          [240],
          [255, 255],
        ),
        fc.array(fc.nat(255), { minLength: 3, maxLength: 3 }),
      )
      .map(([first, rest]) => [...first, ...rest].slice(0, 4))
    const word = (high: number, low: number) => ((high << 8) | low).toString(16)
    const disguise = fc.constantFrom<(a: string, b: string) => string>(
      (a, b) => `::ffff:${a}:${b}`,
      (a, b) => `::${a}:${b}`,
      (a, b) => `64:ff9b::${a}:${b}`,
      (a, b) => `64:ff9b:1::${a}:${b}`,
      (a, b) => `2002:${a}:${b}::5`,
      (a, b) => `2001:0:${a}:${b}::5`,
      (a, b) => `2a00:1450::5efe:${a}:${b}`,
    )
    await fc.assert(
      fc.asyncProperty(closed, disguise, async ([a, b, c, d], form) => {
        const address = form(word(a!, b!), word(c!, d!))
        // `::1` and `::` are themselves.
        if (/^::0:[01]$/.test(address)) return
        expect(await refusal(`http://[${address}]/`, EVERYTHING)).toBe('always_refused')
      }),
      { numRuns: 500 },
    )
  })
})

describe('a URL', () => {
  test.each([
    ['not_a_url', ''],
    ['not_a_url', 'example.org/hook'],
    ['not_a_url', '//example.org'],
    ['not_a_url', 'http://[fe80::1%25eth0]/'],
    ['not_a_url', 'http://exa mple.org'],
    ['not_a_url', 'http://example.org/\n'],
    ['not_a_url', 'http://ex\u00e4mple.org'],
    ['not_http', 'ftp://example.org/'],
    ['not_http', 'file:///etc/passwd'],
    ['not_http', 'gopher://127.0.0.1/'],
    ['user_info', 'http://me@8.8.8.8/'],
    ['user_info', 'http://me:secret@8.8.8.8/'],
  ])('is refused as %s: %j', async (code, url) => {
    expect(await refusal(url)).toBe(code)
  })
})

test('what needs no look-up is checked without one', () => {
  const resolve = () => Promise.reject(new Error('looked up'))
  const policy = destinationPolicy({ allow: parseAllowList('10.0.0.1:80')!, resolve })
  expect(policy.inspect('https://hooks.example:8443/x').origin).toBe('https://hooks.example:8443')
  expect(policy.inspect('http://10.0.0.1/x').origin).toBe('http://10.0.0.1')
  for (const [url, code] of [
    ['nowhere', 'not_a_url'],
    ['http://me@hooks.example/', 'user_info'],
    ['http://10.0.0.1:81/', 'not_allowed'],
    ['http://[::ffff:10.0.0.1]/', 'always_refused'],
  ] as const)
    expect(() => policy.inspect(url)).toThrow(expect.objectContaining({ code }))
})

describe('a name', () => {
  const publicOne = { address: '8.8.8.8', family: 4 } as const
  const privateOne = { address: '10.0.0.5', family: 4 } as const
  const metadata = { address: '169.254.169.254', family: 4 } as const

  test.each<[what: string, addresses: readonly Address[], allow: string, code: string | undefined]>([
    ['that is open to all', [publicOne], '', undefined],
    ['of a private network', [privateOne], '', 'not_allowed'],
    ['of a private network that is allowed by its name', [privateOne], 'Hooks.Internal.', undefined],
    ['of a private network that is allowed by its address', [privateOne], '10.0.0.5', undefined],
    ['of a private network that is allowed by its range', [privateOne], '10.0.0.0/8', undefined],
    ['of a private network where another name is allowed', [privateOne], 'internal', 'not_allowed'],
    ['with one private address among others', [publicOne, privateOne], '', 'not_allowed'],
    ['of the metadata service', [metadata], 'hooks.internal', 'always_refused'],
    ['with the metadata service among its addresses', [publicOne, metadata], EVERYTHING, 'always_refused'],
    ['without an address', [], '', 'unresolvable'],
    ['whose address is none', [{ address: 'what', family: 4 }], '', 'unresolvable'],
  ])('%s', async (_what, addresses, allow, code) => {
    expect(await refusal('https://hooks.internal/x', allow, addresses)).toBe(code)
  })

  test.each([
    ['ENOTFOUND', 'unresolvable'],
    ['ENODATA', 'unresolvable'],
    ['EAI_AGAIN', 'look_up_failed'],
    ['ETIMEOUT', 'look_up_failed'],
  ])('whose look-up fails with %s is %s', async (code, expected) => {
    const resolve = () => Promise.reject(Object.assign(new Error(code), { code }))
    const policy = destinationPolicy({ allow: parseAllowList('')!, resolve })
    await expect(policy.check('http://a.example/')).rejects.toMatchObject({ code: expected })
  })

  test('whose look-up never ends is look_up_failed after a deadline, and is looked up once for all who ask', async () => {
    const asked: string[] = []
    const resolve = (name: string) => {
      asked.push(name)
      return new Promise<never>(() => undefined)
    }
    const policy = destinationPolicy({ allow: parseAllowList('')!, resolve, lookUpDeadlineMs: 50 })
    const checks = Array.from({ length: 20 }, (_, n) => policy.check(`http://h${n % 5}.example/`))
    for (const ended of await Promise.allSettled(checks))
      expect(ended).toMatchObject({ reason: { code: 'look_up_failed' } })
    expect(asked).toEqual([0, 1, 2, 3, 4].map(n => `h${n}.example`))
    // An address needs no look-up.
    await policy.check('http://93.184.216.34/')
  })

  test('is looked up as the system does it: in /etc/hosts first', async () => {
    const policy = destinationPolicy({ allow: parseAllowList('')! })
    await expect(policy.check('http://localhost/')).rejects.toThrow(
      /^localhost \((127\.0\.0\.1|::1)\) is a private/,
    )
    const open = destinationPolicy({ allow: parseAllowList('localhost')! })
    expect((await open.check('http://localhost:1/')).addresses.length).toBeGreaterThan(0)
  })
})

describe('an allow list with a port', () => {
  const privateOne = [{ address: '10.0.0.5', family: 4 }] as const

  test.each([
    ['hooks.internal:8443', 'https://hooks.internal:8443/', undefined],
    ['Hooks.Internal.:8443', 'https://hooks.internal:8443/', undefined],
    ['hooks.internal:8443', 'https://hooks.internal:8444/', 'not_allowed'],
    ['hooks.internal:8443', 'https://hooks.internal/', 'not_allowed'],
    ['hooks.internal:443', 'https://hooks.internal/', undefined],
    ['hooks.internal:443', 'http://hooks.internal/', 'not_allowed'],
    ['hooks.internal:80', 'http://hooks.internal/', undefined],
    ['hooks.internal:80,hooks.internal:81', 'http://hooks.internal:81/', undefined],
    ['hooks.internal:80,hooks.internal', 'http://hooks.internal:82/', undefined],
    ['hooks.internal', 'http://hooks.internal:82/', undefined],
    ['10.0.0.5:9000', 'http://hooks.internal:9000/', undefined],
    ['10.0.0.5:9000', 'http://hooks.internal:9001/', 'not_allowed'],
    ['10.0.0.5:9000', 'http://10.0.0.5:9000/', undefined],
    ['10.0.0.5:9000', 'http://10.0.0.6:9000/', 'not_allowed'],
    ['10.0.0.5:9000', 'http://10.0.0.5/', 'not_allowed'],
    ['[::1]:9000', 'http://[::1]:9000/', undefined],
    ['[::1]:9000', 'http://[::1]:9001/', 'not_allowed'],
    // Without brackets the whole entry is an address.
    ['fd00::1:9000', 'http://[fd00::1:9000]/', undefined],
    ['10.0.0.5:9000,10.0.0.0/24', 'http://10.0.0.5:1/', undefined],
  ])('%s: %s', async (allow, url, code) => {
    expect(await refusal(url, allow, privateOne)).toBe(code)
  })
})

describe('an allow list', () => {
  test.each([
    '',
    ' , ',
    'a.example',
    '10.0.0.0/8 b',
    '::1',
    '[::1]',
    '[::1]:9',
    '[fd00::]/8',
    'fd00::/8,localhost',
    'host_name',
    'a:65535',
  ])('is %j', text => {
    expect(parseAllowList(text)).toBeDefined()
  })

  test.each([
    '10.0.0.0/33',
    '::/129',
    '10.0.0/8',
    '256.0.0.1',
    'http://a',
    'a/8',
    'a b/c',
    '10.0.0.0/8/8',
    '*.a',
    '1',
    'a.example:0',
    'a.example:65536',
    'a.example:',
    'a.example:http',
    '10.0.0.0/8:80',
    '[fd00::]/8:80',
    '[a.example]:80',
    '[10.0.0.1]:80',
    '[::1',
    '1:80',
  ])('is not %j', text => {
    expect(parseAllowList(text)).toBeUndefined()
  })
})
