import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { targetOf } from './target.ts'

let [before, directory] = ['', '']

beforeEach(() => {
  before = process.cwd()
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-target-'))
  process.chdir(directory)
})

afterEach(() => {
  process.chdir(before)
  fs.rmSync(directory, { recursive: true })
})

const envFile = (text: string) => fs.writeFileSync('.env', text)

describe('the foreman that is meant', () => {
  test.each([
    ['port 8080 of this machine', {}, {}, 'http://127.0.0.1:8080'],
    [
      'that of --url',
      { url: 'https://gpu.example/foreman/' },
      { FOREMAN_URL: 'http://a' },
      'https://gpu.example/foreman',
    ],
    ['that of FOREMAN_URL', {}, { FOREMAN_URL: 'http://gpu:8080', FOREMAN_ADDR: ':1' }, 'http://gpu:8080'],
    ['that of FOREMAN_ADDR', {}, { FOREMAN_ADDR: '0.0.0.0:8081' }, 'http://127.0.0.1:8081'],
  ])('is %s', (_, flags, env, url) => {
    expect(targetOf(flags, env).url).toBe(url)
  })

  test('is that of .env, if nothing nearer says which', () => {
    envFile('FOREMAN_ADDR=127.0.0.1:8085\n')
    expect(targetOf({}, {}).url).toBe('http://127.0.0.1:8085')
    expect(targetOf({}, { FOREMAN_ADDR: ':1' }).url).toBe('http://127.0.0.1:1')
    expect(targetOf({ url: 'http://other' }, {}).url).toBe('http://other')
  })

  test.each([
    [{ url: 'gpu:8080' }, {}, '--url is no URL'],
    [{}, { FOREMAN_URL: 'gpu' }, 'FOREMAN_URL is no URL'],
    [{}, { FOREMAN_ADDR: '8080' }, 'FOREMAN_ADDR is no address'],
    [{}, { FOREMAN_ADDR: ':0' }, 'say with --url'],
  ])('cannot be that of %j and %j', (flags, env, message) => {
    expect(() => targetOf(flags, env)).toThrow(message)
  })
})

describe('the token', () => {
  const env = { FOREMAN_OPERATOR_TOKEN: 'operator', FOREMAN_TOKEN: 'caller' }

  test.each([
    ['none', {}, {}, undefined, undefined],
    ["an operator's", {}, env, 'operator', 'FOREMAN_OPERATOR_TOKEN'],
    ["a caller's", {}, { FOREMAN_TOKEN: 'caller' }, 'caller', 'FOREMAN_TOKEN'],
    ['that of --token', { token: 'given' }, env, 'given', '--token'],
  ])('is %s', (_, flags, given, token, tokenFrom) => {
    expect(targetOf(flags, given)).toMatchObject({ token, tokenFrom })
  })

  test('is that of a file', () => {
    fs.writeFileSync('token', 'hush\n')
    expect(targetOf({ 'token-file': 'token' }, env)).toMatchObject({
      token: 'hush',
      tokenFrom: '--token-file token',
    })
    expect(() => targetOf({ 'token-file': 'none' }, env)).toThrow('ENOENT')
    expect(() => targetOf({ 'token-file': 'token', token: 'a' }, env)).toThrow('both given')
  })

  test('of .env is not sent to another foreman than that of .env', () => {
    envFile('FOREMAN_TOKEN=hush\n')
    expect(targetOf({}, {}).token).toBe('hush')
    expect(targetOf({ url: 'http://other' }, {}).token).toBeUndefined()
    expect(targetOf({}, { FOREMAN_URL: 'http://other' }).token).toBeUndefined()
  })

  test('that no header can carry is refused, and not shown', () => {
    expect(() => targetOf({ token: 'naïve' }, {})).toThrow(/^--token has no token(?!.*naïve)/)
  })
})
