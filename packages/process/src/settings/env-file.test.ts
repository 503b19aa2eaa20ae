import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { SettingError, withEnvFile } from '../index.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'foreman-env-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

const envFile = (text: string): string => {
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
