import { expect, test } from 'vitest'
import { isSameAttempt } from './same-attempt.ts'

const job = { attempt: 2 }
const last = { attempt: 2, token: 'b' }

test.each([
  ['the last attempt under its token', { attempt: 2, token: 'b' }, last, true],
  ['a claim that was lost in a crash and given again', { attempt: 2, token: 'a' }, last, false],
  ['an attempt before the last', { attempt: 1, token: 'a' }, { attempt: 1, token: null }, true],
  ['two attempts', { attempt: 1, token: 'b' }, last, false],
])('%s: is the same attempt or not', (_what, one, other, isSame) => {
  expect(isSameAttempt(one, other, job)).toBe(isSame)
  expect(isSameAttempt(other, one, job)).toBe(isSame)
})
