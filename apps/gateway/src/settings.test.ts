import { expect, test } from 'vitest'
import { ensureConsistent, type GatewayConfig } from './settings.ts'

const ann = { name: 'ann', token: 'hush' }

const check = (config: Partial<GatewayConfig>) => () =>
  ensureConsistent({
    addr: { host: undefined, port: 8080 },
    token: undefined,
    tokens: [],
    doors: [],
    showWait: [],
    ...config,
  })

test('a token of FOREMAN_TOKENS must not be FOREMAN_TOKEN too, and the message does not repeat it', () => {
  const same = check({ token: 'hush', tokens: [ann] })
  expect(same).toThrow(
    expect.objectContaining({
      name: 'SettingError',
      message: expect.stringMatching(/^FOREMAN_TOKENS gives ann the token in FOREMAN_TOKEN: /) as string,
    }),
  )
  expect(same).not.toThrow(/hush/)
})

test('different tokens, and callers without a default one, can be used', () => {
  check({ token: 'other', tokens: [ann] })()
  check({ tokens: [ann] })()
  check({ token: 'hush' })()
})

test('a door must lead to a caller', () => {
  const doors = [{ caller: 'bulk', address: { host: '127.0.0.1', port: 8081 } }]
  expect(check({ doors, token: 'other', tokens: [ann] })).toThrow(
    expect.objectContaining({
      name: 'SettingError',
      message:
        'FOREMAN_DOORS has a door for bulk, which is no caller: the callers with a token are default, ann',
    }),
  )
  check({ doors, tokens: [{ ...ann, name: 'bulk' }] })()
})

test.each<[what: string, config: Partial<GatewayConfig>, known: string]>([
  ['without tokens', {}, 'default'],
  ['with one token', { token: 'other' }, 'default'],
  ['with two callers', { token: 'other', tokens: [ann] }, 'default, ann'],
  ['with named callers alone', { tokens: [ann] }, 'ann'],
])('%s, FOREMAN_SHOW_WAIT names callers that exist', (_what, config, known) => {
  const showing = (caller: string) => check({ ...config, showWait: [{ caller, place: 'status' }] })
  for (const caller of known.split(', ')) showing(caller)()
  expect(showing('bob')).toThrow(`FOREMAN_SHOW_WAIT names bob, which is no caller: the callers are ${known}`)
  check({ ...config, showWait: [{ place: 'status' }] })()
})
