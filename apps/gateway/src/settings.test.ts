import { expect, test } from 'vitest'
import { ensureConsistent, type GatewayConfig } from './settings.ts'

const ann = { name: 'ann', token: 'hush' }

const check = (config: Partial<GatewayConfig>) => () =>
  ensureConsistent({
    addr: { host: undefined, port: 8080 },
    token: undefined,
    tokens: [],
    operatorToken: undefined,
    viewerToken: undefined,
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

test.each<[config: Partial<GatewayConfig>, message: RegExp]>([
  [
    { operatorToken: 'hush', tokens: [ann] },
    /^FOREMAN_TOKENS gives ann the token in FOREMAN_OPERATOR_TOKEN: /,
  ],
  [
    { token: 'other', viewerToken: 'hush', tokens: [ann] },
    /^FOREMAN_TOKENS gives ann the token in FOREMAN_VIEWER_TOKEN: /,
  ],
  [{ token: 'hush', operatorToken: 'hush' }, /^FOREMAN_OPERATOR_TOKEN has the token in FOREMAN_TOKEN: /],
  [{ token: 'hush', viewerToken: 'hush' }, /^FOREMAN_VIEWER_TOKEN has the token in FOREMAN_TOKEN: /],
  [
    { operatorToken: 'hush', viewerToken: 'hush' },
    /^FOREMAN_VIEWER_TOKEN has the token in FOREMAN_OPERATOR_TOKEN: /,
  ],
])('one token shows one thing about who sends it: %j', (config, message) => {
  expect(check(config)).toThrow(message)
  expect(check(config)).not.toThrow(/hush/)
})

test('a caller must not have the name of the operator, unless nobody is one by a token', () => {
  const tokens = [{ ...ann, name: 'operator' }]
  expect(check({ tokens, operatorToken: 'o' })).toThrow(/^FOREMAN_TOKENS has a caller named operator, /)
  check({ tokens })()
})

test('a viewer alone is refused, as nobody could submit a job', () => {
  expect(check({ viewerToken: 'v' })).toThrow(/^FOREMAN_VIEWER_TOKEN is the only token, /)
  for (const others of [{ token: 't' }, { tokens: [ann] }, { operatorToken: 'o' }])
    check({ viewerToken: 'v', ...others })()
})

test('no door leads to an operator or a viewer', () => {
  const address = { host: '127.0.0.1', port: 8081 }
  for (const caller of ['operator', 'viewer']) {
    const doors = [{ caller, address }]
    expect(check({ doors, token: 't', operatorToken: 'o', viewerToken: 'v' })).toThrow(
      /^FOREMAN_DOORS has a door for \w+, which is no caller: the callers with a token are default$/,
    )
  }
})

test('different tokens, and callers without a default one, can be used', () => {
  check({ token: 'other', tokens: [ann] })()
  check({ tokens: [ann] })()
  check({ token: 'hush' })()
  check({ token: 'a', operatorToken: 'b', viewerToken: 'c', tokens: [ann] })()
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
  ['with an operator, too', { tokens: [ann], operatorToken: 'o', viewerToken: 'v' }, 'ann, operator'],
])('%s, FOREMAN_SHOW_WAIT names callers that exist', (_what, config, known) => {
  const showing = (caller: string) => check({ ...config, showWait: [{ caller, place: 'status' }] })
  for (const caller of known.split(', ')) showing(caller)()
  expect(showing('bob')).toThrow(`FOREMAN_SHOW_WAIT names bob, which is no caller: the callers are ${known}`)
  check({ ...config, showWait: [{ place: 'status' }] })()
})
