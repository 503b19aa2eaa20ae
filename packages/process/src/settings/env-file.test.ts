import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { SettingError, withEnvFile } from '../index.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'foreman-env-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const envFile = (text: string | Buffer): string => {
  const file = path.join(directory, '.env')
  writeFileSync(file, text)
  return file
}

test('an env file fills in what the environment does not set', () => {
  const file = envFile('# a comment\nX_ADDR=:1\nX_TOKEN="with # and spaces"\nexport X_MORE=1\n')
  expect(withEnvFile({ X_ADDR: ':2', PATH: '/bin' }, file)).toEqual({
    X_ADDR: ':2',
    X_TOKEN: 'with # and spaces',
    X_MORE: '1',
    PATH: '/bin',
  })
})

test('a variable that is set to nothing overrides the line of the env file', () => {
  expect(withEnvFile({ X_TOKEN: '' }, envFile('X_TOKEN=abc\n'))).toEqual({ X_TOKEN: '' })
})

test('a missing env file is fine', () => {
  const env = { A: '1' }
  const merged = withEnvFile(env, path.join(directory, 'none'))
  expect(merged).toEqual(env)
  expect(merged).not.toBe(env)
})

test('an env file that cannot be read stops the start in one line', () => {
  expect(() => withEnvFile({}, directory)).toThrow(SettingError)
  expect(() => withEnvFile({}, directory)).toThrow(/ cannot be read \(EISDIR\)$/)
})

test('a byte order mark is no part of the first name', () => {
  expect(withEnvFile({}, envFile('\ufeffX_TOKEN=secret\r\n'))).toEqual({ X_TOKEN: 'secret' })
})

test.each<[string, Buffer, RegExp]>([
  ['UTF-16 with a mark', Buffer.from('\ufeffX_TOKEN=hush\n', 'utf16le'), / is in UTF-16, /],
  ['UTF-16 without a mark', Buffer.from('X_TOKEN=hush\n', 'utf16le'), / is in UTF-16, /],
  ['big-endian UTF-16', Buffer.from('\ufeffX_TOKEN=hush\n', 'utf16le').swap16(), / is in UTF-16, /],
  ['Latin-1', Buffer.from('X_TOKEN=naïve\n', 'latin1'), / is not in UTF-8: /],
])('a file in %s stops the start', (_encoding, bytes, message) => {
  expect(() => withEnvFile({}, envFile(bytes))).toThrow(SettingError)
  expect(() => withEnvFile({}, envFile(bytes))).toThrow(message)
})
