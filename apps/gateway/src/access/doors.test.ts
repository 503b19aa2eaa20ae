import { expect, test } from 'vitest'
import { doorFault, parseDoors } from './doors.ts'

const addresses = (text: string) => parseDoors(text)?.map(({ caller, address }) => [caller, address])

test('doors are read from a list', () => {
  expect(parseDoors('')).toEqual([])
  expect(addresses(' bulk=127.0.0.1:8081 , ann.2=[::1]:8082,bulk=192.168.1.5:8081,x=localhost:0,')).toEqual([
    ['bulk', { host: '127.0.0.1', port: 8081 }],
    ['ann.2', { host: '::1', port: 8082 }],
    ['bulk', { host: '192.168.1.5', port: 8081 }],
    ['x', { host: 'localhost', port: 0 }],
  ])
})

test.each([
  ['no door', ','],
  ['an address without a name', '127.0.0.1:8081'],
  ['an empty name', '=127.0.0.1:8081'],
  ['a name with a blank', 'bu lk=127.0.0.1:8081'],
  ['a colon for the equals sign', 'bulk:127.0.0.1:8081'],
  ['no port', 'bulk=127.0.0.1'],
  ['a port alone', 'bulk=8081'],
  ['a port that is none', 'bulk=127.0.0.1:99999'],
  ['every interface', 'bulk=:8081'],
  ['every interface, as an address', 'bulk=0.0.0.0:8081'],
  ['every interface of IPv6', 'bulk=[::]:8081'],
  ['every interface of IPv6, written in another way', 'bulk=[0:0::0]:8081'],
  ['every interface of IPv6, with a zone', 'bulk=[::%eth0]:8081'],
  ['every interface of IPv4, as IPv6', 'bulk=[::ffff:0.0.0.0]:8081'],
  ['every interface, as a number', 'bulk=0:8081'],
  ['a host name', 'bulk=gpu.example:8081'],
  ['one good and one bad door', 'ann=127.0.0.1:8081,bulk=:8082'],
  ['a semicolon between two', 'ann=127.0.0.1:8081;bulk=127.0.0.1:8082'],
])('%s cannot be used', (_what, text) => {
  expect(parseDoors(text)).toBeUndefined()
})

const NAMES = ['default', 'ann', 'bulk']
const TAKEN = 'which is taken: each door, and FOREMAN_ADDR, needs its own'

test.each<[what: string, doors: string, port: number, callers: readonly string[], fault: string | undefined]>(
  [
    ['none', '', 8080, [], undefined],
    ['one for each caller', 'ann=127.0.0.1:8081,bulk=127.0.0.1:8082', 8080, NAMES, undefined],
    ['two for one caller', 'bulk=127.0.0.1:8081,bulk=192.168.1.5:8081', 8080, NAMES, undefined],
    ['one for whoever sends FOREMAN_TOKEN', 'default=127.0.0.1:8081', 8080, NAMES, undefined],
    ['ports that the system chooses', 'ann=127.0.0.1:0,bulk=127.0.0.1:0', 0, NAMES, undefined],
    [
      'one for a stranger',
      'eve=127.0.0.1:8081',
      8080,
      NAMES,
      'has a door for eve, which is no caller: the callers with a token are default, ann, bulk',
    ],
    [
      'one where nobody has a token',
      'default=127.0.0.1:8081',
      8080,
      [],
      'has a door for default, which is no caller: there are no tokens, so everybody may call at FOREMAN_ADDR',
    ],
    [
      'two on one address',
      'ann=127.0.0.1:8081,bulk=127.0.0.1:8081',
      8080,
      NAMES,
      `gives bulk the address 127.0.0.1:8081, ${TAKEN}`,
    ],
    [
      'one on the main address',
      'ann=127.0.0.1:8080',
      8080,
      NAMES,
      `gives ann the address 127.0.0.1:8080, ${TAKEN}`,
    ],
  ],
)('doors beside other settings: %s', (_what, text, port, callers, fault) => {
  for (const host of [undefined, '0.0.0.0', '::', '127.0.0.1']) {
    expect(doorFault({ doors: parseDoors(text)!, addr: { host, port }, callers })).toBe(fault)
  }
})

test('a door may have the port of the main address on another interface', () => {
  const doors = parseDoors('ann=192.168.1.5:8080')!
  expect(doorFault({ doors, addr: { host: '127.0.0.1', port: 8080 }, callers: NAMES })).toBeUndefined()
})
