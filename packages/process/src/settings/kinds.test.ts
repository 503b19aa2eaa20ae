import { expect, test } from 'vitest'
import { formatAddress, localUrl, parseAddress } from './address.ts'
import { parseBaseUrl } from './base-url.ts'
import { parseDuration } from './duration.ts'
import { parseSize } from './size.ts'

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['300ms', 300],
  ['1h2m3s4ms', 3_723_004],
  ['90m', 5_400_000],
  ['30d', 2_592_000_000],
  ['1d12h', 129_600_000],
  ['0s', 0],
  ['0', 0],
])('the duration %s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each([
  '',
  '30',
  's',
  '-5s',
  '1.5h',
  '5 m',
  '30m1h',
  '1s1s',
  '5M',
  '1h1d',
  '1w',
  '1e3s',
  ' 5s',
  '99999999999999h',
])('%j is no duration', text => {
  expect(parseDuration(text)).toBeUndefined()
})

test.each([
  ['512KB', 512_000],
  ['100MB', 100_000_000],
  ['1GB', 1_000_000_000],
  ['2TB', 2_000_000_000_000],
  ['1KiB', 1024],
  ['100mib', 104_857_600],
  ['7B', 7],
  ['0', 0],
])('the size %s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '100', 'MB', '-1MB', '1.5GB', '1 GB', '1M', '1GBs', '9999999TB'])('%j is no size', text => {
  expect(parseSize(text)).toBeUndefined()
})

test.each([
  [':8080', undefined, 8080],
  ['127.0.0.1:8080', '127.0.0.1', 8080],
  ['localhost:0', 'localhost', 0],
  ['[::1]:8080', '::1', 8080],
  ['[::]:80', '::', 80],
])('the address %s is host %s and port %d', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port })
  expect(formatAddress({ host, port })).toBe(text)
})

test.each(['', '8080', ':', ':65536', '::1:8080', '[1.2.3.4]:80', '[]:80', 'a b:80', 'http://h:80', ':-1'])(
  '%j is no address',
  text => {
    expect(parseAddress(text)).toBeUndefined()
  },
)

test.each([
  [undefined, 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::', 'http://[::1]:80'],
  ['fd00::1', 'http://[fd00::1]:80'],
  ['localhost', 'http://localhost:80'],
])('what listens on host %s is reached at %s', (host, url) => {
  expect(localUrl({ host, port: 80 })).toBe(url)
})

test.each([
  ['http://127.0.0.1:11434', 'http://127.0.0.1:11434'],
  ['http://127.0.0.1:11434/', 'http://127.0.0.1:11434'],
  ['HTTPS://Ollama.Example:443/', 'https://ollama.example'],
  ['http://[::1]:11434', 'http://[::1]:11434'],
  ['https://proxy.example/ollama/', 'https://proxy.example/ollama'],
])('the base URL %s is %s', (text, base) => {
  expect(parseBaseUrl(text)).toBe(base)
})

test.each([
  '',
  '127.0.0.1:11434',
  'localhost:11434',
  'ftp://h',
  'http:h',
  'http://',
  'http:///h',
  'http://user@h',
  'http://user:pass@h',
  'http://@h',
  'http://h/?a=1',
  'http://h/#a',
  'http://h:99999',
  ' http://h',
])('%j is no base URL', text => {
  expect(parseBaseUrl(text)).toBeUndefined()
})
