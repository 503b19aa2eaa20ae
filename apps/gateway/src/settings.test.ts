import { expect, test } from 'vitest'
import { ensureOneCallerPerToken } from './settings.ts'

const ann = { name: 'ann', token: 'hush' }

test('a token of FOREMAN_TOKENS must not be FOREMAN_TOKEN too, and the message does not repeat it', () => {
  const check = () => ensureOneCallerPerToken({ token: 'hush', tokens: [ann] })
  expect(check).toThrow(
    expect.objectContaining({
      name: 'SettingError',
      message: expect.stringMatching(/^FOREMAN_TOKENS gives ann the token in FOREMAN_TOKEN: /) as string,
    }),
  )
  expect(check).not.toThrow(/hush/)
})

test('different tokens, and callers without a default one, can be used', () => {
  ensureOneCallerPerToken({ token: 'other', tokens: [ann] })
  ensureOneCallerPerToken({ token: undefined, tokens: [ann] })
  ensureOneCallerPerToken({ token: 'hush', tokens: [] })
})
