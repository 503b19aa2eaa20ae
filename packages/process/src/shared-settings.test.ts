import { expect, test } from 'vitest'
import { readSettings } from './settings/read-settings.ts'
import { sharedSettings, sharedSettingsHash } from './shared-settings.ts'

const hashOf = (env: Record<string, string>, deployment = 'd') =>
  sharedSettingsHash(
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
])('two processes with another %s have another hash', (name, text) => {
  expect(hashOf({ [name]: text })).not.toBe(hashOf({}))
  expect(hashOf({ [name]: text })).not.toContain(text)
})

test('the hash is the same for the same values, however they are written, and wherever the file is', () => {
  expect(hashOf({ FOREMAN_JOB_TTL: '1440m', FOREMAN_DB_PATH: '/data/foreman.db' })).toBe(hashOf({}))
  expect(hashOf({ FOREMAN_WEBHOOK_ALLOW: 'a.internal, b.internal' })).toBe(
    hashOf({ FOREMAN_WEBHOOK_ALLOW: 'b.internal,a.internal' }),
  )
})

test('two queues with the same settings have hashes of their own', () => {
  expect(hashOf({}, 'other')).not.toBe(hashOf({}))
})
