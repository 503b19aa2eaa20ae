import { expect, test } from 'vitest'
import { ensureOperator } from './ensure-operator.ts'
import type { Role } from './roles.ts'

const enter = (role: Role, headers: { origin?: string; host?: string } = {}) =>
  ensureOperator({ role, caller: 'ann' }, { host: 'gpu.local:8080', ...headers })

test('an operator is let in, as a program and on a page of foreman itself', () => {
  enter('operator')
  enter('operator', { origin: '' })
  enter('operator', { origin: 'http://gpu.local:8080' })
  enter('operator', { origin: 'https://gpu.local:8080' })
})

test.each<Role>(['caller', 'viewer'])('a %s is refused, and told which setting would help', role => {
  expect(() => enter(role)).toThrow(
    expect.objectContaining({
      status: 403,
      message: expect.stringContaining('FOREMAN_OPERATOR_TOKEN') as string,
    }),
  )
})

test.each([
  'http://localhost:3000',
  'https://chat.example.org',
  'http://gpu.local',
  'app://obsidian.md',
  'null',
])('an operator on a page of %s is refused', origin => {
  expect(() => enter('operator', { origin })).toThrow(
    expect.objectContaining({ status: 403, message: 'no page of another origin may do this' }),
  )
})
