import type { Request, Response } from 'express'
import { expect, test, vi } from 'vitest'
import type { Refusal } from '../http/refusal.ts'
import { ensureOperator, only } from './ensure-operator.ts'
import { type Role, setWho } from './roles.ts'

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

test.each<[role: Role, isLetIn: boolean]>([
  ['caller', false],
  ['viewer', true],
  ['operator', true],
])('where a viewer may look, a %s may: %s', (role, isLetIn) => {
  const response = { locals: {} } as Response
  setWho(response, { role, caller: 'ann' })
  const next = vi.fn<() => void>()
  const look = (headers: Record<string, string>) => () =>
    only('viewer')({ headers } as Request, response, next)
  const refusal = () => {
    try {
      look({})()
      return undefined
    } catch (error) {
      return (error as Refusal).status
    }
  }
  expect(refusal()).toBe(isLetIn ? undefined : 403)
  expect(next).toHaveBeenCalledTimes(isLetIn ? 1 : 0)
  expect(look({ origin: 'https://chat.example.org', host: 'gpu' })).toThrow(
    expect.objectContaining({ status: 403 }),
  )
})
