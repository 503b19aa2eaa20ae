import os from 'node:os'
import { expect, test } from 'vitest'
import { isAllowedHost } from './allowed-host.ts'

test.each([
  undefined,
  '',
  'localhost',
  'LOCALHOST:8080',
  '127.0.0.1:8080',
  '127.1.2.3',
  '10.0.0.1',
  '172.31.255.255',
  '192.168.1.1:80',
  '0.0.0.0',
  '[::1]:8080',
  '[::]',
  '[fd00::1]',
  'x.localhost',
  'nas.local:80',
  'host.docker.internal',
  os.hostname(),
])('%j is allowed', host => {
  expect(isAllowedHost(host)).toBe(true)
})

test('the addresses of this machine are allowed', () => {
  const own = Object.values(os.networkInterfaces()).flatMap(each => each ?? [])
  const hosts = own.map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address))
  expect(hosts.filter(host => !isAllowedHost(host))).toEqual([])
})

test.each([
  'example.com',
  'example.com:8080',
  'localhost.example.com',
  'local',
  '8.8.8.8',
  '172.32.0.1',
  '[2001:db8::1]:80',
  '127.0.0.1.example.com',
])('%s is refused', host => {
  expect(isAllowedHost(host)).toBe(false)
})
