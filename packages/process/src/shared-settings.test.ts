import { expect, test } from 'vitest'
import { readSettings } from './settings/read-settings.ts'
import { differingSettings, printsOfShared, sharedSettings } from './shared-settings.ts'

const printsOf = (env: Record<string, string>, deployment = 'd') =>
  printsOfShared(
    readSettings(sharedSettings, {
      command: 'test',
      summary: '',
      argv: [],
      env: { FOREMAN_OLLAMA_URL: 'http://127.0.0.1:11434', ...env },
    }),
    deployment,
  )

test.each([
  ['FOREMAN_OLLAMA_URL', 'http://127.0.0.1:11435'],
  ['FOREMAN_OLLAMA_TOKEN', 'hush'],
  ['FOREMAN_WEBHOOK_SECRET', 'whsec_a2V5'],
  ['FOREMAN_WEBHOOK_ALLOW', 'hooks.internal'],
  ['FOREMAN_JOB_TTL', '2h'],
])('two processes with another %s differ in it, and say nothing of its value', (name, text) => {
  const prints = printsOf({ [name]: text })
  expect(differingSettings(prints, printsOf({}))).toEqual([name])
  expect(differingSettings(printsOf({}), prints)).toEqual([name])
  expect(prints).not.toContain(text)
})

test('the prints are the same for the same values, however they are written, and wherever the file is', () => {
  expect(printsOf({ FOREMAN_JOB_TTL: '1440m', FOREMAN_DB_PATH: '/data/foreman.db' })).toBe(printsOf({}))
  expect(printsOf({ FOREMAN_WEBHOOK_ALLOW: 'a.internal, b.internal' })).toBe(
    printsOf({ FOREMAN_WEBHOOK_ALLOW: 'b.internal,a.internal' }),
  )
})

test('two queues with the same settings have prints of their own', () => {
  expect(printsOf({}, 'other')).not.toBe(printsOf({}))
})

test('a setting that only one version knows is none in which they differ', () => {
  expect(differingSettings('FOREMAN_A=abc FOREMAN_B=abc', 'FOREMAN_B=abc FOREMAN_C=abc')).toEqual([])
  expect(differingSettings('FOREMAN_A=abc', '')).toEqual([])
})
