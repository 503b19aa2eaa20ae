import { expect, test } from 'vitest'
import { finishesOnDisconnect } from './on-disconnect.ts'

const withHeader = (value?: string) => ({
  headers: value === undefined ? {} : { 'x-foreman-on-disconnect': value },
})

test.each<[value: string | undefined, finishes: boolean]>([
  [undefined, false],
  ['cancel', false],
  ['finish', true],
])('X-Foreman-On-Disconnect: %s', (value, finishes) => {
  expect(finishesOnDisconnect(withHeader(value))).toBe(finishes)
})

test.each(['', 'Finish', 'finish, cancel', 'yes'])('%j is refused', value => {
  expect(() => finishesOnDisconnect(withHeader(value))).toThrow(expect.objectContaining({ status: 400 }))
})
